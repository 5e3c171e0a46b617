//! The strategy: its answers, put together.

use std::marker::PhantomData;

use keyway_object_model::{Due, FreeThreaded, ObjectPtr, Released, Retained, Runtime, Strategy};

use crate::access::GroupLock;
use crate::count;
use crate::runtime::{Main, Tables};
use crate::thread::Attached;
use crate::word::Word;

/// Two fixed tables of locks, onto which objects are hashed by address: one for counts, one for contents. `T` says which runtime
/// it is, and how many locks its tables have.
#[derive(Debug)]
pub struct GroupLocks<T = Main> {
    _marker: PhantomData<T>,
}

// SAFETY: counting and order are argued in PROTOCOL.md, "Why it is right"; contents have a `GroupLock`, which keeps its contract;
// attaching has no effect, since no operation relies on it; `Tables` promises that the runtime is this type's alone.
unsafe impl<T: Tables> Strategy for GroupLocks<T> {
    type Attached = Attached;

    #[inline]
    fn runtime() -> &'static Runtime {
        T::runtime()
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
        count::retain::<T>(unsafe { object.count() })
    }

    #[inline]
    unsafe fn release(object: ObjectPtr<Self>, _: (), _: &Attached, _: &mut Due<Self>) -> Released {
        // SAFETY: alive, by the caller's reference.
        if unsafe { object.is_immortal() } {
            return Released::Nothing;
        }
        // SAFETY: the caller owns a reference until the count lock is given up.
        let word = unsafe { object.count() };
        // SAFETY: as above.
        unsafe { count::release::<T>(word) }
    }

    #[inline]
    unsafe fn release_unattached(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns a reference until the count lock is given up.
        let word = unsafe { object.count() };
        // SAFETY: as above.
        unsafe { count::release::<T>(word) }
    }

    #[inline]
    unsafe fn count(object: ObjectPtr<Self>, _: (), _: &Attached) -> usize {
        // SAFETY: the caller keeps the object alive.
        count::count::<T>(unsafe { object.count() })
    }

    type Lock = GroupLock<T>;
}

// SAFETY: no operation relies on being attached.
unsafe impl<T: Tables> FreeThreaded for GroupLocks<T> {
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
        count::retain::<T>(unsafe { object.count() })
    }

    #[inline]
    unsafe fn release_anywhere(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: alive, by the caller's reference.
        if unsafe { object.is_immortal() } {
            return Released::Nothing;
        }
        // SAFETY: the caller owns a reference until the count lock is given up.
        let word = unsafe { object.count() };
        // SAFETY: as above.
        unsafe { count::release::<T>(word) }
    }
}

#[cfg(feature = "testing")]
// SAFETY: adds to the count what so many retains would.
unsafe impl<T: Tables> keyway_object_model::testing::NearLimit for GroupLocks<T> {
    const LIMIT: u64 = u64::MAX;

    unsafe fn leak(object: ObjectPtr<Self>, _: (), references: u64) {
        // SAFETY: the caller keeps the object alive.
        let word = unsafe { object.count() };
        // SAFETY: the group's lock excludes all others.
        word.with_count::<T, _>(|count| unsafe { count.leak(references) });
    }
}

#[cfg(feature = "testing")]
// SAFETY: which thread it is makes no difference.
unsafe impl<T: Tables> keyway_object_model::testing::AsAnother for GroupLocks<T> {}

const _: () = assert!(keyway_sync::MODELLED || keyway_object_model::header_bytes::<GroupLocks>() == 16);
const _: () =
    assert!(keyway_sync::MODELLED || size_of::<keyway_object_model::Guarded<u64, GroupLocks>>() == 8);
