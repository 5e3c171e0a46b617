//! Every conformance test, for `GlobalLock` under each policy, with a switch interval short enough
//! that threads take turns.

mod interval {
    use std::time::Duration;

    use keyway_global_lock::{GlobalLock, Interval};

    keyway_conformance::suite!(GlobalLock<Interval>, {
        fn prepare() {
            GlobalLock::<Interval>::set_switch_interval(Duration::from_micros(50));
        }
    });
}

mod ticks {
    use keyway_global_lock::{GlobalLock, Ticks};

    keyway_conformance::suite!(GlobalLock<Ticks>, {
        fn prepare() {
            GlobalLock::<Ticks>::set_switch_interval(3);
        }
    });
}

mod returning_first {
    use std::time::Duration;

    use keyway_global_lock::{GlobalLock, ReturningFirst};

    keyway_conformance::suite!(GlobalLock<ReturningFirst>, {
        fn prepare() {
            GlobalLock::<ReturningFirst>::set_switch_interval(Duration::from_micros(50));
        }
    });
}
