//! The strategy: its answers, put together.

use keyway_object_model::{Due, FreeThreaded, ObjectPtr, Released, Retained, Runtime, Strategy};

use crate::access::Lock;
use crate::count;
use crate::thread::Attached;
use crate::word::Word;

/// Two locks in each object: one for its count, one for its contents.
#[derive(Debug)]
pub enum ObjectLocks {}

static RUNTIME: Runtime = Runtime::new("object-locks");

// SAFETY: counting and order are argued in PROTOCOL.md, "Why it is right"; contents have an `ObjectLock`; attaching has no
// effect, since no operation relies on it; `RUNTIME` is named only here.
unsafe impl Strategy for ObjectLocks {
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
        // SAFETY: the caller owns a reference until the count lock is given up.
        count::release(unsafe { object.count() })
    }

    #[inline]
    unsafe fn release_unattached(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns a reference until the count lock is given up.
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
unsafe impl FreeThreaded for ObjectLocks {
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

#[cfg(feature = "testing")]
// SAFETY: adds to the count what so many retains would.
unsafe impl keyway_object_model::testing::NearLimit for ObjectLocks {
    const LIMIT: u64 = u32::MAX as u64;

    unsafe fn leak(object: ObjectPtr<Self>, _: (), references: u64) {
        // SAFETY: the caller keeps the object alive.
        let word = unsafe { object.count() };
        let references = u32::try_from(references).unwrap_or(u32::MAX);
        let leaked = word.with_count(|count| count.checked_add(references).map(|sum| *count = sum));
        leaked.expect("more references than the word can hold");
    }
}

#[cfg(feature = "testing")]
// SAFETY: which thread it is makes no difference.
unsafe impl keyway_object_model::testing::AsAnother for ObjectLocks {}

const _: () = assert!(keyway_sync::MODELLED || keyway_object_model::header_bytes::<ObjectLocks>() == 16);
