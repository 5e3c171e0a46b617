//! A waiter for the global lock asks for it, and asks the next holder too if the lock went to
//! another thread. By the clock: weak memory lets a waiter of a model miss a switch, so that no
//! model tells one that restarts its patience from one that never asks again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use keyway_global_lock::testing::is_asked_for;
use keyway_global_lock::{GlobalLock, Interval};
use keyway_object_model::attach;

keyway_global_lock::runtime!(
    /// Only of this test.
    struct Asking: Interval
);
type S = GlobalLock<Interval, Asking>;

/// Longer than any switch interval here.
const PATIENCE: Duration = Duration::from_secs(20);

/// The calling thread is attached: waits until somebody asks it for the lock.
fn wait_until_asked() {
    let start = Instant::now();
    while !is_asked_for::<Interval, Asking>() {
        assert!(start.elapsed() < PATIENCE, "a thread waits, and does not ask for the lock");
        thread::sleep(Duration::from_micros(100));
    }
}

#[test]
fn a_waiter_asks_the_next_holder_too() {
    S::set_switch_interval(Duration::from_millis(1));
    // Mostly this thread attaches again before the waiter has woken up; it is what must happen
    // once.
    for _ in 0..1000 {
        let has_been = Arc::new(AtomicBool::new(false));
        let waiter = attach::<S, _>(|_| {
            let also = Arc::clone(&has_been);
            let waiter = thread::spawn(move || attach::<S, _>(|_| also.store(true, Ordering::Relaxed)));
            wait_until_asked();
            waiter
        });
        let is_passed_over = attach::<S, _>(|_| {
            let is_passed_over = !has_been.load(Ordering::Relaxed);
            if is_passed_over {
                wait_until_asked();
            }
            is_passed_over
        });
        waiter.join().expect("the waiter does not panic");
        if is_passed_over {
            return;
        }
    }
    panic!("the waiter was never passed over");
}
