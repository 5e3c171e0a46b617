//! A lock without a guard, modelled by a shuttle mutex whose guard is kept next to it.

use std::cell::Cell;
use std::sync::{PoisonError, TryLockError};

use shuttle::sync::{Mutex, MutexGuard};

/// A mutual-exclusion lock without data and without a guard.
pub struct RawLock {
    /// The guard of the holder of `mutex`. Only the holder touches it. Declared first, so that it
    /// is dropped first.
    guard: Cell<Option<MutexGuard<'static, ()>>>,
    mutex: Mutex<()>,
}

// SAFETY: `guard` is touched only by the holder of `mutex`, so one thread at a time; all of
// shuttle's threads are coroutines of one OS thread, so that a guard never leaves the OS thread
// that made it.
unsafe impl Send for RawLock {}
// SAFETY: as for Send.
unsafe impl Sync for RawLock {}

impl RawLock {
    /// A free lock.
    #[track_caller]
    pub const fn new() -> Self {
        RawLock { guard: Cell::new(None), mutex: Mutex::new(()) }
    }

    /// Waits until the lock is free and takes it.
    pub fn lock(&self) {
        self.keep(self.mutex.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// As [`lock`](Self::lock): nothing takes time in a model.
    #[track_caller]
    pub fn lock_and_look(&self, _: std::time::Duration, _: impl FnMut()) {
        self.lock();
    }

    /// Takes the lock if it is free; never waits.
    pub fn try_lock(&self) -> bool {
        match self.mutex.try_lock() {
            Ok(guard) => self.keep(guard),
            Err(TryLockError::Poisoned(poisoned)) => self.keep(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => return false,
        }
        true
    }

    /// Gives the lock up.
    ///
    /// # Safety
    /// - The caller holds the lock.
    pub unsafe fn unlock(&self) {
        drop(self.guard.take().expect("a lock was given up that was not held"));
    }

    fn keep(&self, guard: MutexGuard<'_, ()>) {
        // SAFETY: a lock that is held is borrowed by its holder, so it is not moved while the guard
        // points into it.
        let guard = unsafe { std::mem::transmute::<MutexGuard<'_, ()>, MutexGuard<'static, ()>>(guard) };
        self.guard.set(Some(guard));
    }
}

impl Default for RawLock {
    fn default() -> Self {
        RawLock::new()
    }
}

impl std::fmt::Debug for RawLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawLock").finish_non_exhaustive()
    }
}
