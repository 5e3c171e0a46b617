//! The header's word: a count and the lock that guards it; all accesses to the lock, and their
//! orderings.
//!
//! The lock is our own, on a futex. `parking_lot`'s one-byte lock would do but for one thing: a
//! count lock lies in memory that the *next* holder may free while the last one is still returning
//! from `unlock`, and parking_lot 0.13 touches the byte again after it has freed the lock, to clear
//! its mark of parked threads (`RawMutex::unlock_slow`). A futex is woken by only its address.

use keyway_object_model::{CountWords, Released, Retained, SharedWord};
use keyway_sync::atomic::{AtomicU32, Ordering};
use keyway_sync::cell::UnsafeCell;
use keyway_sync::{Exclusive, futex};

/// In `lock`: nobody holds it.
const FREE: u32 = 0;
/// In `lock`: somebody holds it, and nobody has come to wait since it was taken.
const HELD: u32 = 1;
/// In `lock`: somebody holds it, and somebody may be waiting; the thread that gives it up wakes
/// one.
const CONTENDED: u32 = 2;

/// How often a thread looks again before it sleeps: the lock is held for a few instructions. Never,
/// in a model.
const SPINS: u32 = if keyway_sync::MODELLED { 0 } else { 100 };

/// The number of references and the lock that guards it.
#[derive(Debug)]
#[repr(C, align(8))]
pub struct Word {
    count: UnsafeCell<u32>,
    lock: AtomicU32,
}

// SAFETY: `count` is touched only by the holder of `lock`, or by the only thread that can reach the
// object.
unsafe impl Sync for Word {}

impl Word {
    /// Lends the count to `f` under the lock. A leaf lock: `f` is short, takes no other and does
    /// not panic.
    ///
    /// The word may be gone when this returns, if `f` gave up the caller's reference.
    #[inline]
    fn with_count<R>(&self, f: impl FnOnce(&mut u32) -> R) -> R {
        self.take();
        let result = self.count.with_mut(|count| {
            // SAFETY: the lock is held.
            f(unsafe { &mut *count })
        });
        self.give_up();
        result
    }

    #[inline]
    fn take(&self) {
        // O1, Acquire: pairs with O3 of the last holder. Orders its use of the count, and of the
        // object, before ours.
        if self.lock.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_err() {
            self.wait();
        }
    }

    #[inline]
    fn give_up(&self) {
        // Taken before the lock is free: after that, the word may be gone.
        let address = &raw const self.lock;
        // O3, Release: pairs with O1 and O2 of the next holder. The last access to the word.
        if self.lock.swap(FREE, Ordering::Release) == CONTENDED {
            futex::wake_one(address);
        }
    }

    #[cold]
    #[cfg_attr(loom, expect(clippy::reversed_empty_ranges, reason = "a model does not spin"))]
    fn wait(&self) {
        for _ in 0..SPINS {
            std::hint::spin_loop();
            // O4, Relaxed: a look whether it is worth trying; O1 decides.
            if self.lock.load(Ordering::Relaxed) == FREE
                && self.lock.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
            {
                return;
            }
        }
        // O2, Acquire: pairs with O3, if the lock was free. Leaves CONTENDED behind, so that
        // whoever gives it up wakes a sleeper.
        while self.lock.swap(CONTENDED, Ordering::Acquire) != FREE {
            futex::wait(&self.lock, CONTENDED);
        }
    }
}

// SAFETY: *counting* and *order*: every change is made under the lock, so exactly one release sees
// that none is left, after all others; `with_count` does not touch the word once the lock is free.
// *No way back*: `f` is a few instructions of ours.
unsafe impl SharedWord for Word {
    #[inline]
    fn new() -> Self {
        Word { count: UnsafeCell::new(1), lock: AtomicU32::new(FREE) }
    }

    #[inline]
    fn retain(&self) -> Retained {
        self.with_count(|count| match count.checked_add(1) {
            Some(more) => {
                *count = more;
                Retained::Nothing
            }
            None => Retained::Abort,
        })
    }

    #[inline]
    unsafe fn release(&self) -> Released {
        let left = self.with_count(|count| {
            debug_assert!(*count > 0, "a reference was released twice");
            *count -= 1;
            *count
        });
        if left == 0 { Released::Destroy } else { Released::Nothing }
    }

    #[inline]
    fn get(&self) -> usize {
        self.with_count(|count| *count as usize)
    }
}

#[cfg(feature = "testing")]
impl keyway_object_model::testing::WordNearLimit for Word {
    const LIMIT: u64 = u32::MAX as u64;

    fn leak(&self, references: u64) {
        let references = u32::try_from(references).unwrap_or(u32::MAX);
        let leaked = self.with_count(|count| count.checked_add(references).map(|sum| *count = sum));
        leaked.expect("more references than the word can hold");
    }
}

impl CountWords for Word {
    #[inline]
    fn claim(&mut self) {
        self.count.with_exclusive(|_| ());
        self.lock.with_exclusive(|_| ());
    }
}

const _: () = assert!(keyway_sync::MODELLED || size_of::<Word>() == 8);
