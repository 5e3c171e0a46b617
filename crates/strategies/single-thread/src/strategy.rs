//! The strategy: its answers, put together.

use keyway_object_model::{Due, ObjectPtr, Released, Retained, Runtime, Strategy};

use crate::access::Lock;
use crate::thread::{self, Attached};
use crate::word::Word;
use crate::{count, reclaim};

/// One OS thread at a time in the process is attached: the floor of every cost table and the oracle
/// of the tests.
///
/// A thread stays attached through its blocking regions. So a program in which it waits for a
/// thread that attaches waits for ever.
///
/// # Panics
/// In a debug build on Linux, an attach for whose end the attached thread waits by a join, with the
/// places of both attaches. Other waits without an end are not found; after 10 seconds such a build
/// says once on standard error which attach waits for which.
#[derive(Debug)]
pub enum SingleThread {}

static RUNTIME: Runtime = Runtime::new("single-thread");

// SAFETY: counting and order are argued in PROTOCOL.md, "Why it is right"; the claim lets one OS
// thread at a time be attached, which `NoLock` needs; `RUNTIME` is named only here.
unsafe impl Strategy for SingleThread {
    type Attached = Attached;

    #[inline]
    fn runtime() -> &'static Runtime {
        &RUNTIME
    }

    #[cfg_attr(debug_assertions, track_caller)]
    fn attach(due: &mut Due<Self>) -> Attached {
        thread::claim();
        // SAFETY: claimed just now.
        unsafe { reclaim::drain(due) };
        Attached
    }

    fn detach(_: &Attached, due: &mut Due<Self>) {
        // SAFETY: claimed since `attach`.
        unsafe { reclaim::drain(due) };
        thread::disclaim();
    }

    #[inline]
    fn checkpoint(_: &Attached, due: &mut Due<Self>) {
        // SAFETY: claimed since `attach`.
        unsafe { reclaim::drain(due) };
    }

    fn leave(_: &Attached, due: &mut Due<Self>) {
        // SAFETY: claimed since `attach`; the claim lasts through blocking regions.
        unsafe { reclaim::drain(due) };
    }

    fn reenter(_: &Attached, due: &mut Due<Self>) {
        // SAFETY: as in `leave`.
        unsafe { reclaim::drain(due) };
    }

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
        // SAFETY: attached, so claimed; the caller keeps the object alive.
        unsafe { count::retain(object) }
    }

    #[inline]
    unsafe fn release(object: ObjectPtr<Self>, _: (), _: &Attached, _: &mut Due<Self>) -> Released {
        // SAFETY: attached, so claimed; the caller owns the reference.
        unsafe { count::release(object) }
    }

    unsafe fn release_unattached(object: ObjectPtr<Self>, due: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns the reference.
        unsafe { reclaim::release_unattached(object, due) }
    }

    #[inline]
    unsafe fn count(object: ObjectPtr<Self>, _: (), _: &Attached) -> usize {
        // SAFETY: attached, so claimed; the caller keeps the object alive.
        unsafe { count::count(object) }
    }

    type Lock = Lock;
}

#[cfg(feature = "testing")]
// SAFETY: adds to the count what `references` retains would.
unsafe impl keyway_object_model::testing::NearLimit for SingleThread {
    const LIMIT: u64 = u64::MAX;

    unsafe fn leak(object: ObjectPtr<Self>, _: (), references: u64) {
        // SAFETY: the caller keeps the object alive.
        let word = unsafe { object.count() };
        // SAFETY: attached, so claimed.
        unsafe { word.leak(references) };
    }
}

const _: () = assert!(keyway_sync::MODELLED || keyway_object_model::header_bytes::<SingleThread>() == 16);
