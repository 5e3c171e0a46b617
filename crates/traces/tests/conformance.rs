//! Every conformance test, for a recorded strategy that has owners and queues.

use keyway_biased_counts::BiasedCounts;
use keyway_traces::Recorded;

keyway_conformance::suite!(Recorded<BiasedCounts>, {
    const HEADER_BYTES: usize = 32;
    // As for the strategy itself: the owner's word spills into the shared one, which aborts at 2^59 references.
    const FULL: u64 = (1 << 59) - 1 + (1 << 31) - 2;
});
