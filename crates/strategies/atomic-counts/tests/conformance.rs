//! Every conformance test, for `AtomicCounts`.

use keyway_atomic_counts::AtomicCounts;

keyway_conformance::suite!(AtomicCounts, free_threaded);
