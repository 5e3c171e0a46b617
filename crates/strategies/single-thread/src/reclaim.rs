//! References that are dropped where the count must not be touched: they are queued for the thread
//! that has the claim next. An object that nobody holds is destroyed at once by the thread that
//! released it last.

use keyway_object_model::{Due, ObjectPtr, ReleaseQueue, Released};

use crate::count;
use crate::strategy::SingleThread;
use crate::thread;

keyway_sync::global! {
    static QUEUE: ReleaseQueue<SingleThread> = ReleaseQueue::new();
}

/// Carries out what has been queued.
///
/// # Safety
/// - The calling OS thread has the claim.
#[inline]
pub(crate) unsafe fn drain(due: &mut Due<SingleThread>) {
    if QUEUE.is_filled() {
        // SAFETY: claimed, by the caller's duty; each entry owns the reference that it releases.
        let release = |object| unsafe { count::release(object) };
        // SAFETY: the claim allows changing counts.
        unsafe { QUEUE.drain(due, release) };
    }
}

/// Releases a reference on an OS thread that is not attached: at once if it has the claim or can
/// have it, else later.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
#[cold]
pub(crate) unsafe fn release_unattached(
    object: ObjectPtr<SingleThread>,
    due: &mut Due<SingleThread>,
) -> Released {
    // SAFETY: `with_claim` runs it with the claim; the reference is the caller's.
    if let Some(released) = thread::with_claim(|| unsafe { count::release(object) }) {
        return released;
    }
    // SAFETY: the reference is the caller's, and goes to the queue.
    unsafe { QUEUE.push(object) };
    // Once more: the thread in whose way we were may have gone before the push. If it is only just
    // going, the entry waits for the next attach. SAFETY: `with_claim` runs it with the claim.
    match thread::with_claim(|| unsafe { drain(due) }) {
        Some(()) => Released::DestroyDue,
        None => Released::Nothing,
    }
}
