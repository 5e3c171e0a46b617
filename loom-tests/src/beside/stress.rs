//! Scenarios with threads of the operating system.

use std::time::Duration;

use keyway_sync::atomic::{AtomicU64, Ordering};
use keyway_sync::thread::{self, JoinHandle};

/// How often each scenario is run if nothing else is said: seconds for all of them.
const USUAL: u64 = 15;

/// The longest spin of [`linger`], in turns of the loop; about the time that a thread takes to
/// start.
const LONGEST: u32 = 1_000;

/// Threads of scenarios that have started in this process.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// As for loom. There is no bound, and the number of iterations ends the run, not the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) bound: Option<usize>,
    pub(crate) time: Duration,
}

/// As for loom.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub(crate) struct Explored {
    pub(crate) iterations: u64,
    pub(crate) complete: bool,
}

/// Runs the program as often as the environment says.
pub(crate) fn explore(_: Limits, program: impl Fn() + Send + Sync + 'static) -> Explored {
    let (program, iterations) = (super::crowd(program), super::iterations(USUAL));
    for _ in 0..iterations {
        program();
    }
    Explored { iterations, complete: true }
}

/// Starts a thread, and waits until it has started: otherwise most threads would come when the one
/// that starts them has done its part.
///
/// Only Relaxed accesses: they do not order the next steps of the two threads, so that no race is
/// hidden from a sanitizer.
pub(crate) fn spawn<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let before = STARTED.load(Ordering::Relaxed);
    let handle = thread::spawn(move || {
        STARTED.fetch_add(1, Ordering::Relaxed);
        linger();
        f()
    });
    while STARTED.load(Ordering::Relaxed) == before {
        thread::yield_now();
    }
    linger();
    handle
}

/// Lets a short time pass, often none: so that the threads contend at another place each time.
fn linger() {
    for _ in 0..fastrand::u32(0..LONGEST).saturating_sub(LONGEST / 4) {
        std::hint::spin_loop();
    }
}

/// Does nothing: here waits expire by the clock.
pub(crate) fn expire_next(_: u32) {}

/// Does nothing: here the system wakes for nothing, or does not.
pub(crate) fn wake_next(_: u32) {}
