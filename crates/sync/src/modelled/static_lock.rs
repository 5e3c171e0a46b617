//! A lock in a static that is made in a constant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::RawLock;

/// Locks by the address of what stands for them: statics, whose addresses are the same in every
/// interleaving or run. Each has locks of its own.
type Locks = Mutex<HashMap<usize, Arc<RawLock>>>;

crate::global! {
    static LOCKS: Locks = Mutex::new(HashMap::new());
}

/// Stands for a [`RawLock`] that is made when it is first used, and anew for each interleaving or
/// run.
#[derive(Debug)]
pub struct StaticLock {
    /// So that no two have one address.
    _byte: u8,
}

impl StaticLock {
    /// A free lock.
    #[expect(clippy::new_without_default, reason = "it is made in constants only")]
    pub const fn new() -> Self {
        StaticLock { _byte: 0 }
    }

    /// Waits until the lock is free and takes it.
    #[track_caller]
    pub fn lock(&'static self) {
        self.lock_itself().lock();
    }

    /// Takes the lock if it is free; never waits.
    #[track_caller]
    pub fn try_lock(&'static self) -> bool {
        self.lock_itself().try_lock()
    }

    /// Gives the lock up.
    ///
    /// # Safety
    /// - The caller holds the lock.
    #[track_caller]
    pub unsafe fn unlock(&'static self) {
        // SAFETY: the caller's duty.
        unsafe { self.lock_itself().unlock() }
    }

    fn lock_itself(&'static self) -> Arc<RawLock> {
        let mut locks = LOCKS.lock().unwrap_or_else(PoisonError::into_inner);
        let address = std::ptr::from_ref(self).addr();
        Arc::clone(locks.entry(address).or_insert_with(|| Arc::new(RawLock::new())))
    }
}
