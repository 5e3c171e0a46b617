//! The header's words: all accesses to them, and their orderings.

use keyway_object_model::CountWords;
use keyway_sync::Exclusive;
use keyway_sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// The id of a thread that may own objects. [`NOBODY`] and [`UNBIASED`] are never given out.
pub(crate) type ThreadId = u32;

/// In `owner`: the object has no owner. Once there, it stays there.
pub(crate) const NOBODY: ThreadId = 0;

/// What a thread is called for which no id is left; its objects are born merged, and it owns none.
pub(crate) const UNBIASED: ThreadId = u32::MAX;

/// In `shared`: the object is in its owner's queue, and the queue owns one reference. Until it is merged.
const QUEUED: i64 = 1;

/// In `shared`: the object has no owner, and `shared` alone is the count. Never unset once set.
const MERGED: i64 = 1 << 1;

/// In `shared`: kept for weak references; always 0 today. The owner's free without an atomic step needs it to be 0.
const WEAK: i64 = 1 << 2;

/// The bits of `shared` that are not part of its count.
const FLAGS: i64 = QUEUED | MERGED | WEAK;

/// One reference in `shared`.
const ONE: i64 = 1 << 3;

/// How many references go from `local` to `shared` when `local` is full.
const SPILL: u32 = 1 << 31;

/// A shared word above this aborts, so that its count can never wrap: there is room for as many retains again before it would.
const LIMIT: i64 = i64::MAX / 2;

/// The count of one object, in two parts. References are `local` plus the count in `shared`, while there is an owner; then
/// those in `shared`, which may be negative before.
#[derive(Debug)]
#[repr(C)]
pub struct Words {
    owner: AtomicU32,
    local: AtomicU32,
    shared: AtomicI64,
}

/// What was in `shared` at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Shared(i64);

impl Shared {
    /// References counted here; negative while an owner counts more than there are.
    pub(crate) fn count(self) -> i64 {
        self.0 >> ONE.trailing_zeros()
    }

    pub(crate) fn is_merged(self) -> bool {
        self.0 & MERGED != 0
    }

    pub(crate) fn is_queued(self) -> bool {
        self.0 & QUEUED != 0
    }

    /// Whether nobody but the owner has a reference, nor any claim to be told anything: the whole word is zero.
    pub(crate) fn is_untouched(self) -> bool {
        self.0 == 0
    }

    /// One reference less.
    fn less(self) -> Self {
        Shared(self.0 - ONE)
    }

    /// In the queue, which owns the reference that the caller had.
    fn queued(self) -> Self {
        Shared(self.0 | QUEUED)
    }

    /// Without an owner, whose `local` references are counted here from now on.
    fn merged(self, local: i64) -> Self {
        Shared(((self.0 & !FLAGS) + local * ONE) | MERGED)
    }
}

impl Words {
    /// One reference, of thread `id`, which becomes the owner.
    #[inline]
    pub(crate) fn owned_by(id: ThreadId) -> Self {
        if id == UNBIASED {
            return Words::born_merged();
        }
        Words { owner: AtomicU32::new(id), local: AtomicU32::new(1), shared: AtomicI64::new(0) }
    }

    #[cold]
    fn born_merged() -> Self {
        Words {
            owner: AtomicU32::new(NOBODY),
            local: AtomicU32::new(0),
            shared: AtomicI64::new(ONE | MERGED),
        }
    }

    /// The owner, or [`NOBODY`].
    ///
    /// Exact where it answers "is it me?" for an attached thread: only that thread writes this word then. For anyone else, a hint.
    #[inline]
    pub(crate) fn owner(&self) -> ThreadId {
        // O1, Relaxed: the answer "me" is this thread's own doing (I2); any other answer is confirmed by an access to `shared`
        // or under the bucket's lock.
        self.owner.load(Ordering::Relaxed)
    }

