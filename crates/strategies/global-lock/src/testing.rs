//! Access to the lock for tests.

use crate::access::{Policy, ReturningFirst};
use crate::runtime::Isolate;

/// Whether a waiter has asked the holder to hand the lock over. Final until the lock changes hands,
/// if the calling thread holds it.
pub fn is_asked_for<P: Policy, R: Isolate<P>>() -> bool {
    P::is_asked_for(&R::state().lock)
}

/// How many threads stand in the queue of [`ReturningFirst`].
pub fn queued<R: Isolate<ReturningFirst>>() -> usize {
    R::state().lock.queued()
}
