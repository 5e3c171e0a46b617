//! Counts that nothing protects: what a plain `count += 1` on several threads does.

use keyway_object_model::{CountWords, Due, ObjectLock, ObjectPtr, Released, Retained, Runtime, Strategy};
use keyway_sync::Exclusive;
use keyway_sync::atomic::{AtomicU64, Ordering};

use super::log;

/// A count that is read in one step and written in another.
///
/// Each step by itself is a read-modify-write that sees the newest count and orders everything
/// before it: so the models find the consequences of the gap between the two, and not the data race
/// that a plain count would also have.
#[derive(Debug)]
pub(super) struct Word {
    object: usize,
    count: AtomicU64,
}

impl Word {
    fn new() -> Self {
        let object = log::number();
        log::made(object);
        Word { object, count: AtomicU64::new(1) }
    }

    fn read(&self, operation: &'static str) -> u64 {
        let count = self.count.fetch_add(0, Ordering::AcqRel);
        log::read(operation, self.object, count);
        count
    }

    fn write(&self, operation: &'static str, count: u64) {
        let before = self.count.swap(count, Ordering::AcqRel);
        log::written(operation, self.object, before, count);
    }

    fn retain(&self) -> Retained {
        let count = self.read("retain");
        self.write("retain", count + 1);
        Retained::Nothing
    }

    fn release(&self) -> Released {
        let count = self.read("release").saturating_sub(1);
        self.write("release", count);
        if count > 0 {
            return Released::Nothing;
        }
        log::destroyed(self.object);
        Released::Destroy
    }
}

impl CountWords for Word {
    fn claim(&mut self) {
        self.count.with_exclusive(|_| ());
    }
}

/// The object's word; says which operation has begun before the object's canary is looked at.
///
/// # Safety
/// - There has been an object at this address in this iteration. (In a model its memory stays to
///   the end of the iteration.)
unsafe fn word<'a>(object: ObjectPtr<UnprotectedCounts>, operation: &'static str) -> &'a Word {
    log::begin(operation, format!("{object:?}"));
    // SAFETY: the object's memory is there, by the caller's duty; a destroyed object's canary fails
    // the model.
    unsafe { object.count() }
}

/// Anyone changes any count at any time, in two steps. Contents have a lock each.
#[derive(Debug)]
pub(super) enum UnprotectedCounts {}

static RUNTIME: Runtime = Runtime::new("unprotected-counts");

// SAFETY: none of the promises about counting is kept; that is what the models are to find. Under
// loom memory stays until the end of the iteration, so that they find a failing assertion and no
// undefined behaviour.
unsafe impl Strategy for UnprotectedCounts {
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
        Word::new()
    }

    unsafe fn retain(object: ObjectPtr<Self>, (): (), (): &()) -> Retained {
        // SAFETY: the caller has a reference to an object, perhaps a destroyed one.
        unsafe { word(object, "retain") }.retain()
    }

    unsafe fn release(object: ObjectPtr<Self>, (): (), (): &(), _: &mut Due<Self>) -> Released {
        // SAFETY: as in `retain`.
        unsafe { word(object, "release") }.release()
    }

    unsafe fn release_unattached(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: as in `retain`.
        unsafe { word(object, "release") }.release()
    }

    unsafe fn count(object: ObjectPtr<Self>, (): (), (): &()) -> usize {
        // SAFETY: as in `retain`.
        unsafe { word(object, "count") }.read("count") as usize
    }

    type Lock = ObjectLock;
}