    /// The owner adds a reference. Plain, but for one time in 2^31 when the word is full.
    #[inline]
    pub(crate) fn increment_local(&self) {
        // O2, Relaxed: only this thread writes `local` (I2).
        let local = self.local.load(Ordering::Relaxed);
        let more = local.wrapping_add(1);
        if more == 0 {
            return self.spill();
        }
        // O3, Relaxed: others only look at it; who takes it over does so under the bucket's lock.
        self.local.store(more, Ordering::Relaxed);
    }

    /// Adds a reference to a full `local`: half of the word goes to `shared` first.
    #[cold]
    fn spill(&self) {
        // O5, Relaxed: as every increment of `shared`. It comes before the store below, so that the sum never falls short for
        // this thread; others conclude nothing from the sum.
        self.shared.fetch_add(i64::from(SPILL) * ONE, Ordering::Relaxed);
        // O3.
        self.local.store(u32::MAX - SPILL + 1, Ordering::Relaxed);
    }

    /// The owner takes a reference away, unless it is the last that `local` counts: then it changes nothing and answers false,
    /// and the reference is still to be released.
    #[inline]
    #[must_use]
    pub(crate) fn decrement_local(&self) -> bool {
        // O2.
        let local = self.local.load(Ordering::Relaxed);
        debug_assert!(local > 0, "the owner released more references than it counts");
        // Wrapping, as in `increment_local`: the decrement's own flags decide the branch, and the last one stores nothing.
        let left = local.wrapping_sub(1);
        if left == 0 {
            return false;
        }
        // O3.
        self.local.store(left, Ordering::Relaxed);
        true
    }

    /// The owner releases the last reference that `local` counts: what have the others?
    #[inline]
    pub(crate) fn shared_after_last_local(&self) -> Shared {
        // O4, Acquire: pairs with O7. If the whole word is zero, the object is destroyed without any further step, so
        // what others did with it before they released it must happen before that.
        Shared(self.shared.load(Ordering::Acquire))
    }

    /// Someone who is not the owner adds a reference. False if the count has become too high to go on.
    #[inline]
    #[must_use]
    pub(crate) fn increment_shared(&self) -> bool {
        // O5, Relaxed: whoever adds a reference has one already, which orders everything before it; nothing is published.
        self.shared.fetch_add(ONE, Ordering::Relaxed) <= LIMIT
    }

    /// Someone who is not the owner looks before releasing.
    #[inline]
    pub(crate) fn shared(&self) -> Shared {
        // O10, Relaxed: MERGED is final, so seeing it suffices; anything else is confirmed by a compare-exchange.
        Shared(self.shared.load(Ordering::Relaxed))
    }

    /// Takes a reference to a merged object away. True if it was the last.
    #[inline]
    #[must_use]
    pub(crate) fn decrement_merged(&self) -> bool {
        // O6, Release: pairs with O9 of whoever takes the last one away.
        let before = Shared(self.shared.fetch_sub(ONE, Ordering::Release));
        debug_assert!(
            before.is_merged() && before.count() > 0,
            "a merged object's reference was released twice"
        );
        before.count() == 1
    }

    /// Called after the last decrement of a merged object, before destruction.
    #[inline]
    pub(crate) fn acquire_all(&self) {
        // O9, Acquire: pairs with O6, O7 and O8 of every other holder and of the merge. The value read is the last decrement's, which continues
        // the release sequence of all others.
        let shared = Shared(self.shared.load(Ordering::Acquire));
        debug_assert_eq!(shared.count(), 0, "nobody can retain what nobody holds");
    }

    /// Someone who is not the owner takes a reference away, if `seen` is still there; otherwise what is there instead.
    #[inline]
    pub(crate) fn try_decrement_unmerged(&self, seen: Shared) -> Result<(), Shared> {
        debug_assert!(!seen.is_merged());
        // O7, Release: pairs with O4, O8 and O9 of whoever finds that nobody holds the object.
        self.exchange(seen, seen.less(), Ordering::Release)
    }

