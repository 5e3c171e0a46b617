//! A process forks while another thread attaches to a runtime that nobody has used before. The
//! child may use that runtime.
#![cfg(unix)]

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{sleep, spawn};
use std::time::Duration;

use keyway_conformance::forks::in_child;
use keyway_global_lock::{GlobalLock, Interval, ReturningFirst, Ticks};
use keyway_object_model::{Strategy, attach};

keyway_global_lock::runtime!(struct Used: Interval);
keyway_global_lock::runtime!(struct New: Interval, Ticks, ReturningFirst);

/// Whether the thread that forks has passed the handlers of the runtimes.
static FORKS: AtomicBool = AtomicBool::new(false);

/// While a thread is in its fork, lets another one come as far as it gets.
extern "C" fn take_time() {
    FORKS.store(true, Ordering::Relaxed);
    sleep(Duration::from_millis(100));
}

/// Forks while another thread is in its first attach under `S`.
fn fork_beside_first_attach<S: Strategy>() {
    FORKS.store(false, Ordering::Relaxed);
    let ready = &*Box::leak(Box::new(Barrier::new(2)));
    let other = spawn(|| {
        ready.wait();
        while !FORKS.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(1));
        }
        attach::<S, _>(|_| ());
    });
    ready.wait();
    let ended = in_child(|| attach::<S, _>(|_| ()));
    assert!(ended.status.success(), "{}: {:?}, {}", S::runtime().id, ended.status, ended.said);
    other.join().expect("its attach ends");
    attach::<S, _>(|_| ());
}

#[test]
fn a_child_may_use_a_runtime_that_was_new() {
    // Registered before the runtimes' own handlers, so it is called after those.
    // SAFETY: the function stays as long as the program, and may be called by any thread that
    // forks.
    let failed = unsafe { libc::pthread_atfork(Some(take_time), None, None) };
    assert_eq!(failed, 0, "room for a handler");
    // From here on a fork is noticed.
    attach::<GlobalLock<Interval, Used>, _>(|_| ());
    fork_beside_first_attach::<GlobalLock<Interval, New>>();
    fork_beside_first_attach::<GlobalLock<Ticks, New>>();
    fork_beside_first_attach::<GlobalLock<ReturningFirst, New>>();
}
