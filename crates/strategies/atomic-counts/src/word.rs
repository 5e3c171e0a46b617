//! The header's word: all accesses to it, and their orderings.

use keyway_object_model::{CountWords, Released, Retained, SharedWord, Upgraded};
use keyway_sync::Exclusive;
use keyway_sync::atomic::{AtomicU64, Ordering};

/// The number of references.
#[derive(Debug)]
pub struct Word(AtomicU64);

/// In a word that keeps an address, both bits: its object is gone, and what weak references see is
/// no count. No count comes near: it has passed the limit long before.
const LINK: u64 = 3 << 62;

/// A count above this aborts, so that it can never wrap nor look like an address: there is room for
/// 2^62 retains more before it would. Only the highest bit says whether it has been passed, which
/// is the shortest question to ask.
const LIMIT: u64 = u64::MAX / 2;

// SAFETY: *counting* and *order*: PROTOCOL.md, "Why it is right". *No way back*: one atomic step
// each, and one load after the last release.
unsafe impl SharedWord for Word {
    #[inline]
    fn new() -> Self {
        Word(AtomicU64::new(1))
    }

    #[inline]
    fn retain(&self) -> Retained {
        // O1, Relaxed: the adding thread has a reference already, which orders all before it;
        // nothing is published.
        if self.0.fetch_add(1, Ordering::Relaxed) <= LIMIT { Retained::Nothing } else { Retained::Abort }
    }

    #[inline]
    unsafe fn release(&self) -> Released {
        // O2, Release: pairs with O3 of the last release. Orders this holder's use
        // of the object before its destruction.
        if self.0.fetch_sub(1, Ordering::Release) == 1 {
            self.acquire_all();
            Released::Destroy
        } else {
            Released::Nothing
        }
    }

    #[inline]
    fn get(&self) -> usize {
        // O4, Relaxed: a number to look at; nothing is concluded from it.
        let count = self.0.load(Ordering::Relaxed);
        if count < LINK { usize::try_from(count).unwrap_or(usize::MAX) } else { 0 }
    }
}

impl Word {
    /// Called after the last decrement, before destruction.
    #[inline]
    fn acquire_all(&self) {
        // O3, Acquire: pairs with O2 of every other holder. The value read is the last decrement's,
        // which continues the release sequence of all others. A load rather than a fence: as cheap,
        // and ThreadSanitizer understands it.
        let count = self.0.load(Ordering::Acquire);
        debug_assert_eq!(count, 0, "nobody can retain what nobody holds");
    }

    /// No reference yet; to be published.
    pub(crate) fn unborn() -> Self {
        Word(AtomicU64::new(0))
    }

    /// The one reference of an object that is made while there are weak references to it already.
    pub(crate) fn publish(&self) {
        // O5, Release: pairs with O5 of an upgrade. The contents were written before.
        self.0.swap(1, Ordering::Release);
    }

    /// Adds one for a holder of a weak reference, unless the last reference has gone.
    pub(crate) fn upgrade(&self) -> Upgraded {
        // O4: the value is confirmed by the exchange.
        let mut seen = self.0.load(Ordering::Relaxed);
        while seen != 0 && seen < LINK {
            // O5, Acquire: pairs with O5 of the publication; otherwise as O1: the weak reference
            // comes from a holder of a reference. Relaxed on failure: only the next
            // attempt's value.
            match self.0.compare_exchange(seen, seen + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) if seen <= LIMIT => return Upgraded::Reference,
                Ok(_) => return Upgraded::Abort,
                Err(now) => seen = now,
            }
        }
        Upgraded::Gone
    }

    /// Whether there is one reference, which is the caller's.
    pub(crate) fn is_one(&self) -> bool {
        // O6, Acquire: pairs with O2 of all who had one. What they did with the contents comes
        // before what the caller does now.
        self.0.load(Ordering::Acquire) == 1
    }

    /// Takes the caller's reference away if it is the only one.
    #[must_use]
    pub(crate) fn try_take(&self) -> bool {
        // O7, Acquire: pairs with O2, as O3. Relaxed on failure: nothing is concluded but that
        // there are others.
        self.0.compare_exchange(1, 0, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Keeps an address in the word of an object that is gone.
    pub(crate) fn store_link(&self, address: usize) {
        // O8, Relaxed: read back by the same thread; others see that it is no count, as they would
        // see that it is zero.
        self.0.store(address as u64 | LINK, Ordering::Relaxed);
    }

    /// The address in the word.
    pub(crate) fn load_link(&self) -> usize {
        // O8, Relaxed: written by the same thread.
        (self.0.load(Ordering::Relaxed) & !LINK) as usize
    }
}

#[cfg(feature = "testing")]
impl keyway_object_model::testing::WordNearLimit for Word {
    const LIMIT: u64 = LIMIT;

    fn leak(&self, references: u64) {
        // O1, Relaxed: as a retain.
        let leak = |count: u64| count.checked_add(references).filter(|&count| count <= LIMIT + 1);
        let leaked = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, leak);
        leaked.expect("more references than the word can hold");
    }
}

impl CountWords for Word {
    #[inline]
    fn claim(&mut self) {
        self.0.with_exclusive(|_| ());
    }
}
