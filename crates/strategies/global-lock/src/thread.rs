//! What a thread is to this strategy: a holder of the lock, or one that waits for it.

use std::cell::Cell;

use crate::access::Policy;
use crate::runtime::Isolate;

/// What is kept for an attached thread.
#[derive(Debug)]
pub struct Attached {
    /// This attachment, as the lock's holder.
    pub(crate) holder: u64,
    /// Checkpoints since the lock was last given up, for [`Ticks`](crate::Ticks).
    pub(crate) checkpoints: Cell<u32>,
}

/// Waits for the lock and takes it.
pub(crate) fn attach<P: Policy, R: Isolate<P>>() -> Attached {
    let attached = Attached { holder: R::state().new_holder(), checkpoints: Cell::new(0) };
    take::<P, R>(&attached);
    attached
}

/// Waits for the lock and takes it.
#[inline]
pub(crate) fn take<P: Policy, R: Isolate<P>>(attached: &Attached) {
    let state = R::state();
    state.lock.take(attached.holder, || P::patience(state.interval()));
}

/// Gives the lock up, without waiting for anybody to take it.
#[inline]
pub(crate) fn give_up<P: Policy, R: Isolate<P>>() {
    R::state().lock.give_up();
}

/// Lets others in, if the policy says so.
#[inline]
pub(crate) fn checkpoint<P: Policy, R: Isolate<P>>(attached: &Attached) {
    let state = R::state();
    P::checkpoint(&state.lock, attached, || state.interval());
}
