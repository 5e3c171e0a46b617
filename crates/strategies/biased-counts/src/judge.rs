//! The questions that pointer types ask of a count beyond adding and taking away: is the object
//! still there, is my reference the only one?

use keyway_object_model::counted::WeakOnes;
use keyway_object_model::{Due, ObjectPtr, Released, Upgraded};

use crate::bits::{Bias, MOST, NOBODY, Shared, ThreadId};
use crate::count;
use crate::layout::Layout;
use crate::reclaim;
use crate::strategy::BiasedCounts;
use crate::table::{self, Present};
use crate::thread;

/// One reference more, made of a weak one, unless the last has gone.
///
/// # Safety
/// - The caller has a weak reference, which keeps the object's memory.
pub(crate) unsafe fn upgrade<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    bias: Bias,
    due: &mut Due<BiasedCounts<L>>,
) -> Upgraded {
    // SAFETY: not freed, by the caller's duty.
    let words = unsafe { object.count() };
    let is_owner = || words.own_of(bias).counted_by(bias) <= MOST;
    if is_owner() && words.shared().is_queued() {
        // What others have released may have been the last: the owner does not bring back what is
        // gone for all that it knows.
        thread::drain_for_later(due);
    }
    // An attached owner counts at least one as long as it is the owner: with weak references about,
    // it merges at the end.
    if is_owner() {
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

/// The thread that can compute an object's exact count.
enum Judge {
    /// The caller, which is the attached owner and counts this many references.
    Owner(i64),
    /// By anyone: it is merged.
    Anyone,
    /// The caller, which is not the owner, with this owner's bucket locked.
    Another(ThreadId),
}

/// Finds out which thread can compute the exact count. An object whose owner is not attached is
/// merged on its behalf.
///
/// # Safety
/// - The caller has a reference.
unsafe fn judge<L: Layout>(object: ObjectPtr<BiasedCounts<L>>) -> Judge {
    // SAFETY: alive, by the caller's reference.
    let words = unsafe { object.count() };
    let mut looks = 0;
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
            keyway_sync::thread::yield_after(&mut looks);
            continue;
        }
        // SAFETY: the caller's duty; the owner has just been read.
        if !unsafe { reclaim::merge_for_absent(own.owner(), object) } {
            return Judge::Another(own.owner());
        }
    }
}

/// The result of a look by another thread than the owner.
struct Look {
    seen: Shared,
    /// How many references there are without the queue's.
    references: i64,
    /// Where the object is in the owner's queue.
    position: Option<usize>,
}

/// Counts an object's references as another thread than its owner, which is in the table;
/// PROTOCOL.md says why that is exact. None if the ownership is ending, or has ended.
///
/// # Safety
/// - The caller has a reference, which is not the queue's.
unsafe fn look<L: Layout>(object: ObjectPtr<BiasedCounts<L>>, owner: &Present<'_, L>) -> Option<Look> {
    // SAFETY: alive, by the caller's reference.
    let words = unsafe { object.count() };
    loop {
        let seen = words.shared();
        if seen.is_merged() {
            return None;
        }
        if seen.count() > 0 && !seen.is_queued() {
            // The owner counts one more.
            return Some(Look { seen, references: seen.count() + 1, position: None });
        }
        let Some(own) = words.probe(seen) else { continue };
        if own.owner() == NOBODY {
            return None;
        }
        let position = if seen.is_queued() { owner.position(object) } else { None };
        let references = own.count() + seen.count() - i64::from(position.is_some());
        return Some(Look { seen, references, position });
    }
}

/// Whether the caller's reference is the only one. If there are weak ones, the caller sees to it
/// that none is upgraded meanwhile.
///
/// # Safety
/// - The caller has a reference, and no weak one is upgraded meanwhile.
pub(crate) unsafe fn is_sole<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    due: &mut Due<BiasedCounts<L>>,
) -> bool {
    // SAFETY: alive, by the caller's reference.
    let words = unsafe { object.count() };
    let mut drained = false;
    loop {
        // SAFETY: the caller's duty.
        let judge = unsafe { judge(object) };
        let seen = words.shared_to_judge();
        match judge {
            Judge::Owner(own) if !seen.is_queued() => return own == 1 && seen.count() == 0,
            // What is queued has been released, for all that this thread knows.
            Judge::Owner(_) if !drained => thread::drain_now(due),
            // The thread that has set the mark is still on its way to the queue.
            Judge::Owner(_) => return false,
            Judge::Anyone => return seen.count() == 1,
            Judge::Another(owner) => {
                let mut bucket = table::lock::<L>(owner);
                let look = bucket.find(owner).and_then(|present| {
                    // SAFETY: the caller's duty.
                    unsafe { look(object, &present) }
                });
                if let Some(look) = look {
                    return look.references == 1;
                }
            }
        }
        drained = matches!(judge, Judge::Owner(_));
    }
}

