//! Every conformance test, for recorded strategies: one that has owners and queues, one with locks in every object, and the two under which
//! one thread at a time counts.

mod biased_counts {
    use keyway_biased_counts::BiasedCounts;
    use keyway_traces::Recorded;

    keyway_conformance::suite!(Recorded<BiasedCounts>, {
        const HEADER_BYTES: usize = 32;
        // As for the strategy itself: the owner's word spills into the shared one, which aborts at 2^58 references.
        const FULL: u64 = (1 << 58) - 1 + (1 << 31) - 2;
    });
}

mod atomic_counts {
    use keyway_atomic_counts::AtomicCounts;
    use keyway_traces::Recorded;

    keyway_conformance::suite!(Recorded<AtomicCounts>, {
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
