//! The number of weak references to an object: all accesses to it, and their orderings. The ids
//! `O1` to `O7` are rows of PROTOCOL.md.

use keyway_sync::Exclusive;
use keyway_sync::atomic::{AtomicU64, Ordering};

/// In the word while somebody looks whether there are weak references; nobody makes one meanwhile.
const LOCKED: u64 = u64::MAX;

/// A count above this ends the process, so that it can never wrap.
const LIMIT: u64 = u64::MAX / 2;

/// How many weak references an object has, and one more for all references together. The thread
/// that takes the last one away frees the memory.
#[derive(Debug)]
pub(crate) struct WeakCount(AtomicU64);

impl WeakCount {
    /// No weak reference; one for the references.
    #[inline]
    pub(crate) fn new() -> Self {
        WeakCount(AtomicU64::new(1))
    }

    /// A holder of a reference makes a weak one. False if there are too many to go on. Waits while
    /// the word is locked: while another holder of a reference finds out whether that is the only
    /// one.
    #[must_use]
    pub(crate) fn increment_from_reference(&self) -> bool {
        // O1, Relaxed: the value is confirmed by the exchange.
        let mut seen = self.0.load(Ordering::Relaxed);
        let mut looks = 0;
        loop {
            if seen == LOCKED {
                keyway_sync::thread::yield_after(&mut looks);
                // O1.
                seen = self.0.load(Ordering::Relaxed);
                continue;
            }
            // O2, Acquire: pairs with O6, so that the changes that the holder of the lock made to
            // the contents come before every use of the new weak reference. Relaxed on failure:
            // only the next attempt's value.
            match self.0.compare_exchange(seen, seen + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return seen <= LIMIT,
                // If it is locked again, this is another wait.
                Err(now) => (seen, looks) = (now, 0),
            }
        }
    }

    /// A holder of a weak reference makes another. False if there are too many to go on.
    #[must_use]
    pub(crate) fn increment(&self) -> bool {
        // O3, Relaxed: a thread that adds one has one; nothing is published. The word is not locked
        // while there is a weak reference.
        self.0.fetch_add(1, Ordering::Relaxed) <= LIMIT
    }

    /// Takes one away, or the one of all references. True if it was the last: then the memory is
    /// the caller's.
    #[must_use]
    pub(crate) fn decrement(&self) -> bool {
        // O4, Release: pairs with O5 and O7. What this holder did with the header comes before
        // whatever the last one does with it.
        if self.0.fetch_sub(1, Ordering::Release) != 1 {
            return false;
        }
        // O7, Acquire: pairs with O4 of all others, whose release sequences the value read
        // continues.
        self.0.load(Ordering::Acquire);
        true
    }

    /// Whether there is no weak reference, asked by the thread that has the last reference or has
    /// just released it: then it stays so.
    #[inline]
    pub(crate) fn is_one(&self) -> bool {
        // O7, Acquire: pairs with O4.
        self.0.load(Ordering::Acquire) == 1
    }

    /// If there is no weak reference, keeps it so until [`unlock`](Self::unlock).
    #[must_use]
    pub(crate) fn try_lock(&self) -> bool {
        // O5, Acquire: pairs with O4, so that the effects of a weak reference which is gone, above
        // all an upgrade, are seen in the count. Relaxed on failure: nothing is concluded but
        // that there is one.
        self.0.compare_exchange(1, LOCKED, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Ends a successful [`try_lock`](Self::try_lock).
    pub(crate) fn unlock(&self) {
        // O6, Release: pairs with O2. A swap rather than a store: the word is read and modified by
        // others meanwhile.
        self.0.swap(1, Ordering::Release);
    }

    /// The number of weak references, as well as can be told.
    pub(crate) fn get(&self) -> u64 {
        // O1, Relaxed: a number to look at.
        let count = self.0.load(Ordering::Relaxed);
        if count == LOCKED { 0 } else { count.saturating_sub(1) }
    }

    /// Takes the word for the caller's exclusive use; see
    /// [`CountWords::claim`](crate::CountWords::claim).
    pub(crate) fn claim(&mut self) {
        self.0.with_exclusive(|_| ());
    }
}
