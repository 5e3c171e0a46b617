//! The strategy: its answers, put together.

use keyway_object_model::{Due, FreeThreaded, ObjectPtr, Released, Retained, Runtime, Strategy};

use crate::access::Lock;
use crate::count;
use crate::thread::{self, Attached};
use crate::word::Words;

/// Counts are biased: the thread that made an object counts in a plain word, all others in an atomic one. Contents have a
/// lock each.
#[derive(Debug)]
pub enum BiasedCounts {}

static RUNTIME: Runtime = Runtime { id: "biased-counts" };

// SAFETY: counting and order are argued in PROTOCOL.md, "Why it is right"; contents have an `ObjectLock`; attaching enters the
// table and detaching leaves it, on which I2 rests; `RUNTIME` is named only here.
unsafe impl Strategy for BiasedCounts {
    type Attached = Attached;

    #[inline]
    fn runtime() -> &'static Runtime {
        &RUNTIME
    }

    fn attach(_: &mut Due<Self>) -> Attached {
        thread::attach()
    }

    fn detach(attached: &Attached, due: &mut Due<Self>) {
        thread::leave_table(attached, due);
    }

    #[inline]
    fn checkpoint(attached: &Attached, due: &mut Due<Self>) {
        thread::drain(attached, due);
    }

    fn leave(attached: &Attached, due: &mut Due<Self>) {
        thread::leave_table(attached, due);
    }

    fn reenter(attached: &Attached, _: &mut Due<Self>) {
        thread::enter_table(attached);
    }

    type Count = Words;

    #[inline]
    fn new_count(attached: &Attached) -> Words {
        Words::owned_by(attached.id)
    }

    #[inline]
    unsafe fn retain(object: ObjectPtr<Self>, attached: &Attached) -> Retained {
        // SAFETY: the caller keeps the object alive.
        count::retain(unsafe { object.count() }, attached)
    }

    #[inline]
    unsafe fn release(object: ObjectPtr<Self>, attached: &Attached, _: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns the reference.
        unsafe { count::release(object, attached) }
    }

    unsafe fn release_unattached(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns the reference.
        unsafe { count::release_shared(object) }
    }

    #[inline]
    unsafe fn count(object: ObjectPtr<Self>, _: &Attached) -> usize {
        // SAFETY: the caller keeps the object alive.
        count::count(unsafe { object.count() })
    }

    type Lock = Lock;
}

// SAFETY: an increment of the shared word does not rely on being attached.
unsafe impl FreeThreaded for BiasedCounts {
    #[inline]
    unsafe fn retain_unattached(object: ObjectPtr<Self>) -> Retained {
        // SAFETY: the caller keeps the object alive.
        count::retain_shared(unsafe { object.count() })
    }
}

#[cfg(feature = "testing")]
// SAFETY: adds to the owner's word or to the shared one what so many retains would.
unsafe impl keyway_object_model::testing::NearLimit for BiasedCounts {
    const LIMIT: u64 = u32::MAX as u64;

    unsafe fn leak(object: ObjectPtr<Self>, attached: &Attached, references: u64) {
        // SAFETY: the caller keeps the object alive.
        let words = unsafe { object.count() };
        match u32::try_from(references) {
            Ok(references) if words.owner() == attached.id => words.leak_local(references),
            _ => words.leak_shared(references),
        }
    }
}

#[cfg(feature = "testing")]
// SAFETY: the same comparison as a retain's.
unsafe impl keyway_object_model::testing::Owned for BiasedCounts {
    unsafe fn is_owner(object: ObjectPtr<Self>, attached: &Attached) -> bool {
        // SAFETY: the caller keeps the object alive.
        unsafe { object.count() }.owner() == attached.id
    }
}

const _: () = assert!(keyway_sync::MODELLED || keyway_object_model::header_bytes::<BiasedCounts>() == 24);
