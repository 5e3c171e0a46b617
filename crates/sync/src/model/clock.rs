//! The models' clock: time passes when a timed wait expires, and when the program says so.

use loom::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

loom::lazy_static! {
    static ref NOW: AtomicU64 = AtomicU64::new(0);
}

/// Nanoseconds since the iteration began.
///
/// Relaxed, as two threads' readings of a clock order nothing; a reading may be an old one, so what
/// compares them must allow for that.
#[track_caller]
pub fn now() -> u64 {
    NOW.load(Ordering::Relaxed)
}

/// Lets time pass, for all threads.
#[track_caller]
pub fn pass(time: Duration) {
    NOW.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
}
