//! Locks that are kept while another one is waited for: what nested `lock` calls in a program do.

use keyway_object_model::{ContentsLock, Due, ObjectPtr, Released, Retained, Runtime, Strategy};
use keyway_sync::RawLock;

use super::log;
use super::step::Act;
use super::whole_count::WholeCount;

/// A lock that waits where it should only try, so that no section around is ever suspended.
#[derive(Debug)]
pub(super) struct NaiveLock {
    object: usize,
    lock: RawLock,
}

// SAFETY: exclusion and visibility are those of `RawLock`. That `try_lock` waits breaks the
// contract, and is what the model is to find.
unsafe impl ContentsLock for NaiveLock {
    const LOCKS: bool = true;

    fn new() -> Self {
        NaiveLock { object: log::number(), lock: RawLock::new() }
    }

    fn lock(&self) {
        log::lock(Act::Asks, self.object);
        self.lock.lock();
        log::lock(Act::Takes, self.object);
    }

    fn try_lock(&self) -> bool {
        self.lock();
        true
    }

    unsafe fn unlock(&self) {
        log::lock(Act::GivesUp, self.object);
        // SAFETY: the caller holds the lock, by this function's duty.
        unsafe { self.lock.unlock() };
    }
}

/// Counts are right; a nested section waits for its lock while the thread keeps those around it.
#[derive(Debug)]
pub(super) enum NaiveLocks {}

static RUNTIME: Runtime = Runtime::new("naive-locks");

// SAFETY: counts are changed in one step, the last of which is ordered after all others; the lock
// excludes, but breaks the promise that it does not wait when tried: a deadlock, and no undefined
// behaviour.
unsafe impl Strategy for NaiveLocks {
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

    type Count = WholeCount;

    fn new_count((): (), (): &()) -> WholeCount {
        WholeCount::new()
    }

    unsafe fn retain(object: ObjectPtr<Self>, (): (), (): &()) -> Retained {
        // SAFETY: the caller keeps the object alive.
        unsafe { object.count() }.retain()
    }

    unsafe fn release(object: ObjectPtr<Self>, (): (), (): &(), _: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns a reference until the count changes.
        unsafe { object.count() }.release()
    }

    unsafe fn release_unattached(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: as in `release`.
        unsafe { object.count() }.release()
    }

    unsafe fn count(object: ObjectPtr<Self>, (): (), (): &()) -> usize {
        // SAFETY: the caller keeps the object alive.
        unsafe { object.count() }.get()
    }

    type Lock = NaiveLock;
}
