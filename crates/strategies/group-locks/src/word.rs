//! The header's word: a plain count. The lock that guards it is in a table, outside the object, so there is no atomic word here and
//! no ordering of our own: exclusion and order are the lock's.

use keyway_object_model::{CountWords, PlainCount};
use keyway_sync::Place;

use crate::runtime::Tables;

/// The number of references, and where they are counted.
#[derive(Debug)]
#[repr(C)]
pub struct Word {
    count: PlainCount,
    place: Place,
}

impl Word {
    /// One reference.
    #[inline]
    pub(crate) fn new() -> Self {
        Word { count: PlainCount::new(), place: Place::new() }
    }

    /// Lends the count to `f` under the lock of its group. A leaf lock: `f` is short, takes no other and does not panic.
    ///
    /// The word may be gone when this returns, if `f` gave up the caller's reference.
    #[inline]
    pub(crate) fn with_count<T: Tables, R>(&self, f: impl FnOnce(&PlainCount) -> R) -> R {
        // Found before the lock is free again: after that, the word may be gone.
        let lock = T::count_lock(&self.place);
        lock.lock();
        let result = f(&self.count);
        // SAFETY: taken above. The lock is a static: it is there, whatever has become of the word.
        unsafe { lock.unlock() };
        result
    }
}

impl CountWords for Word {
    #[inline]
    fn claim(&mut self) {
        self.count.claim();
    }
}

const _: () = assert!(keyway_sync::MODELLED || size_of::<Word>() == 8);
