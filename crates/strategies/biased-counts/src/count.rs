//! Who may change a count: the owner its plain word, all others the atomic word.

use std::hint::cold_path;

use keyway_object_model::{CountPath, Due, ObjectPtr, Released, Retained};

use crate::bits::{Bias, LAST, MOST, Shared, owners_count};
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

/// One reference more, on a thread that does not own the object, or is not attached. An immortal
/// object has no owner, so that every thread comes here.
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

/// One reference less. `bias` is that of the calling thread, which is in the table, or of nobody.
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
    let beyond_two = own.beyond_two(thread::present_to_release::<L>());
    if beyond_two <= MOST - 2 {
        words.decrement_own(own);
        return Released::Nothing;
    }
    // Here and not in a call: many an object is born, used only by its owner, and dropped. But
    // laid out of the way of the releases that are not the last.
    if beyond_two == LAST && words.shared_after_last_local().is_untouched() {
        cold_path();
        // Nobody else has a reference, nor has a queue: I4.
        return Released::Destroy;
    }
    // SAFETY: the caller's duty; `beyond_two` was computed just now.
    unsafe { release_otherwise(object, beyond_two, || thread::drain_to_owe(due)) }
}

/// A release that is not the owner's plain step, nor the end of an object that nobody else has had.
/// `beyond_two` is what [`Own::beyond_two`](crate::bits::Own::beyond_two) has said to this thread;
/// `drain` carries out its queue, and says what is owed then.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
#[inline(never)]
pub(crate) unsafe fn release_otherwise<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    beyond_two: u64,
    drain: impl FnOnce() -> Released,
) -> Released {
    // SAFETY: alive until the count changes, by the caller's reference.
    let seen = unsafe { object.count() }.shared();
    // A merged object has no owner: the commonest case asks nothing more.
    if !seen.is_merged()
        && let Some(counted) = owners_count(beyond_two)
    {
        // SAFETY: the caller's duty; the owner is told by the count, and is attached (I2).
        return unsafe { reclaim::release_by_owner(object, counted, seen, drain) };
    }
    // SAFETY: the caller's duty.
    unsafe { release_from(object, seen) }
}

/// One reference less, counted in the word that all share.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
#[inline(never)]
pub(crate) unsafe fn release_by_another<L: Layout>(object: ObjectPtr<BiasedCounts<L>>) -> Released {
    // SAFETY: alive, by the caller's reference.
    let seen = unsafe { object.count() }.shared();
    // SAFETY: the caller's duty.
    unsafe { release_from(object, seen) }
}

/// As [`release_by_another`], which has seen this in the word. An immortal object is merged from
/// its birth.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
#[inline(always)]
unsafe fn release_from<L: Layout>(object: ObjectPtr<BiasedCounts<L>>, mut seen: Shared) -> Released {
    // SAFETY: alive until the count changes or the reference is handed over, by the caller's
    // reference.
    let words = unsafe { object.count() };
    loop {
        let attempt = if seen.is_merged() {
            // SAFETY: alive, by the caller's reference.
            if unsafe { object.is_immortal() } {
                return Released::Nothing;
            }
            return reclaim::release_merged(words);
        } else if seen.count() == 0 && !seen.is_queued() {
            // The reference is one that the owner counts: only the owner can take it away, so hand
            // it over.
            match words.try_mark_queued(seen) {
                // SAFETY: the caller's duty; marked just now, only by this call.
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
    // The caller has one, even if the two parts, read at two moments, add up to none.
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
