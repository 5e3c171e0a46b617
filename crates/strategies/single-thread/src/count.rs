//! Who may change a count: the OS thread that has the claim.

use keyway_object_model::{ObjectPtr, Released, Retained};

use crate::strategy::SingleThread;

/// One reference more.
///
/// # Safety
/// - The calling OS thread has the claim.
/// - The caller keeps the object alive.
#[inline]
pub(crate) unsafe fn retain(object: ObjectPtr<SingleThread>) -> Retained {
    // SAFETY: alive, by the caller's duty.
    let word = unsafe { object.count() };
    // SAFETY: the claim excludes all others (I1), and orders what they did before.
    unsafe { word.retain() }
}

/// One reference less.
///
/// # Safety
/// - The calling OS thread has the claim.
/// - The caller owns a reference, and does not use it after.
#[inline]
pub(crate) unsafe fn release(object: ObjectPtr<SingleThread>) -> Released {
    // SAFETY: alive until the count changes, by the caller's reference.
    let word = unsafe { object.count() };
    // SAFETY: the claim excludes all others (I1), and orders what they did before.
    unsafe { word.release() }
}

/// The number of references. Always exact, queued releases included.
///
/// # Safety
/// - As for [`retain`].
#[inline]
pub(crate) unsafe fn count(object: ObjectPtr<SingleThread>) -> usize {
    // SAFETY: alive, by the caller's duty.
    let word = unsafe { object.count() };
    // SAFETY: the claim excludes all others (I1).
    unsafe { word.get() }
}
