//! A lock of one byte.

use std::time::Duration;

use parking_lot::lock_api::{RawMutex as _, RawMutexTimed as _};

/// A mutual-exclusion lock of one byte, without data and without a guard: `parking_lot::RawMutex`.
///
/// Uncontended, taking and giving up are one atomic step each.
///
/// The lock must stay in place until `unlock` has returned: contended, `parking_lot` 0.13 touches
/// the byte again after it has freed the lock. So it cannot guard the count that decides whether
/// the memory around it is freed.
pub struct RawLock(parking_lot::RawMutex);

impl RawLock {
    /// A free lock.
    #[inline]
    pub const fn new() -> Self {
        RawLock(parking_lot::RawMutex::INIT)
    }

    /// Waits until the lock is free and takes it.
    #[inline]
    pub fn lock(&self) {
        // Its guard is an empty type that does nothing on drop; `unlock` makes it anew.
        let _ = self.0.lock();
    }

    /// As [`lock`](Self::lock), and calls `look` each time that it has waited for so long again.
    /// `look` may panic.
    pub fn lock_and_look(&self, every: Duration, mut look: impl FnMut()) {
        while self.0.try_lock_for(every).is_none() {
            look();
        }
    }

    /// Takes the lock if it is free; never waits.
    #[inline]
    pub fn try_lock(&self) -> bool {
        self.0.try_lock().is_some()
    }

    /// Gives the lock up.
    ///
    /// # Safety
    /// - The caller holds the lock: a `lock` or a successful `try_lock` that nothing has undone.
    #[inline]
    pub unsafe fn unlock(&self) {
        // SAFETY: the caller holds the lock, by this function's duty.
        unsafe { self.0.unlock(Default::default()) }
    }
}

impl Default for RawLock {
    fn default() -> Self {
        RawLock::new()
    }
}

impl std::fmt::Debug for RawLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawLock").field("locked", &self.0.is_locked()).finish()
    }
}
