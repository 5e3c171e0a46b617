//! References that are dropped where the count must not be touched: they are queued for the next
//! holder of the lock. An object that nobody holds is destroyed at once by the thread that released
//! it last.

use keyway_object_model::{Due, ObjectPtr, Released};

use crate::access::Policy;
use crate::count;
use crate::runtime::Isolate;
use crate::strategy::GlobalLock;

/// Carries out what has been queued.
///
/// # Safety
/// - The calling thread holds the global lock.
#[inline]
pub(crate) unsafe fn drain<P: Policy, R: Isolate<P>>(due: &mut Due<GlobalLock<P, R>>) {
    let queue = &R::state().queue;
    if queue.is_filled() {
        // SAFETY: the lock is held, by the caller's duty; each entry owns the reference that it
        // releases.
        let release = |object| unsafe { count::release(object) };
        // SAFETY: the lock allows changing counts.
        unsafe { queue.drain(due, release) };
    }
}

/// Releases a reference on a thread that is not attached: at once if the lock is free, else later.
/// Never waits.
///
/// # Safety
/// - The calling thread is not attached to this runtime.
/// - The caller owns a reference, and does not use it after.
#[cold]
pub(crate) unsafe fn release_unattached<P: Policy, R: Isolate<P>>(
    object: ObjectPtr<GlobalLock<P, R>>,
    due: &mut Due<GlobalLock<P, R>>,
) -> Released {
    // SAFETY: `with_lock` runs it with the lock; the reference is the caller's.
    if let Some(released) = with_lock::<P, R, _>(|| unsafe { count::release(object) }) {
        return released;
    }
    // SAFETY: the reference is the caller's, and goes to the queue.
    unsafe { R::state().queue.push(object) };
    // Once more: the thread in whose way we were may have gone before the push. If it is only just
    // going, the entry waits for the next attach. SAFETY: `with_lock` runs it with the lock.
    match with_lock::<P, R, _>(|| unsafe { drain(due) }) {
        Some(()) => Released::DestroyDue,
        None => Released::Nothing,
    }
}

/// Runs `f` with the lock if it is free; never waits for it. `f` runs no user code. Does not count
/// as a switch: the lock is back before anybody can tell.
fn with_lock<P: Policy, R: Isolate<P>, T>(f: impl FnOnce() -> T) -> Option<T> {
    let state = R::state();
    if !P::try_take(&state.lock) {
        return None;
    }
    let result = f();
    P::give_back(&state.lock, || state.interval());
    Some(result)
}
