//! Who may change a count: the owner its plain word, all others the atomic word.

use keyway_object_model::{ObjectPtr, Released, Retained};

use crate::reclaim;
use crate::strategy::BiasedCounts;
use crate::thread::Attached;
use crate::word::Words;

/// One reference more, on an attached thread.
#[inline]
pub(crate) fn retain(words: &Words, attached: &Attached) -> Retained {
    if words.owner() != attached.id {
        return retain_by_another(words);
    }
    words.increment_local();
    Retained::Nothing
}

/// [`retain_shared`], out of the owner's way: the call is nothing beside the locked instruction.
#[cold]
fn retain_by_another(words: &Words) -> Retained {
    retain_shared(words)
}

/// One reference more, on a thread that does not own the object.
#[inline]
pub(crate) fn retain_shared(words: &Words) -> Retained {
    if words.increment_shared() { Retained::Nothing } else { Retained::Abort }
}

/// One reference less, on an attached thread.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
#[inline]
pub(crate) unsafe fn release(object: ObjectPtr<BiasedCounts>, attached: &Attached) -> Released {
    // SAFETY: alive until the count changes, by the caller's reference.
    let words = unsafe { object.count() };
    if words.owner() != attached.id {
        // SAFETY: the caller's duty.
        return unsafe { release_shared(object) };
    }
    if words.decrement_local() { Released::Nothing } else { reclaim::last_local_release(words) }
}

/// One reference less, on a thread that does not own the object, or is not attached.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
pub(crate) unsafe fn release_shared(object: ObjectPtr<BiasedCounts>) -> Released {
    // SAFETY: alive until the count changes or the reference is handed over, by the caller's reference.
    let words = unsafe { object.count() };
    let mut seen = words.shared();
    loop {
        let attempt = if seen.is_merged() {
            return reclaim::release_merged(words);
        } else if seen.count() == 0 && !seen.is_queued() {
            // The reference is one that the owner counts: only the owner can take it away, so hand it over.
            match words.try_mark_queued(seen) {
                // SAFETY: the caller's duty; marked just now, by this call alone.
                Ok(()) => return unsafe { reclaim::hand_over(object) },
                Err(now) => Err(now),
            }
        } else {
            words.try_decrement_unmerged(seen)
        };
        match attempt {
            Ok(()) => return Released::Nothing,
            Err(now) => seen = now,
        }
    }
}

/// The number of references, as seen by an attached thread.
pub(crate) fn count(words: &Words) -> usize {
    let (local, shared) = words.counts();
    // The caller has one, whatever the two parts say at two moments.
    usize::try_from(i64::from(local) + shared).unwrap_or(0).max(1)
}
