//! Several runtimes in one process, each with a lock of its own.

use std::sync::mpsc;
use std::thread;

use keyway_global_lock::{GlobalLock, Interval, Ticks};
use keyway_object_model::{Strategy, attach, try_attach};

keyway_global_lock::runtime!(
    /// A second runtime, under both policies.
    struct Plugin: Interval, Ticks
);

/// A thread holds the lock of `A` until a thread of `B`, and then one of `A` itself, has said that
/// it is there.
fn run_side_by_side<A: Strategy, B: Strategy>() {
    assert!(!std::ptr::eq(A::runtime(), B::runtime()));
    let (arrived, arrivals) = mpsc::channel();
    thread::scope(|scope| {
        let waiting = attach::<A, _>(|_| {
            let also = arrived.clone();
            scope.spawn(move || attach::<B, _>(|_| arrived.send("other runtime")));
            assert_eq!(arrivals.recv(), Ok("other runtime"), "attached while this one is");
            let waiting = scope.spawn(move || attach::<A, _>(|_| also.send("same runtime")));
            thread::yield_now();
            assert!(arrivals.try_recv().is_err(), "the same lock is held");
            waiting
        });
        waiting.join().expect("it does not panic").expect("the test receives");
        assert_eq!(arrivals.recv(), Ok("same runtime"));
    });
}

#[test]
fn a_held_lock_holds_up_its_own_runtime_only() {
    run_side_by_side::<GlobalLock<Interval>, GlobalLock<Interval, Plugin>>();
    run_side_by_side::<GlobalLock<Ticks, Plugin>, GlobalLock<Ticks>>();
}

#[test]
fn policies_under_one_name_are_runtimes_of_their_own() {
    run_side_by_side::<GlobalLock<Interval, Plugin>, GlobalLock<Ticks, Plugin>>();
    run_side_by_side::<GlobalLock<Interval>, GlobalLock<Ticks>>();
}

#[test]
fn an_os_thread_is_in_one_of_them_at_a_time() {
    attach::<GlobalLock<Interval>, _>(|thread| {
        assert!(try_attach::<GlobalLock<Interval, Plugin>, _>(|_| ()).is_err());
        let object = thread.alloc(7);
        thread.blocking(|| {
            // To the other runtime this is a thread like any that is not attached.
            attach::<GlobalLock<Interval, Plugin>, _>(|plugin| {
                let theirs = plugin.alloc(object);
                assert_eq!(**theirs, 7);
                theirs.release(plugin);
            });
        });
    });
}

#[test]
fn switch_intervals_are_set_apart() {
    GlobalLock::<Ticks, Plugin>::set_switch_interval(7);
    assert_eq!(GlobalLock::<Ticks, Plugin>::switch_interval(), 7);
    assert_eq!(GlobalLock::<Ticks>::switch_interval(), 100);
}
