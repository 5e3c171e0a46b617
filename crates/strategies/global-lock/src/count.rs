//! Who may change a count: the thread that holds the global lock.

use keyway_object_model::{ObjectPtr, Released, Retained};

use crate::access::Policy;
use crate::runtime::Isolate;
use crate::strategy::GlobalLock;

/// One reference more.
///
/// # Safety
/// - The calling thread holds the global lock.
/// - The caller keeps the object alive.
#[inline]
pub(crate) unsafe fn retain<P: Policy, R: Isolate<P>>(object: ObjectPtr<GlobalLock<P, R>>) -> Retained {
    // SAFETY: alive, by the caller's duty.
    let word = unsafe { object.count() };
    // SAFETY: the lock excludes all others (I1), and orders what they did before.
    unsafe { word.retain() }
}

/// One reference less.
///
/// # Safety
/// - The calling thread holds the global lock.
/// - The caller owns a reference, and does not use it after.
#[inline]
pub(crate) unsafe fn release<P: Policy, R: Isolate<P>>(object: ObjectPtr<GlobalLock<P, R>>) -> Released {
    // SAFETY: alive until the count changes, by the caller's reference.
    let word = unsafe { object.count() };
    // SAFETY: the lock excludes all others (I1), and orders what they did before.
    unsafe { word.release() }
}

/// The number of references. Always exact, queued releases included.
///
/// # Safety
/// - As for [`retain`].
#[inline]
pub(crate) unsafe fn count<P: Policy, R: Isolate<P>>(object: ObjectPtr<GlobalLock<P, R>>) -> usize {
    // SAFETY: alive, by the caller's duty.
    let word = unsafe { object.count() };
    // SAFETY: the lock excludes all others (I1).
    unsafe { word.get() }
}
