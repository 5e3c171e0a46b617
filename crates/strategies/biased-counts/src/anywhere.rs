//! Who may change a count, asked on a thread that brings no token along: a thread-local says by
//! what it is told from an owner.
//!
//! The same as in `count`, for the case that it is the owner in as few instructions as a pointer
//! without a runtime can have; everything else is one call.

use std::hint::cold_path;

use keyway_object_model::{ObjectPtr, Released, Retained, counted};

use crate::bits::{LAST, MOST};
use crate::count;
use crate::layout::Layout;
use crate::strategy::BiasedCounts;
use crate::thread;

/// One reference more.
///
/// # Safety
/// - The caller keeps the object alive.
#[inline]
pub(crate) unsafe fn retain<L: Layout>(object: ObjectPtr<BiasedCounts<L>>) -> Retained {
    // SAFETY: the caller's duty.
    let words = unsafe { object.count() };
    let bias = thread::present::<L>();
    let own = words.own_of(bias);
    let counted = own.counted_by(bias);
    if counted < MOST {
        words.increment_own(own);
        return Retained::Nothing;
    }
    // SAFETY: the caller's duty.
    unsafe { retain_otherwise(object, counted) }
}

/// Is told what is counted: a locked instruction would wait for a second look at the word.
///
/// # Safety
/// - The caller keeps the object alive.
#[cold]
#[inline(never)]
unsafe fn retain_otherwise<L: Layout>(object: ObjectPtr<BiasedCounts<L>>, counted: u64) -> Retained {
    if counted > MOST {
        // SAFETY: the caller's duty.
        return unsafe { count::retain_by_another(object) };
    }
    // SAFETY: the caller's duty.
    unsafe { object.count() }.spill();
    Retained::Nothing
}

/// One reference less; `end` is called, and last, if anything is owed then.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
#[inline(always)]
pub(crate) unsafe fn release_then<L: Layout>(object: ObjectPtr<BiasedCounts<L>>, end: impl FnOnce(Released)) {
    // SAFETY: alive until the count changes, by the caller's reference.
    let words = unsafe { object.count() };
    let own = words.own_of(thread::present::<L>());
    let beyond_two = own.beyond_two(thread::present_to_release::<L>());
    if beyond_two <= MOST - 2 {
        words.decrement_own(own);
        return;
    }
    // The end of an object that no other thread has had. Not a call, which would be a third of the
    // cost of an object apart from its memory; but laid out of the way of the releases that are not
    // the last.
    if beyond_two == LAST && words.shared_after_last_local().is_untouched() {
        cold_path();
        return end(Released::Destroy);
    }
    // SAFETY: the caller's duty.
    unsafe { release_otherwise(object, beyond_two, end) };
}

/// # Safety
/// - As for [`release_then`].
#[cold]
#[inline(never)]
unsafe fn release_otherwise<L: Layout>(
    object: ObjectPtr<BiasedCounts<L>>,
    beyond_two: u64,
    end: impl FnOnce(Released),
) {
    // SAFETY: the caller's duty.
    let released = unsafe { count::release_otherwise(object, beyond_two, collect::<L>) };
    if released != Released::Nothing {
        end(released);
    }
}

/// Carries out this thread's queue; objects that are due then are owed. A `Due` handed down from
/// the caller would be a register more on the path of every release.
fn collect<L: Layout>() -> Released {
    counted::collect_to_owe::<BiasedCounts<L>>()
}
