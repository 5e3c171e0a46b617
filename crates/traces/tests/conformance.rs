//! Every conformance test, for recorded strategies: those that are free-threaded, the rules without
//! a token included, and the two kinds under which one thread at a time counts.

mod biased_counts {
    use keyway_biased_counts::BiasedCounts;
    use keyway_object_model::{Ref, Thread, testing};
    use keyway_traces::Recorded;

    type S = Recorded<BiasedCounts>;

    keyway_conformance::suite!(S, free_threaded, {
        const HEADER_BYTES: usize = 32;
        // As for the strategy itself: the owner's word spills into the shared one, which aborts at
        // 2^58 references.
        const FULL: u64 = (1 << 58) - 1 + (1 << 31) - 2;
        fn is_owner<T: 'static>(object: &Ref<T, S>, thread: &Thread<S>) -> Option<bool> {
            Some(testing::is_owner(object, thread))
        }
    });
}

mod biased_counts_apart {
    use keyway_biased_counts::{Apart, BiasedCounts};
    use keyway_traces::Recorded;

    type S = Recorded<BiasedCounts<Apart>>;

    keyway_conformance::suite!(S, free_threaded, {
        const HEADER_BYTES: usize = 264;
        const FULL: u64 = (1 << 58) - 1 + (1 << 31) - 2;
    });
}

mod atomic_counts {
    use keyway_atomic_counts::AtomicCounts;
    use keyway_traces::Recorded;

    keyway_conformance::suite!(Recorded<AtomicCounts>, free_threaded, {
        const HEADER_BYTES: usize = 24;
    });
}

mod object_locks {
    use keyway_object_locks::ObjectLocks;
    use keyway_traces::Recorded;

    keyway_conformance::suite!(Recorded<ObjectLocks>, free_threaded, {
        const HEADER_BYTES: usize = 24;
    });
}

mod group_locks {
    use keyway_group_locks::GroupLocks;
    use keyway_traces::Recorded;

    keyway_conformance::suite!(Recorded<GroupLocks>, free_threaded, {
        const HEADER_BYTES: usize = 24;
    });
}

mod global_lock {
    use std::time::Duration;

    use keyway_global_lock::{GlobalLock, Interval};
    use keyway_traces::Recorded;

    keyway_conformance::suite!(Recorded<GlobalLock<Interval>>, {
        const HEADER_BYTES: usize = 24;
        fn prepare() {
            GlobalLock::<Interval>::set_switch_interval(Duration::from_micros(50));
        }
    });
}

mod single_thread {
    use keyway_single_thread::SingleThread;
    use keyway_traces::Recorded;

    keyway_conformance::suite!(Recorded<SingleThread>, {
        const HEADER_BYTES: usize = 24;
        const KEEPS_CLAIM: bool = true;
    });
}
