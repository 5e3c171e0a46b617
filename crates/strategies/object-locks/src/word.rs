//! The header's word: a lock of one byte and the count that it guards. No atomic access of our own, so no orderings either.

use keyway_object_model::CountWords;
use keyway_sync::cell::UnsafeCell;
use keyway_sync::{Exclusive, RawLock};

/// The number of references and the lock that guards it.
#[derive(Debug)]
#[repr(C, align(8))]
pub struct Word {
    count: UnsafeCell<u32>,
    lock: RawLock,
}

// SAFETY: `count` is touched only by whoever holds `lock`, or by whoever has the object alone.
unsafe impl Sync for Word {}

impl Word {
    /// One reference.
    #[inline]
    pub(crate) fn new() -> Self {
        Word { count: UnsafeCell::new(1), lock: RawLock::new() }
    }

    /// Lends the count to `f` under the lock. A leaf lock: `f` is short and takes no other.
    #[inline]
    pub(crate) fn with_count<R>(&self, f: impl FnOnce(&mut u32) -> R) -> R {
        self.lock.lock();
        let result = self.count.with_mut(|count| {
            // SAFETY: the lock is held.
            f(unsafe { &mut *count })
        });
        // SAFETY: taken above; `f` is one of this crate's and does not panic.
        unsafe { self.lock.unlock() };
        result
    }
}

impl CountWords for Word {
    #[inline]
    fn claim(&mut self) {
        // The lock cannot be claimed: the last holder but one may still be returning from `unlock`, which by its contract
        // does not touch it any more.
        self.count.with_exclusive(|_| ());
    }

    #[inline]
    fn set_link(&mut self, address: usize) {
        // SAFETY: `&mut self`; the word is eight bytes with the alignment of an address, and nothing of it is needed any more.
        unsafe { std::ptr::from_mut(self).cast::<usize>().write(address) };
    }

    #[inline]
    fn link(&mut self) -> usize {
        // SAFETY: `set_link` has written an address here.
        unsafe { std::ptr::from_mut(self).cast::<usize>().read() }
    }
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Word>() == 8);
