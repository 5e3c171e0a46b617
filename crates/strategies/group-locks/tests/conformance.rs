//! Every conformance test, for `GroupLocks`.

use keyway_group_locks::GroupLocks;

keyway_conformance::suite!(GroupLocks, free_threaded);
