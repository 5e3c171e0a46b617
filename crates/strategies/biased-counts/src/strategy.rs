//! The strategy: its answers, put together.

use keyway_object_model::{Due, FreeThreaded, ObjectPtr, Released, Retained, Runtime, Strategy};

use crate::access::Lock;
use crate::count;
use crate::thread::{self, Attached};
#[cfg(feature = "testing")]
use crate::word::MOST;
use crate::word::{Bias, Words};

/// Counts are biased: the thread that made an object counts in a plain word, all others in an atomic one. Contents have a
/// lock each.
#[derive(Debug)]
pub enum BiasedCounts {}

static RUNTIME: Runtime = Runtime::new("biased-counts");

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

    type Id = Bias;

    #[inline]
    fn id(attached: &Attached) -> Bias {
        attached.bias()
    }

    type Count = Words;

    #[inline]
    fn new_count(bias: Bias, _: &Attached) -> Words {
        Words::owned_by(bias)
    }

    #[inline]
    unsafe fn retain(object: ObjectPtr<Self>, bias: Bias, _: &Attached) -> Retained {
        // SAFETY: the caller keeps the object alive.
        count::retain(unsafe { object.count() }, bias)
    }

    #[inline]
    unsafe fn release(object: ObjectPtr<Self>, bias: Bias, _: &Attached, _: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns the reference.
        unsafe { count::release(object, bias) }
    }

    unsafe fn release_unattached(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns the reference.
        unsafe { count::release_shared(object) }
    }

    #[inline]
    unsafe fn count(object: ObjectPtr<Self>, _: Bias, _: &Attached) -> usize {
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
    const LIMIT: u64 = MOST;

    unsafe fn leak(object: ObjectPtr<Self>, bias: Bias, references: u64) {
        // SAFETY: the caller keeps the object alive.
        let words = unsafe { object.count() };
        let is_owner = words.own().counted_by(bias) <= MOST;
        let left = if is_owner { words.leak_own(references) } else { references };
        words.leak_shared(left);
    }
}

#[cfg(feature = "testing")]
// SAFETY: the same comparison as a retain's.
unsafe impl keyway_object_model::testing::Owned for BiasedCounts {
    unsafe fn is_owner(object: ObjectPtr<Self>, bias: Bias) -> bool {
        // SAFETY: the caller keeps the object alive.
        unsafe { object.count() }.own().counted_by(bias) <= MOST
    }
}

const _: () = assert!(keyway_sync::MODELLED || keyway_object_model::header_bytes::<BiasedCounts>() == 24);