    /// Someone who is not the owner marks the object as queued, if `seen` is still there; otherwise what is there instead.
    pub(crate) fn try_mark_queued(&self, seen: Shared) -> Result<(), Shared> {
        debug_assert!(!seen.is_merged() && !seen.is_queued() && seen.count() == 0);
        // O11, Relaxed: only decides who queues the object. What the caller did with it is ordered by the bucket's lock, under
        // which the reference is handed over, or by the decrement that takes its place.
        self.exchange(seen, seen.queued(), Ordering::Relaxed)
    }

    /// Ends the ownership: moves what `local` counts to `shared`, less `taken` references that the caller owns. Returns how
    /// many references are left; the caller no longer touches the object unless that is none.
    ///
    /// The caller is the attached owner, or holds the lock of the owner's bucket while the owner is not in the table (I2).
    pub(crate) fn merge(&self, taken: i64) -> i64 {
        // O2.
        let local = i64::from(self.local.load(Ordering::Relaxed)) - taken;
        // Before the exchange: from its success on, anyone may destroy the object, and a later write would be to freed memory.
        // O3 for `local`. O12 for `owner`, Relaxed: who reads the old value goes to the bucket and finds out there.
        self.local.store(0, Ordering::Relaxed);
        self.owner.store(NOBODY, Ordering::Relaxed);
        // O10.
        let mut seen = self.shared();
        loop {
            let merged = seen.merged(local);
            // O8, AcqRel. Release: pairs with O9 of whoever destroys the object; orders the stores above and the owner's
            // use of the object. Acquire: pairs with O7, for the case that nobody is left and the caller destroys it.
            match self.exchange(seen, merged, Ordering::AcqRel) {
                Ok(()) => return merged.count(),
                Err(now) => seen = now,
            }
        }
    }

    /// The references that the owner counts, none after the merge, and those that others count, one after the other.
    pub(crate) fn counts(&self) -> (u32, i64) {
        // Relaxed: numbers to look at; nothing is concluded from them. O2 and O10.
        let local = self.local.load(Ordering::Relaxed);
        let shared = self.shared();
        // Once merged, the shared word alone is the count; what was in `local` just now may be counted in it already.
        (if shared.is_merged() { 0 } else { local }, shared.count())
    }

    fn exchange(&self, seen: Shared, new: Shared, success: Ordering) -> Result<(), Shared> {
        // Relaxed on failure: the value is only the next attempt's `seen`.
        match self.shared.compare_exchange(seen.0, new.0, success, Ordering::Relaxed) {
            Ok(_) => Ok(()),
            Err(now) => Err(Shared(now)),
        }
    }

    /// Adds references of the owner that nobody will ever release.
    #[cfg(feature = "testing")]
    pub(crate) fn leak_local(&self, references: u32) {
        let local = self.local.load(Ordering::Relaxed);
        self.local
            .store(local.checked_add(references).expect("more than the word can hold"), Ordering::Relaxed);
    }

    /// Adds references of others that nobody will ever release.
    #[cfg(feature = "testing")]
    pub(crate) fn leak_shared(&self, references: u64) {
        let leak = |shared: i64| {
            let references = i64::try_from(references).ok()?.checked_mul(ONE)?;
            shared.checked_add(references).filter(|&shared| shared <= LIMIT)
        };
        let leaked = self.shared.fetch_update(Ordering::Relaxed, Ordering::Relaxed, leak);
        leaked.expect("more references than the word can hold");
    }
}

impl CountWords for Words {
    #[inline]
    fn claim(&mut self) {
        self.owner.with_exclusive(|_| ());
        self.local.with_exclusive(|_| ());
        self.shared.with_exclusive(|_| ());
    }

    #[inline]
    fn set_link(&mut self, address: usize) {
        self.shared.with_exclusive(|word| *word = address as i64);
    }

    #[inline]
    fn link(&mut self) -> usize {
        self.shared.with_exclusive(|word| *word as usize)
    }
}
