//! Every conformance test, for `BiasedCounts`.

use keyway_biased_counts::BiasedCounts;
use keyway_object_model::{Ref, Thread, testing};

keyway_conformance::suite!(BiasedCounts, free_threaded, {
    const HEADER_BYTES: usize = 24;
    // The owner's word holds 2^31 - 1 and spills into the shared one, which aborts at 2^58
    // references.
    const FULL: u64 = (1 << 58) - 1 + (1 << 31) - 2;
    const HAND_OVERS: usize = 1 << 30;
    fn is_owner<T: 'static>(object: &Ref<T, BiasedCounts>, thread: &Thread<BiasedCounts>) -> Option<bool> {
        Some(testing::is_owner(object, thread))
    }
});