/// Takes the caller's reference away if it is the only one.
///
/// # Safety
/// - The caller owns a reference, and does not use it after `true`.
pub(crate) unsafe fn try_take<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    weak: &WeakOnes,
    due: &mut Due<BiasedCounts<L>>,
) -> bool {
    // SAFETY: alive, by the caller's reference.
    let words = unsafe { object.count() };
    let mut drained = false;
    loop {
        // SAFETY: the caller's duty.
        let judge = unsafe { judge(object) };
        let seen = words.shared_to_judge();
        match judge {
            // As the owner's last release.
            Judge::Owner(1) if seen.is_untouched() => return true,
            Judge::Owner(1) if !seen.is_queued() && seen.count() == 0 => {
                // There may be weak references, which only an atomic step can tell that it is over.
                if words.merge(0).was_queued {
                    // Marked since: no entry is left behind (I9).
                    thread::drain_now(due);
                }
                return words.try_take_merged();
            }
            Judge::Owner(_) if seen.is_queued() && !drained => thread::drain_now(due),
            Judge::Owner(_) => return false,
            Judge::Anyone => return words.try_take_merged(),
            Judge::Another(owner) => {
                let mut bucket = table::lock::<L>(owner);
                let Some(mut present) = bucket.find(owner) else { continue };
                // SAFETY: the caller's duty.
                if let Some(attempt) = unsafe { take(object, weak, &mut present) } {
                    return attempt.is_ok();
                }
            }
        }
        drained = matches!(judge, Judge::Owner(_));
    }
}

/// Another thread than the owner, which is in the table, takes its reference away if that is the
/// last but the queue's, and the queue's too, with its entry. Otherwise the result of its look;
/// none if the ownership is ending, or has ended.
///
/// If there may be weak references, they are kept out from before the look until the contents are
/// the caller's: the owner could make a reference of one meanwhile, in its own word. If there is
/// one, the answer is no.
///
/// # Safety
/// - The caller has a reference, which is not the queue's, and does not use it after `Ok`.
unsafe fn take<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    weak: &WeakOnes,
    owner: &mut Present<'_, L>,
) -> Option<Result<(), Look>> {
    // SAFETY: alive, by the caller's reference.
    let may_have_weak = unsafe { object.count() }.shared().is_weak();
    let kept_out = if may_have_weak { weak.keep_out() } else { None };
    // SAFETY: the caller's duty.
    let look = unsafe { look(object, owner) }?;
    if look.references != 1 || look.seen.is_weak() && kept_out.is_none() {
        return Some(Err(look));
    }
    if let Some(position) = look.position {
        owner.remove(position);
    }
    Some(Ok(()))
}

/// Takes the caller's reference away, such that of all threads that do this exactly one is told
/// `Destroy`; PROTOCOL.md says for which case that does not hold.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
pub(crate) unsafe fn release_to_take<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    weak: &WeakOnes,
    due: &mut Due<BiasedCounts<L>>,
) -> Released {
    // SAFETY: alive, by the caller's reference.
    let words = unsafe { object.count() };
    loop {
        // SAFETY: the caller's duty.
        match unsafe { judge(object) } {
            Judge::Owner(own) => {
                if own == 1 && words.shared_to_judge().is_untouched() {
                    return Released::Destroy;
                }
                // From here on any thread can compute the exact count. First the queued references,
                // which have been released before.
                words.merge(0);
                thread::drain_now(due);
                return reclaim::release_merged(words);
            }
            Judge::Anyone => return reclaim::release_merged(words),
            Judge::Another(owner) => {
                // SAFETY: the caller's duty; used once, since it is not looked at again after an
                // answer.
                if let Some(released) = unsafe { release_to_take_by_another(object, weak, owner) } {
                    return released;
                }
            }
        }
    }
}

/// One look and one step, with the owner's bucket locked: so two threads that do this do it one
/// after the other. None if the ownership is ending, or has ended, or its owner has left the table:
/// nothing has happened then.
///
/// # Safety
/// - As for [`release_to_take`], after any other answer than none.
unsafe fn release_to_take_by_another<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    weak: &WeakOnes,
    owner: ThreadId,
) -> Option<Released> {
    // SAFETY: alive, by the caller's reference.
    let words = unsafe { object.count() };
    let mut bucket = table::lock::<L>(owner);
    loop {
        let mut present = bucket.find(owner)?;
        // SAFETY: the caller's duty.
        let look = match unsafe { take(object, weak, &mut present) }? {
            Ok(()) => return Some(Released::Destroy),
            Err(look) => look,
        };
        if look.seen.count() == 0 && !look.seen.is_queued() {
            if words.try_mark_queued(look.seen).is_ok() {
                // SAFETY: the caller's duty; marked just now.
                return Some(unsafe { reclaim::hand_over_in(bucket, owner, object) });
            }
        } else if words.try_decrement_unmerged(look.seen).is_ok() {
            return Some(Released::Nothing);
        }
    }
}
