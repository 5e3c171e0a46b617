//! Weak references to counted memory.

use std::ptr::NonNull;

use super::weak_count::WeakCount;
use super::{object, weak};
use crate::destruction::Due;
use crate::fatal::fatal;
use crate::owed::Retained;
use crate::pointers::{Upgraded, WeakCounts};
use crate::wakes;

/// Adds a weak reference.
///
/// # Aborts
/// If there are more than 2^63.
///
/// # Safety
/// - The caller has a reference to the object of `contents`.
pub unsafe fn downgrade<S: WeakCounts>(contents: NonNull<u8>) {
    // SAFETY: the caller's duty.
    let object = unsafe { object::<S>(contents) };
    // SAFETY: the caller's duty.
    unsafe { S::note_weak(object) };
    // SAFETY: not freed, by the caller's reference.
    if !unsafe { weak::<S>(contents) }.increment_from_reference() {
        too_many_weak();
    }
}

/// Makes one more weak reference out of one.
///
/// # Aborts
/// If there are more than 2^63.
///
/// # Safety
/// - The caller has a weak reference to the object of `contents`.
pub unsafe fn clone_weak<S: WeakCounts>(contents: NonNull<u8>) {
    // SAFETY: not freed, by the caller's weak reference.
    if !unsafe { weak::<S>(contents) }.increment() {
        too_many_weak();
    }
}

#[cold]
fn too_many_weak() -> ! {
    fatal(format_args!("a count of weak references has overflowed"))
}

/// Takes a weak reference away, and frees the memory if it was the last and there is no reference.
///
/// # Safety
/// - The caller has a weak reference to the object of `contents`, and does not use it after.
pub unsafe fn release_weak<S: WeakCounts>(contents: NonNull<u8>) {
    // SAFETY: not freed, by the caller's weak reference.
    if !unsafe { weak::<S>(contents) }.decrement() {
        return;
    }
    // SAFETY: not freed yet.
    let object = unsafe { object::<S>(contents) };
    // SAFETY: as above.
    let shape = unsafe { object.descriptor() };
    // SAFETY: that was the last of all.
    unsafe { (shape.free)(object.prefix()) };
}

/// Makes a reference out of a weak one, unless the last reference has gone.
///
/// # Aborts
/// As a retain does.
///
/// # Safety
/// - The caller has a weak reference to the object of `contents`.
#[must_use]
pub unsafe fn upgrade<S: WeakCounts>(contents: NonNull<u8>) -> bool {
    // SAFETY: the caller's duty.
    let object = unsafe { object::<S>(contents) };
    // SAFETY: the caller's duty.
    let upgraded = unsafe { S::upgrade(object, &mut Due::new()) };
    // The reference, if there is one, is counted: whatever the user's code does here, it stays the
    // caller's. No destructor runs.
    wakes::run();
    match upgraded {
        Upgraded::Reference => true,
        Upgraded::Gone => false,
        Upgraded::Abort => {
            // SAFETY: the caller keeps the memory.
            unsafe { Retained::Abort.settle(object) };
            false
        }
    }
}

/// The number of weak references, as well as can be told.
///
/// # Safety
/// - The caller has a reference to the object of `contents`, or a weak one.
pub unsafe fn weak_references<S: WeakCounts>(contents: NonNull<u8>) -> usize {
    // SAFETY: not freed, by the caller's duty.
    let count = unsafe { weak::<S>(contents) }.get();
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// The weak references to an object, as a strategy sees them that is asked for the contents.
#[derive(Debug)]
pub struct WeakOnes(NonNull<WeakCount>);

impl WeakOnes {
    /// # Safety
    /// - The object of `contents` is not freed while this is used: the caller has a reference to
    ///   it, and gives that up only while nothing is [kept out](Self::keep_out), or takes the
    ///   contents with it.
    pub(super) unsafe fn of<S: WeakCounts>(contents: NonNull<u8>) -> Self {
        // SAFETY: not freed, by the caller's duty.
        WeakOnes(NonNull::from(unsafe { weak::<S>(contents) }))
    }

    /// If the object has no weak reference, none is made while the result lives: a thread that
    /// tries to make one waits. None if it has one. Never waits.
    #[must_use]
    pub fn keep_out(&self) -> Option<KeptOut<'_>> {
        // SAFETY: not freed, as `of` was promised.
        let is_locked = unsafe { self.0.as_ref() }.try_lock();
        is_locked.then(|| KeptOut(self))
    }
}

/// See [`WeakOnes::keep_out`].
#[derive(Debug)]
pub struct KeptOut<'a>(&'a WeakOnes);

impl Drop for KeptOut<'_> {
    fn drop(&mut self) {
        // SAFETY: not freed, as `WeakOnes::of` was promised. The word is locked by `keep_out`.
        unsafe { self.0.0.as_ref() }.unlock();
    }
}
