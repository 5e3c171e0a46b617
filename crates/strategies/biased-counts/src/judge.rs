//! What pointer types ask of a count beyond adding and taking away: is it still there, am I the only one?

use keyway_object_model::{Due, ObjectPtr, Released, Upgraded};

use crate::count;
use crate::layout::Layout;
use crate::reclaim;
use crate::strategy::BiasedCounts;
use crate::thread;
use crate::word::{Bias, MOST, NOBODY};

/// One reference more, made of a weak one, unless the last has gone.
///
/// # Safety
/// - The caller has a weak reference, which keeps the object's memory.
pub(crate) unsafe fn upgrade<L: Layout>(object: ObjectPtr<BiasedCounts<L>>, bias: Bias) -> Upgraded {
    // SAFETY: not freed, by the caller's duty.
    let words = unsafe { object.count() };
    // An attached owner counts at least one as long as it is the owner: with weak references about, it merges at the end.
    if words.own_of(bias).counted_by(bias) <= MOST {
        // SAFETY: alive: this thread counts a reference.
        let _added = unsafe { count::retain(object, bias) };
        return Upgraded::Reference;
    }
    match words.increment_unless_gone() {
        Some(true) => Upgraded::Reference,
        Some(false) => Upgraded::Abort,
        None => Upgraded::Gone,
    }
}

/// By whom an object's count can be judged.
enum Judge {
    /// By the caller, who is the attached owner and counts so many.
    Owner(i64),
    /// By anyone: it is merged.
    Anyone,
    /// By an owner who is attached and is not the caller.
    Another,
}

/// Who can judge. An object whose owner is not attached is merged on its behalf.
///
/// # Safety
/// - The caller has a reference.
unsafe fn judge<L: Layout>(object: ObjectPtr<BiasedCounts<L>>) -> Judge {
    // SAFETY: alive, by the caller's reference.
    let words = unsafe { object.count() };
    loop {
        let own = words.own();
        if own.counted_by(thread::present::<L>()) <= MOST {
            return Judge::Owner(own.count());
        }
        if words.shared().is_merged() {
            return Judge::Anyone;
        }
        if own.owner() == NOBODY {
            // Between two steps of a merge by another thread.
            keyway_sync::thread::yield_now();
            continue;
        }
        // SAFETY: the caller's duty; the owner has just been read.
        if !unsafe { reclaim::merge_for_absent(own.owner(), object) } {
            return Judge::Another;
        }
    }
}

/// Whether the caller's reference is the only one.
///
/// # Safety
/// - The caller has a reference, and no weak one is upgraded meanwhile.
pub(crate) unsafe fn is_sole<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    due: &mut Due<BiasedCounts<L>>,
) -> bool {
    // SAFETY: alive, by the caller's reference.
    let words = unsafe { object.count() };
    for drained in [false, true] {
        // SAFETY: the caller's duty.
        let judge = unsafe { judge(object) };
        let seen = words.shared_to_judge();
        match judge {
            Judge::Owner(own) if !seen.is_queued() => return own == 1 && seen.count() == 0,
            // What is queued has been released, for all that this thread knows.
            Judge::Owner(_) if !drained => thread::drain_now(due),
            // Whoever has set the mark is still on the way to the queue.
            Judge::Owner(_) | Judge::Another => return false,
            Judge::Anyone => return seen.count() == 1,
        }
    }
    false
}

/// Takes the caller's reference away if it is the only one.
///
/// # Safety
/// - The caller owns a reference, and does not use it after `true`.
pub(crate) unsafe fn try_take<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    due: &mut Due<BiasedCounts<L>>,
) -> bool {
    // SAFETY: alive, by the caller's reference.
    let words = unsafe { object.count() };
    for drained in [false, true] {
        // SAFETY: the caller's duty.
        let judge = unsafe { judge(object) };
        let seen = words.shared_to_judge();
        match judge {
            // As the owner's last release.
            Judge::Owner(1) if seen.is_untouched() => return true,
            Judge::Owner(1) if !seen.is_queued() && seen.count() == 0 => {
                // There may be weak references, which only an atomic step can tell that it is over.
                words.merge(0);
                return words.try_take_merged();
            }
            Judge::Owner(_) if seen.is_queued() && !drained => thread::drain_now(due),
            Judge::Owner(_) | Judge::Another => return false,
            Judge::Anyone => return words.try_take_merged(),
        }
    }
    false
}

/// Takes the caller's reference away, such that of all who do this exactly one is told `Destroy`; PROTOCOL.md says for which cases
/// that does not hold.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
pub(crate) unsafe fn release_to_take<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    due: &mut Due<BiasedCounts<L>>,
) -> Released {
    // SAFETY: alive, by the caller's reference.
    let words = unsafe { object.count() };
    // SAFETY: the caller's duty.
    match unsafe { judge(object) } {
        Judge::Owner(own) => {
            if own == 1 && words.shared_to_judge().is_untouched() {
                return Released::Destroy;
            }
            // From here on anybody can judge. First what is queued, which has been released before.
            words.merge(0);
            thread::drain_now(due);
            reclaim::release_merged(words)
        }
        Judge::Anyone => reclaim::release_merged(words),
        // SAFETY: the caller's duty.
        Judge::Another => unsafe { count::release_shared(object) },
    }
}
