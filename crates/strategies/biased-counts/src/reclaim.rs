//! The cases in which one part of a count reaches zero: destruction, a merge, or a hand-over to the
//! owner.

use keyway_object_model::{Due, ObjectPtr, Released, wake_soon};

use crate::bits::{NOBODY, Shared, ThreadId};
use crate::layout::Layout;
use crate::strategy::BiasedCounts;
use crate::table::{self, Bucket, Queue};
use crate::word::Words;

/// The owner releases, and it is not a plain step: the reference is the last of the `counted` ones,
/// or this thread's releases are diverted, since something is queued to it. `drain` carries out the
/// queue, and says what is owed then: how that is done is known to the caller.
///
/// # Safety
/// - The caller is the attached owner, and owns a reference, which it does not use after. It counts
///   `counted` references, and has seen `seen` in the other word.
#[inline(always)]
pub(crate) unsafe fn release_by_owner<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    counted: i64,
    seen: Shared,
    drain: impl FnOnce() -> Released,
) -> Released {
    // SAFETY: alive until the count changes, by the caller's reference.
    let words = unsafe { object.count() };
    if counted == 1 {
        if words.shared_after_last_local().is_untouched() {
            // Nobody else has a reference, nor has a queue: I4.
            return Released::Destroy;
        }
    } else if !seen.leaves_the_queue_alone(counted) {
        words.decrement_own(words.own());
        return Released::Nothing;
    }
    // SAFETY: the caller's duty.
    unsafe { merge_own(object, drain) }
}

/// The owner ends its ownership as it releases a reference: the last that it counts, or the last
/// apart from the queue's. If its queue may have an entry of the object, the queue is carried out:
/// a count of which a queue owns a part would tell no holder that its reference is the only one,
/// and afterwards nobody could say whose queue that is (I9). All of the queue, since to look for
/// the one entry each time would take a time proportional to the queue's length, for each entry.
///
/// # Safety
/// - As for [`release_by_owner`].
#[cold]
#[inline(never)]
unsafe fn merge_own<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    drain: impl FnOnce() -> Released,
) -> Released {
    // SAFETY: alive until the count changes, by the caller's reference.
    let merged = unsafe { object.count() }.merge(1);
    if merged.left == 0 {
        // Acquired by the merge itself.
        return Released::Destroy;
    }
    if merged.was_queued { drain() } else { Released::Nothing }
}

/// Ends the ownership of an object, and releases an entry's reference with it; see [`Words::merge`]
/// for the threads that may.
#[cold]
#[inline(never)]
fn merge_entry<L: Layout>(words: &Words<L>) -> Released {
    // Acquired by the merge itself.
    if words.merge(1).left == 0 { Released::Destroy } else { Released::Nothing }
}

/// A reference to a merged object is released.
#[inline]
pub(crate) fn release_merged<L: Layout>(words: &Words<L>) -> Released {
    if !words.decrement_merged() {
        return Released::Nothing;
    }
    words.acquire_all();
    Released::Destroy
}

/// Hands a reference that the owner counts over to the owner's queue; carries it out here if the
/// owner is not attached.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
/// - The caller has just marked the object as queued.
#[cold]
#[inline(never)]
pub(crate) unsafe fn hand_over<L: Layout>(object: ObjectPtr<BiasedCounts<L>>) -> Released {
    // SAFETY: alive, by the caller's reference.
    let words = unsafe { object.count() };
    match words.own().owner() {
        // SAFETY: the caller's duty.
        NOBODY => unsafe { release_orphan(object) },
        // SAFETY: the caller's duty.
        owner => unsafe { hand_over_to(owner, object) },
    }
}

/// The owner has ended its ownership since, or is about to: it has cleared `own` and not yet set
/// MERGED, perhaps. The reference is released like any other that is not the owner's; if the mark
/// is still there, that is a decrement which the merge will count.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
unsafe fn release_orphan<L: Layout>(object: ObjectPtr<BiasedCounts<L>>) -> Released {
    // SAFETY: the caller's duty.
    unsafe { crate::count::release_by_another(object) }
}

/// # Safety
/// - As for [`hand_over`].
unsafe fn hand_over_to<L: Layout>(owner: ThreadId, object: ObjectPtr<BiasedCounts<L>>) -> Released {
    let mut bucket = table::lock::<L>(owner);
    if bucket.find(owner).is_some() {
        // SAFETY: the caller's duties.
        return unsafe { hand_over_in(bucket, owner, object) };
    }
    // The owner is not attached, and cannot attach while its bucket is locked: its words are ours
    // (I2). SAFETY: the reference is the caller's, the lock is held and the owner absent.
    unsafe { release_for(object) }
}

/// As [`hand_over`], with the owner's bucket locked and the owner in it.
///
/// # Safety
/// - As for [`hand_over`].
pub(crate) unsafe fn hand_over_in<L: Layout>(
    mut bucket: Bucket<L>,
    owner: ThreadId,
    object: ObjectPtr<BiasedCounts<L>>,
) -> Released {
    // SAFETY: alive, by the caller's reference.
    if unsafe { object.count() }.own().owner() == NOBODY {
        // The owner has ended its ownership since, and may have looked into its queue already.
        drop(bucket);
        // SAFETY: the caller's duty.
        return unsafe { release_orphan(object) };
    }
    let waker = bucket.find(owner).and_then(|mut present| present.push(object));
    drop(bucket);
    match waker {
        None => Released::Nothing,
        Some(waker) => {
            wake_soon(waker);
            Released::DestroyDue
        }
    }
}

/// Ends the ownership of an object whose owner is not attached, on its behalf. False if the owner
/// is attached.
///
/// # Safety
/// - The caller has a reference.
/// - `owner` was the object's owner a moment ago.
pub(crate) unsafe fn merge_for_absent<L: Layout>(
    owner: ThreadId,
    object: ObjectPtr<BiasedCounts<L>>,
) -> bool {
    // SAFETY: alive, by the caller's reference.
    let words = unsafe { object.count() };
    let mut bucket = table::lock::<L>(owner);
    if bucket.find(owner).is_some() {
        return false;
    }
    // The owner cannot attach while its bucket is locked: its words are ours (I2), unless somebody
    // has merged them before.
    if words.own().owner() == owner {
        words.merge(0);
    }
    true
}

/// Releases a reference that the queue of an object's owner owns, on behalf of that owner.
///
/// # Safety
/// - The caller owns that reference, and does not use it after.
/// - The caller is the object's attached owner, or was it before its ownership ended, or holds the
///   lock of the owner's bucket while the owner is not in the table.
pub(crate) unsafe fn release_for<L: Layout>(object: ObjectPtr<BiasedCounts<L>>) -> Released {
    // SAFETY: alive, by the reference.
    let words = unsafe { object.count() };
    if words.own().owner() == NOBODY { release_merged(words) } else { merge_entry(words) }
}

/// Releases everything in a queue that has been taken out of the table.
///
/// # Safety
/// - The caller is the attached owner whose queue it was, or holds the lock of its bucket with the
///   owner absent.
/// - Each entry owns a reference.
pub(crate) unsafe fn release_all<L: Layout>(queue: Queue<L>, due: &mut Due<BiasedCounts<L>>) {
    for object in queue {
        // SAFETY: the caller's duties; an entry is used once.
        if unsafe { release_for(object) } == Released::Destroy {
            // SAFETY: that was the last reference.
            unsafe { due.put(object) };
        }
    }
}
