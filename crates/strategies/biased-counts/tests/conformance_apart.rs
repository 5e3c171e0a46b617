//! Every conformance test, for `BiasedCounts<Apart>`.

use keyway_biased_counts::{Apart, BiasedCounts};
use keyway_object_model::{Ref, Thread, testing};

type S = BiasedCounts<Apart>;

keyway_conformance::suite!(S, free_threaded, {
    const HEADER_BYTES: usize = 200;
    // As the compact layout's: the words are the same.
    const FULL: u64 = (1 << 58) - 1 + (1 << 31) - 2;
    // The queue is the compact layout's, which is tested with 2^30.
    const HAND_OVERS: usize = 1 << 24;
    fn is_owner<T: 'static>(object: &Ref<T, S>, thread: &Thread<S>) -> Option<bool> {
        Some(testing::is_owner(object, thread))
    }
});
