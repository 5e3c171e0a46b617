//! A thread, as this strategy sees it: a holder of the lock, or one that waits for it.

use std::cell::Cell;

use crate::access::Policy;
use crate::runtime::Isolate;

/// The data of an attached thread.
#[derive(Debug)]
pub struct Attached<P: Policy> {
    /// This attachment, as the lock's holder.
    pub(crate) holder: u64,
    /// Checkpoints since the lock was last given up, for [`Ticks`](crate::Ticks).
    pub(crate) checkpoints: Cell<u32>,
    /// The data that the policy's lock keeps for it.
    pub(crate) waiter: P::Waiter,
}

/// Waits for the lock and takes it.
pub(crate) fn attach<P: Policy, R: Isolate<P>>() -> Attached<P> {
    let state = R::state();
    let attached =
        Attached { holder: state.new_holder(), checkpoints: Cell::new(0), waiter: P::new_waiter() };
    P::take_first(&state.lock, &attached, || state.interval());
    attached
}

/// Waits for the lock and takes it, after a blocking region.
#[inline]
pub(crate) fn take_again<P: Policy, R: Isolate<P>>(attached: &Attached<P>) {
    let state = R::state();
    P::take_again(&state.lock, attached, || state.interval());
}

/// Gives the lock up, without waiting for anybody to take it.
#[inline]
pub(crate) fn give_up<P: Policy, R: Isolate<P>>(attached: &Attached<P>) {
    let state = R::state();
    P::give_up(&state.lock, attached, || state.interval());
}

/// Lets others in, if the policy says so.
#[inline]
pub(crate) fn checkpoint<P: Policy, R: Isolate<P>>(attached: &Attached<P>) {
    let state = R::state();
    P::checkpoint(&state.lock, attached, || state.interval());
}
