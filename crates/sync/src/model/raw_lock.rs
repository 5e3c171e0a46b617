//! A lock without a guard, modelled by a loom mutex whose guard is kept next to it.

use std::cell::Cell;
use std::sync::TryLockError;

use loom::sync::atomic::{AtomicU32, Ordering};
use loom::sync::{Mutex, MutexGuard};

use super::poison;

/// A mutual-exclusion lock without data and without a guard.
///
/// One loom mutex rather than a word and a condition variable, so that the state space stays small.
pub struct RawLock {
    /// The guard of the holder of `mutex`. Only the holder touches it. Declared first, so that it
    /// is dropped first.
    guard: Cell<Option<MutexGuard<'static, ()>>>,
    mutex: Mutex<()>,
    /// Stepped before the lock is given up and before it is tried. Loom sees no event in a mutex
    /// being given up, so without this it would not tell a try before from a try after. Relaxed
    /// read-modify-writes: they order nothing and cannot be stale.
    give_ups: AtomicU32,
}

// SAFETY: `guard` is touched only by the holder of `mutex`, so one thread at a time; all of loom's
// threads are coroutines of one OS thread, so that a guard never leaves the OS thread that made it.
unsafe impl Send for RawLock {}
// SAFETY: as for Send.
unsafe impl Sync for RawLock {}

impl RawLock {
    /// A free lock.
    #[expect(clippy::new_without_default, reason = "the real lock's `new` is const, and all callers use it")]
    pub fn new() -> Self {
        RawLock { guard: Cell::new(None), mutex: Mutex::new(()), give_ups: AtomicU32::new(0) }
    }

    /// Waits until the lock is free and takes it.
    #[track_caller]
    pub fn lock(&self) {
        self.keep(self.mutex.lock().unwrap());
    }

    /// As [`lock`](Self::lock): nothing takes time in a model.
    #[track_caller]
    pub fn lock_and_look(&self, _: std::time::Duration, _: impl FnMut()) {
        self.lock();
    }

    /// Takes the lock if it is free; never waits.
    #[track_caller]
    pub fn try_lock(&self) -> bool {
        self.give_ups.fetch_add(0, Ordering::Relaxed);
        match self.mutex.try_lock() {
            Ok(guard) => self.keep(guard),
            Err(TryLockError::WouldBlock) => return false,
            Err(TryLockError::Poisoned(_)) => unreachable!("loom's mutexes are not poisoned"),
        }
        true
    }

    /// Gives the lock up.
    ///
    /// # Safety
    /// - The caller holds the lock.
    #[track_caller]
    pub unsafe fn unlock(&self) {
        self.give_ups.fetch_add(1, Ordering::Relaxed);
        let guard = self.guard.take().expect("rule broken: a lock was given up that was not held");
        let unit: *const () = &*guard;
        std::ptr::from_ref(&self.mutex).expose_provenance();
        drop(guard);
        // SAFETY: the unit lies in the std mutex inside `self.mutex`, whose provenance has just
        // been exposed.
        unsafe { poison::forgive(unit) };
    }

    fn keep(&self, guard: MutexGuard<'_, ()>) {
        // SAFETY: a lock that is held is borrowed by its holder, so it is not moved while the guard
        // points into it.
        let guard = unsafe { std::mem::transmute::<MutexGuard<'_, ()>, MutexGuard<'static, ()>>(guard) };
        self.guard.set(Some(guard));
    }
}

impl std::fmt::Debug for RawLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawLock").finish_non_exhaustive()
    }
}
