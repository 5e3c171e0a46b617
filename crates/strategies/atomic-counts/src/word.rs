//! The header's word: all accesses to it, and their orderings.

use keyway_object_model::CountWords;
use keyway_sync::Exclusive;
use keyway_sync::atomic::{AtomicU64, Ordering};

/// The number of references.
#[derive(Debug)]
pub struct Word(AtomicU64);

/// A count above this aborts, so that it can never wrap: there is room for as many retains again before it would.
const LIMIT: u64 = u64::MAX / 2;

impl Word {
    /// One reference.
    #[inline]
    pub(crate) fn new() -> Self {
        Word(AtomicU64::new(1))
    }

    /// Adds one. False if the count has become too high to go on.
    #[inline]
    #[must_use]
    pub(crate) fn increment(&self) -> bool {
        // O1, Relaxed: whoever adds a reference has one already, which orders everything before it; nothing is published.
        self.0.fetch_add(1, Ordering::Relaxed) <= LIMIT
    }

    /// Takes one away. True if it was the last.
    #[inline]
    #[must_use]
    pub(crate) fn decrement(&self) -> bool {
        // O2, Release: pairs with O3 of whoever takes the last one away. Orders this holder's use of the object before its
        // destruction.
        self.0.fetch_sub(1, Ordering::Release) == 1
    }

    /// Called after the last decrement, before destruction.
    #[inline]
    pub(crate) fn acquire_all(&self) {
        // O3, Acquire: pairs with O2 of every other holder. The value read is the last decrement's, which continues the release
        // sequence of all others. A load rather than a fence: as cheap, and ThreadSanitizer understands it.
        let count = self.0.load(Ordering::Acquire);
        debug_assert_eq!(count, 0, "nobody can retain what nobody holds");
    }

    /// The number of references at some moment during the call.
    #[inline]
    pub(crate) fn get(&self) -> u64 {
        // O4, Relaxed: a number to look at; nothing is concluded from it.
        self.0.load(Ordering::Relaxed)
    }

    /// Adds references that nobody will ever release.
    #[cfg(feature = "testing")]
    pub(crate) fn leak(&self, references: u64) {
        // Relaxed: as O1.
        let leak = |count: u64| count.checked_add(references).filter(|&count| count <= LIMIT + 1);
        let leaked = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, leak);
        leaked.expect("more references than the word can hold");
    }
}

#[cfg(feature = "testing")]
impl Word {
    pub(crate) const LIMIT: u64 = LIMIT;
}

impl CountWords for Word {
    #[inline]
    fn claim(&mut self) {
        self.0.with_exclusive(|_| ());
    }

    #[inline]
    fn set_link(&mut self, address: usize) {
        self.0.with_exclusive(|word| *word = address as u64);
    }

    #[inline]
    fn link(&mut self) -> usize {
        self.0.with_exclusive(|word| *word as usize)
    }
}
