//! Who may change a count: the owner its plain word, all others the atomic word.

use std::hint::cold_path;

use keyway_object_model::{CountPath, Due, ObjectPtr, Released, Retained};

use crate::bits::{Bias, MOST};
use crate::layout::Layout;
use crate::reclaim;
use crate::strategy::BiasedCounts;
use crate::thread;
use crate::word::Words;

/// One reference more, on an attached thread.
///
/// # Safety
/// - The caller keeps the object alive.
#[inline]
pub(crate) unsafe fn retain<L: Layout>(object: ObjectPtr<BiasedCounts<L>>, bias: Bias) -> Retained {
    // SAFETY: alive, by the caller's duty.
    let words = unsafe { object.count() };
    let own = words.own_of(bias);
    let counted = own.counted_by(bias);
    if counted < MOST {
        words.increment_own(own);
        return Retained::Nothing;
    }
    cold_path();
    if counted > MOST {
        // SAFETY: the caller's duty.
        return unsafe { retain_by_another(object) };
    }
    words.spill();
    Retained::Nothing
}

/// One reference more, on a thread that does not own the object, or is not attached. An immortal object has no owner, so that every thread comes here.
///
/// # Safety
/// - The caller keeps the object alive.
#[inline]
pub(crate) unsafe fn retain_by_another<L: Layout>(object: ObjectPtr<BiasedCounts<L>>) -> Retained {
    // SAFETY: alive, by the caller's duty.
    if unsafe { object.is_immortal() } {
        return Retained::Nothing;
    }
    // SAFETY: alive, by the caller's duty.
    let words = unsafe { object.count() };
    if words.increment_shared() { Retained::Nothing } else { Retained::Abort }
}

/// One reference less, on an attached thread.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
#[inline]
pub(crate) unsafe fn release<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    bias: Bias,
    due: &mut Due<BiasedCounts<L>>,
) -> Released {
    // SAFETY: alive until the count changes, by the caller's reference.
    let words = unsafe { object.count() };
    let own = words.own_of(bias);
    let counted = own.counted_by(bias);
    if counted > MOST {
        cold_path();
        // SAFETY: the caller's duty.
        return unsafe { release_by_another(object) };
    }
    // Not cold: many an object is born, used by its owner alone, and dropped.
    if counted == 1 {
        // SAFETY: the caller's duty; the owner is told by the count, and is attached (I2).
        return unsafe { reclaim::last_local_release(object, || thread::drain_to_owe(due)) };
    }
    words.decrement_own(own);
    Released::Nothing
}

/// One reference less, on a thread that does not own the object, or is not attached.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
#[inline]
pub(crate) unsafe fn release_by_another<L: Layout>(object: ObjectPtr<BiasedCounts<L>>) -> Released {
    // SAFETY: alive, by the caller's reference.
    if unsafe { object.is_immortal() } {
        return Released::Nothing;
    }
    // SAFETY: the caller's duty.
    unsafe { release_shared(object) }
}

/// As [`release_by_another`], of an object that is not immortal.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
#[inline(never)]
pub(crate) unsafe fn release_shared<L: Layout>(object: ObjectPtr<BiasedCounts<L>>) -> Released {
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
pub(crate) fn count<L: Layout>(words: &Words<L>) -> usize {
    let (local, shared) = words.counts();
    // The caller has one, whatever the two parts say at two moments.
    usize::try_from(local + shared).unwrap_or(0).max(1)
}

/// Where the next change by a thread of this bias would go, if nobody else comes first.
pub(crate) fn path<L: Layout>(words: &Words<L>, bias: Bias) -> CountPath {
    let shared = words.shared();
    if words.own().counted_by(bias) <= MOST {
        CountPath::Owner
    } else if shared.is_merged() {
        CountPath::Merged
    } else if shared.count() == 0 && !shared.is_queued() {
        CountPath::HandOver
    } else {
        CountPath::Remote
    }
}
