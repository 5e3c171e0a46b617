//! The questions of a holder that may have the only reference to counted memory.

use std::ptr::NonNull;

use super::weak::WeakOnes;
use super::{object, with_due};
use crate::owed::Released;
use crate::pointers::WeakCounts;

/// Whether the caller's reference is the only one, weak ones included. Destroys what turns out to
/// be due.
///
/// # Safety
/// - The caller has a reference to the object of `contents`, and keeps it.
#[must_use]
pub unsafe fn is_alone<S: WeakCounts>(contents: NonNull<u8>) -> bool {
    // SAFETY: the caller's duty.
    let object = unsafe { object::<S>(contents) };
    // Objects that become due are destroyed after the weak count is unlocked: a destructor may want
    // to make a weak reference.
    with_due(|due| {
        // SAFETY: the caller's reference, which is kept.
        let weak = unsafe { WeakOnes::of::<S>(contents) };
        let Some(_kept_out) = weak.keep_out() else { return false };
        // SAFETY: the caller's reference; there is no weak one, and none is made.
        unsafe { S::is_sole(object, due) }
    })
}

/// Takes the caller's reference away if it is the only one; see [`WeakCounts::try_take`]. Destroys
/// what turns out to be due.
///
/// # Safety
/// - The caller has a reference to the object of `contents`, and does not use it after `true`.
#[must_use]
pub unsafe fn try_take<S: WeakCounts>(contents: NonNull<u8>) -> bool {
    // SAFETY: the caller's duty.
    let object = unsafe { object::<S>(contents) };
    with_due(|due| {
        // SAFETY: the caller's reference, which is kept, or taken with the contents.
        let weak = unsafe { WeakOnes::of::<S>(contents) };
        // SAFETY: the caller's duty.
        unsafe { S::try_take(object, &weak, due) }
    })
}

/// Takes the caller's reference away; see [`WeakCounts::release_to_take`]. True if it was the last:
/// then the contents are the caller's. Destroys what turns out to be due.
///
/// # Safety
/// - The caller has a reference to the object of `contents`, and does not use it after.
#[must_use]
pub unsafe fn release_to_take<S: WeakCounts>(contents: NonNull<u8>) -> bool {
    // SAFETY: the caller's duty.
    let object = unsafe { object::<S>(contents) };
    with_due(|due| {
        // SAFETY: the caller's reference; the strategy gives it up as promised there.
        let weak = unsafe { WeakOnes::of::<S>(contents) };
        // SAFETY: the caller's duty.
        unsafe { S::release_to_take(object, &weak, due) }
    }) == Released::Destroy
}
