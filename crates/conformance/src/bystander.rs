//! A second runtime, for tests in which an OS thread is attached elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};

use keyway_object_model::testing::NearLimit;
use keyway_object_model::{
    CountWords, Due, FreeThreaded, ObjectLock, ObjectPtr, Released, Retained, Runtime, Strategy,
};

/// The plainest strategy that is sound: a sequentially consistent count, a lock in each contents.
/// The smallest example of the trait, and the proof that the suite knows no strategy by name: it
/// passes it too.
#[derive(Debug)]
pub enum Bystander {}

static RUNTIME: Runtime = Runtime::new("bystander");

const LIMIT: u64 = u64::MAX / 2;

/// The number of references.
#[derive(Debug)]
pub struct Word(AtomicU64);

impl Word {
    fn retain(&self) -> Retained {
        if self.0.fetch_add(1, Ordering::SeqCst) <= LIMIT { Retained::Nothing } else { Retained::Abort }
    }

    fn release(&self) -> Released {
        if self.0.fetch_sub(1, Ordering::SeqCst) == 1 { Released::Destroy } else { Released::Nothing }
    }
}

impl CountWords for Word {
    fn claim(&mut self) {}
}

// SAFETY: each retain and release is one sequentially consistent step on one word, so exactly one
// release sees the last reference, after all others; contents have an `ObjectLock`; nothing relies
// on being attached; `RUNTIME` is named only here.
unsafe impl Strategy for Bystander {
    type Attached = ();

    fn runtime() -> &'static Runtime {
        &RUNTIME
    }

    fn attach(_: &mut Due<Self>) {}

    fn detach((): &(), _: &mut Due<Self>) {}

    fn checkpoint((): &(), _: &mut Due<Self>) {}

    fn leave((): &(), _: &mut Due<Self>) {}

    fn reenter((): &(), _: &mut Due<Self>) {}

    type Id = ();

    fn id((): &()) {}

    type Count = Word;

    fn new_count((): (), (): &()) -> Word {
        Word(AtomicU64::new(1))
    }

    unsafe fn retain(object: ObjectPtr<Self>, (): (), (): &()) -> Retained {
        // SAFETY: the caller keeps the object alive.
        if unsafe { object.is_immortal() } {
            return Retained::Nothing;
        }
        // SAFETY: the caller keeps the object alive.
        unsafe { object.count() }.retain()
    }

    unsafe fn release(object: ObjectPtr<Self>, (): (), (): &(), _: &mut Due<Self>) -> Released {
        // SAFETY: alive, by the caller's reference.
        if unsafe { object.is_immortal() } {
            return Released::Nothing;
        }
        // SAFETY: the caller owns a reference until the decrement.
        unsafe { object.count() }.release()
    }

    unsafe fn release_unattached(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns a reference until the decrement.
        unsafe { object.count() }.release()
    }

    unsafe fn count(object: ObjectPtr<Self>, (): (), (): &()) -> usize {
        // SAFETY: the caller keeps the object alive.
        unsafe { object.count() }.0.load(Ordering::SeqCst) as usize
    }

    type Lock = ObjectLock;
}

// SAFETY: no operation relies on being attached.
unsafe impl FreeThreaded for Bystander {
    fn new_count_anywhere() -> Word {
        Word(AtomicU64::new(1))
    }

    fn is_queued() -> bool {
        false
    }

    fn collect(_: &mut Due<Self>) {}

    unsafe fn retain_anywhere(object: ObjectPtr<Self>) -> Retained {
        // SAFETY: the caller keeps the object alive.
        if unsafe { object.is_immortal() } {
            return Retained::Nothing;
        }
        // SAFETY: the caller keeps the object alive.
        unsafe { object.count() }.retain()
    }

    unsafe fn release_anywhere(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: alive, by the caller's reference.
        if unsafe { object.is_immortal() } {
            return Released::Nothing;
        }
        // SAFETY: the caller owns a reference until the decrement.
        unsafe { object.count() }.release()
    }
}

// SAFETY: adds to the count what `references` retains would.
unsafe impl NearLimit for Bystander {
    const LIMIT: u64 = LIMIT;

    unsafe fn leak(object: ObjectPtr<Self>, (): (), references: u64) {
        // SAFETY: the caller keeps the object alive.
        unsafe { object.count() }.0.fetch_add(references, Ordering::SeqCst);
    }
}
