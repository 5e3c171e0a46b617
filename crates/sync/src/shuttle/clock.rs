//! The models' clock: time passes when a timed wait expires, and when the program says so.

use std::time::Duration;

use shuttle::sync::atomic::{AtomicU64, Ordering};

crate::global! {
    static NOW: AtomicU64 = AtomicU64::new(0);
}

/// Nanoseconds since the run began.
pub fn now() -> u64 {
    NOW.load(Ordering::SeqCst)
}

/// Lets time pass, for all threads.
pub fn pass(time: Duration) {
    NOW.fetch_add(time.as_nanos() as u64, Ordering::SeqCst);
}
