//! The strategy: its answers, put together.

use std::task::Waker;

use keyway_object_model::counted::WeakOnes;
use keyway_object_model::{
    Due, FreeThreaded, ObjectPtr, Released, Retained, Runtime, Strategy, Upgraded, WeakCounts,
};

use crate::access::Lock;
use crate::count;
use crate::thread::Attached;
use crate::word::Word;

/// Counts are atomic: anyone may change any count at any time. Contents have a lock each.
#[derive(Debug)]
pub enum AtomicCounts {}

static RUNTIME: Runtime = Runtime::new("atomic-counts");

// SAFETY: counting and order are argued in PROTOCOL.md, "Why it is right"; contents have an `ObjectLock`; attaching has no
// effect, since no operation relies on it; `RUNTIME` is named only here.
unsafe impl Strategy for AtomicCounts {
    type Attached = Attached;

    #[inline]
    fn runtime() -> &'static Runtime {
        &RUNTIME
    }

    fn attach(_: &mut Due<Self>) -> Attached {
        Attached
    }

    fn detach(_: &Attached, _: &mut Due<Self>) {}

    #[inline]
    fn checkpoint(_: &Attached, _: &mut Due<Self>) {}

    fn leave(_: &Attached, _: &mut Due<Self>) {}

    fn reenter(_: &Attached, _: &mut Due<Self>) {}

    /// Counting does not depend on which thread it is.
    type Id = ();

    #[inline]
    fn id(_: &Attached) {}

    type Count = Word;

    #[inline]
    fn new_count(_: (), _: &Attached) -> Word {
        Word::new()
    }

    #[inline]
    unsafe fn retain(object: ObjectPtr<Self>, _: (), _: &Attached) -> Retained {
        // SAFETY: the caller keeps the object alive.
        if unsafe { object.is_immortal() } {
            return Retained::Nothing;
        }
        // SAFETY: the caller keeps the object alive.
        count::retain(unsafe { object.count() })
    }

    #[inline]
    unsafe fn release(object: ObjectPtr<Self>, _: (), _: &Attached, _: &mut Due<Self>) -> Released {
        // SAFETY: alive, by the caller's reference.
        if unsafe { object.is_immortal() } {
            return Released::Nothing;
        }
        // SAFETY: the caller owns a reference until the decrement.
        count::release(unsafe { object.count() })
    }

    #[inline]
    unsafe fn release_unattached(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns a reference until the decrement.
        count::release(unsafe { object.count() })
    }

    #[inline]
    unsafe fn count(object: ObjectPtr<Self>, _: (), _: &Attached) -> usize {
        // SAFETY: the caller keeps the object alive.
        count::count(unsafe { object.count() })
    }

    type Lock = Lock;
}

// SAFETY: no operation relies on being attached.
unsafe impl FreeThreaded for AtomicCounts {
    #[inline]
    fn new_count_anywhere() -> Word {
        Word::new()
    }

    /// No thread is asked to release anything.
    #[inline]
    fn is_queued() -> bool {
        false
    }

    fn collect(_: &mut Due<Self>) {}

    #[inline]
    unsafe fn retain_anywhere(object: ObjectPtr<Self>) -> Retained {
        // SAFETY: the caller keeps the object alive.
        if unsafe { object.is_immortal() } {
            return Retained::Nothing;
        }
        // SAFETY: the caller keeps the object alive.
        count::retain(unsafe { object.count() })
    }

    #[inline]
    unsafe fn release_anywhere(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: alive, by the caller's reference.
        if unsafe { object.is_immortal() } {
            return Released::Nothing;
        }
        // SAFETY: the caller owns a reference until the decrement.
        count::release(unsafe { object.count() })
    }
}

// SAFETY: "once gone, gone": an upgrade adds to no count that is zero or a link, and a taken one is zero. "Alone": the one word counts
// all references, and is read with Acquire (O6, O7).
unsafe impl WeakCounts for AtomicCounts {
    fn new_count_unborn() -> Word {
        Word::unborn()
    }

    unsafe fn publish(object: ObjectPtr<Self>) {
        // SAFETY: not freed, since the caller is making it.
        unsafe { object.count() }.publish();
    }

    /// The last release is an atomic step in any case, which no upgrade can be lost in.
    #[inline]
    unsafe fn note_weak(_: ObjectPtr<Self>) {}

    #[inline]
    unsafe fn upgrade(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Upgraded {
        // SAFETY: the caller's weak reference keeps the memory.
        count::upgrade(unsafe { object.count() })
    }

    unsafe fn references(object: ObjectPtr<Self>) -> usize {
        // SAFETY: the caller keeps the memory.
        count::count(unsafe { object.count() })
    }

    unsafe fn is_sole(object: ObjectPtr<Self>, _: &mut Due<Self>) -> bool {
        // SAFETY: the caller has a reference.
        unsafe { object.count() }.is_one()
    }

    unsafe fn try_take(object: ObjectPtr<Self>, _: &WeakOnes<Self>, _: &mut Due<Self>) -> bool {
        // SAFETY: the caller has a reference.
        unsafe { object.count() }.try_take()
    }

    unsafe fn release_to_take(object: ObjectPtr<Self>, _: &WeakOnes<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns a reference until the decrement.
        count::release(unsafe { object.count() })
    }

    unsafe fn set_link(word: &Word, address: usize) {
        word.store_link(address);
    }

    unsafe fn link(word: &Word) -> usize {
        word.load_link()
    }

    fn step_aside(_: &mut Due<Self>) {}

    fn wake_when_queued(_: Option<Waker>) {}
}

#[cfg(feature = "testing")]
// SAFETY: adds to the count what so many retains would.
unsafe impl keyway_object_model::testing::NearLimit for AtomicCounts {
    const LIMIT: u64 = Word::LIMIT;

    unsafe fn leak(object: ObjectPtr<Self>, _: (), references: u64) {
        // SAFETY: the caller keeps the object alive.
        unsafe { object.count() }.leak(references);
    }
}

#[cfg(feature = "testing")]
// SAFETY: which thread it is makes no difference.
unsafe impl keyway_object_model::testing::AsAnother for AtomicCounts {}

const _: () = assert!(keyway_sync::MODELLED || keyway_object_model::header_bytes::<AtomicCounts>() == 16);
