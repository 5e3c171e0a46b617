//! The header's word: a plain count. The lock that guards it is in a table, outside the object, so
//! there is no atomic word here and no ordering of our own: exclusion and order are the lock's.

use std::marker::PhantomData;

use keyway_object_model::{CountWords, PlainCount, Released, Retained, SharedWord};
use keyway_sync::Place;

use crate::runtime::Tables;

/// The number of references, and where they are counted.
#[derive(Debug)]
#[repr(C)]
pub struct Word<T> {
    count: PlainCount,
    place: Place,
    _tables: PhantomData<fn(T) -> T>,
}

impl<T: Tables> Word<T> {
    /// Lends the count to `f` under the lock of its group. A leaf lock: `f` is short, takes no
    /// other and does not panic.
    ///
    /// The word may be gone when this returns, if `f` gave up the caller's reference.
    #[inline]
    fn with_count<R>(&self, f: impl FnOnce(&PlainCount) -> R) -> R {
        // Found before the lock is free again: after that, the word may be gone.
        let lock = T::count_lock(&self.place);
        lock.lock();
        let result = f(&self.count);
        // SAFETY: taken above. The lock is a static: it is there, whatever has become of the word.
        unsafe { lock.unlock() };
        result
    }
}

// SAFETY: *counting* and *order*: every change is made under the one lock of the group, so exactly
// one release sees that none is left, after all others. When it returns, the lock is free again, so
// the destructor may count objects of this group; the word is not touched after. *No way back*: `f`
// is a few instructions of ours.
unsafe impl<T: Tables> SharedWord for Word<T> {
    #[inline]
    fn new() -> Self {
        Word { count: PlainCount::new(), place: Place::new(), _tables: PhantomData }
    }

    #[inline]
    fn retain(&self) -> Retained {
        // SAFETY: the group's lock excludes all others, and orders what they did before.
        self.with_count(|count| unsafe { count.retain() })
    }

    #[inline]
    unsafe fn release(&self) -> Released {
        // SAFETY: as in `retain`; by the caller's reference the count is not zero.
        self.with_count(|count| unsafe { count.release() })
    }

    #[inline]
    fn get(&self) -> usize {
        // SAFETY: as in `retain`.
        self.with_count(|count| unsafe { count.get() })
    }
}

#[cfg(feature = "testing")]
impl<T: Tables> keyway_object_model::testing::WordNearLimit for Word<T> {
    const LIMIT: u64 = u64::MAX;

    fn leak(&self, references: u64) {
        // SAFETY: the group's lock excludes all others.
        self.with_count(|count| unsafe { count.leak(references) });
    }
}

impl<T: Tables> CountWords for Word<T> {
    #[inline]
    fn claim(&mut self) {
        self.count.claim();
    }
}

const _: () = assert!(keyway_sync::MODELLED || size_of::<Word<crate::Main>>() == 8);
