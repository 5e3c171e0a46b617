//! The header's words: all accesses to them, and their orderings.

use std::fmt::Debug;
use std::hint::cold_path;
use std::mem::offset_of;

use keyway_object_model::CountWords;
use keyway_sync::Exclusive;
use keyway_sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::bits::{Bias, LIMIT, LINK, MERGED, MOST, ONE, Own, PROBED, SPILL, Shared, WEAK};
use crate::layout::{Apart, Layout};

/// The count of one object, in two parts. References are the count in `own` plus that in `shared`,
/// while there is an owner; then those in `shared`, which may be negative before.
///
/// Where they lie apart, each begins 64 bytes after the one before, and so do the contents; the
/// link of the list of objects to be destroyed is kept in the first, `maker`.
#[derive(Debug)]
#[repr(C)]
pub struct Words<L: Layout> {
    maker: L::Maker,
    _before_own: L::Gap,
    own: AtomicU64,
    _before_shared: L::Gap,
    shared: AtomicI64,
    _before_contents: L::Gap,
}

/// The maker of an object, as far as that is kept: a word that is written before others see the
/// object, and never again.
pub trait Maker: Debug + Send + Sync + 'static {
    /// The thread of this bias makes the object.
    fn of(bias: Bias) -> Self;

    /// Whether the thread of this bias may be the owner. False only if it has not made the object.
    fn may_be(&self, bias: Bias) -> bool;

    /// The thread of this bias has made an object that other holders of weak references to it know
    /// already.
    fn publish(&self, bias: Bias);

    /// As [`CountWords::claim`].
    fn claim(&mut self);
}

/// Not kept: anybody may be the owner, whom `own` names.
impl Maker for () {
    #[inline]
    fn of(_: Bias) -> Self {}

    #[inline]
    fn may_be(&self, _: Bias) -> bool {
        true
    }

    fn publish(&self, _: Bias) {}

    #[inline]
    fn claim(&mut self) {}
}

/// The bias of the thread that made the object; 0, which is nobody's, if it was born without an
/// owner.
#[derive(Debug)]
pub struct MakerWord(AtomicU64);

impl Maker for MakerWord {
    #[inline]
    fn of(bias: Bias) -> Self {
        MakerWord(AtomicU64::new(bias.0))
    }

    #[inline]
    fn may_be(&self, bias: Bias) -> bool {
        // O20, Relaxed: a thread finds its own bias only where it has written it, and then finds
        // nothing else.
        self.0.load(Ordering::Relaxed) == bias.0
    }

    fn publish(&self, bias: Bias) {
        // O20, Relaxed: others are not this thread, whether they see the old value or the new one.
        self.0.store(bias.0, Ordering::Relaxed);
    }

    #[inline]
    fn claim(&mut self) {
        self.0.with_exclusive(|_| ());
    }
}

/// Where the words of one object lie apart, none shares a line of 64 bytes with another, nor the
/// last with the contents.
const _: () = assert!(
    keyway_sync::MODELLED
        || offset_of!(Words<Apart>, maker) == 0
            && offset_of!(Words<Apart>, own) == 64
            && offset_of!(Words<Apart>, shared) == 128
            && size_of::<Words<Apart>>() == 192
);

/// The result of a merge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Merged {
    /// How many references.
    pub(crate) left: i64,
    /// Whether the object was marked as queued: the owner's queue may have an entry of it, which
    /// goes on owning a reference.
    pub(crate) was_queued: bool,
}

impl<L: Layout> Words<L> {
    #[inline(always)]
    fn new(maker: Bias, own: u64, shared: i64) -> Self {
        Words {
            maker: L::Maker::of(maker),
            _before_own: L::Gap::default(),
            own: AtomicU64::new(own),
            _before_shared: L::Gap::default(),
            shared: AtomicI64::new(shared),
            _before_contents: L::Gap::default(),
        }
    }

    /// One reference, of the thread with this bias, which becomes the owner.
    #[inline]
    pub(crate) fn owned_by(bias: Bias) -> Self {
        if bias.is_biased() {
            // An addition undone: the id, and a count of one.
            return Words::new(bias, 1_u64.wrapping_sub(bias.0), 0);
        }
        cold_path();
        Words::born_merged()
    }

    /// One reference, and no owner.
    #[inline]
    pub(crate) fn born_merged() -> Self {
        Words::new(Bias::NOBODYS, Own::NONE.0, ONE | MERGED)
    }

    /// The owner and its count.
    ///
    /// Exact where it answers "is it me, and how many?" for an attached thread: only that thread
    /// writes this word then. For anyone else, a hint.
    #[inline]
    pub(crate) fn own(&self) -> Own {
        // O1, Relaxed: the answer "me" is this thread's own doing (I2); any other answer is
        // confirmed by an access to `shared` or under the bucket's lock.
        Own(self.own.load(Ordering::Relaxed))
    }

    /// The owner and its count, if the thread of this bias may be the owner; otherwise nothing, and
    /// the owner's line is not touched.
    #[inline]
    pub(crate) fn own_of(&self, bias: Bias) -> Own {
        if self.maker.may_be(bias) { self.own() } else { Own::NONE }
    }

    /// The owner adds a reference, for which there is room. `own` is what it has just read.
    #[inline]
    pub(crate) fn increment_own(&self, own: Own) {
        debug_assert!((own.count() as u64) < MOST, "there is room for one reference more");
        // O3, Relaxed: others only look at it; a thread that takes it over does so under the
        // bucket's lock.
        self.own.store(own.0 + 1, Ordering::Relaxed);
    }

    /// The owner adds a reference to a full `own`: about half of what it counts goes to `shared`
    /// first.
    pub(crate) fn spill(&self) {
        // O5, Relaxed: as every increment of `shared`. It comes before the store below, so that the
        // sum never falls short for this thread; others conclude nothing from the sum.
        self.shared.fetch_add(SPILL as i64 * ONE, Ordering::Relaxed);
        // O1, O3.
        self.own.store(self.own().0 - SPILL + 1, Ordering::Relaxed);
    }

    /// The owner takes a reference away that is not the last it counts. `own` is what it has just
    /// read.
    #[inline]
    pub(crate) fn decrement_own(&self, own: Own) {
        debug_assert!(own.count() > 1, "the last reference that an owner counts is not taken away alone");
        // O24, Release: pairs with O21. Another may find that the owner has no reference left; what
        // the owner did with the object comes before what that one does.
        self.own.store(own.0 - 1, Ordering::Release);
    }

    /// The owner releases the last reference that it counts: how many have the others?
    #[inline]
    pub(crate) fn shared_after_last_local(&self) -> Shared {
        // O4, Acquire: pairs with O7. If the whole word is zero, the object is destroyed without
        // any further step, so the uses by others before their releases must happen before
        // that.
        Shared(self.shared.load(Ordering::Acquire))
    }

    /// A thread that is not the owner adds a reference. False if the count has become too high to
    /// go on.
    #[inline]
    #[must_use]
    pub(crate) fn increment_shared(&self) -> bool {
        // O5, Relaxed: the adding thread has a reference already, which orders all before it;
        // nothing is published.
        self.shared.fetch_add(ONE, Ordering::Relaxed) <= LIMIT
    }

    /// A thread that is not the owner looks before releasing.
    #[inline]
    pub(crate) fn shared(&self) -> Shared {
        // O10, Relaxed: MERGED is final, so seeing it suffices; anything else is confirmed by a
        // compare-exchange.
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
        // O9, Acquire: pairs with O6, O7 and O8 of every other holder and of the merge. The value
        // read is the last decrement's, which continues the release sequence of all others.
        let shared = Shared(self.shared.load(Ordering::Acquire));
        debug_assert_eq!(shared.count(), 0, "nobody can retain what nobody holds");
    }

    /// A thread that is not the owner takes a reference away, if `seen` is still there; otherwise
    /// what is there instead.
    #[inline]
    pub(crate) fn try_decrement_unmerged(&self, seen: Shared) -> Result<(), Shared> {
        debug_assert!(!seen.is_merged());
        // O7, Release: pairs with O4, O8 and O9 of whoever finds that nobody holds the object.
        self.exchange(seen, seen.less(), Ordering::Release)
    }

    /// A thread that is not the owner marks the object as queued, if `seen` is still there;
    /// otherwise what is there instead.
    pub(crate) fn try_mark_queued(&self, seen: Shared) -> Result<(), Shared> {
        debug_assert!(!seen.is_merged() && !seen.is_queued() && seen.count() == 0);
        // O11, Relaxed: only decides which thread queues the object. The caller's uses of it are
        // ordered by the bucket's lock, under which the reference is handed over, or by the
        // decrement that takes its place.
        self.exchange(seen, seen.queued(), Ordering::Relaxed)
    }

    /// Ends the ownership: moves what the owner counts to `shared`, less `taken` references that
    /// the caller owns. If none is left, or `taken` is 0, the caller may touch the object
    /// afterwards.
    ///
    /// The caller is the attached owner, or holds the lock of the owner's bucket while the owner is
    /// not in the table (I2).
    pub(crate) fn merge(&self, taken: i64) -> Merged {
        // O2, Relaxed: nobody but the caller writes `own` (I2).
        let local = Own(self.own.load(Ordering::Relaxed)).count() - taken;
        // O12, Relaxed. Before the exchange: from its success on, anyone may destroy the object,
        // and a later write would be to freed memory. A reader of the old value goes to the bucket
        // and finds out there.
        self.own.store(Own::NONE.0, Ordering::Relaxed);
        // O10.
        let mut seen = self.shared();
        loop {
            let merged = seen.merged(local);
            // O8, AcqRel. Release: pairs with O9 of the destroying thread; orders the store
            // above and the owner's use of the object. Acquire: pairs with O7, for the case that
            // nobody is left and the caller destroys it.
            match self.exchange(seen, merged, Ordering::AcqRel) {
                Ok(()) => return Merged { left: merged.count(), was_queued: seen.is_queued() },
                Err(now) => seen = now,
            }
        }
    }

    /// No reference yet, and weak ones perhaps; to be published.
    pub(crate) fn unborn() -> Self {
        Words::new(Bias::NOBODYS, Own::NONE.0, MERGED | WEAK)
    }

    /// The one reference of an object that is made while there are weak references to it already;
    /// it is of the thread of this bias, which becomes the owner.
    pub(crate) fn publish(&self, bias: Bias) {
        let born = if bias.is_biased() { WEAK } else { ONE | MERGED | WEAK };
        if bias.is_biased() {
            self.maker.publish(bias);
            // O12, Relaxed: others that read it go on to `shared`, or to the bucket.
            self.own.store(1_u64.wrapping_sub(bias.0), Ordering::Relaxed);
        }
        // O15, Release: pairs with O16. The contents were written before. A swap, since others read
        // the word meanwhile.
        self.shared.swap(born, Ordering::Release);
    }

    /// A holder of a reference makes known that there may be weak ones.
    pub(crate) fn note_weak(&self) {
        // O10: once set, it stays.
        let mut seen = self.shared();
        while !seen.is_weak() {
            // O5, Relaxed: as an increment; whoever makes a weak reference has a reference, and
            // nothing is published.
            match self.exchange(seen, Shared(seen.0 | WEAK), Ordering::Relaxed) {
                Ok(()) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// A thread that has a weak reference, and is not the owner, adds a reference: none if the last
    /// has gone, false if the count has become too high to go on.
    pub(crate) fn increment_unless_gone(&self) -> Option<bool> {
        // O10: that the last has gone is final; anything else is confirmed by the exchange.
        let mut seen = self.shared();
        while !seen.is_gone() {
            // O16, Acquire: pairs with O15; otherwise as O5, for who has the weak reference has it
            // from a holder of a reference.
            match self.exchange(seen, seen.more(), Ordering::Acquire) {
                Ok(()) => return Some(seen.0 <= LIMIT),
                Err(now) => seen = now,
            }
        }
        None
    }

    /// The others' count, as seen by a thread that may conclude that there are none.
    pub(crate) fn shared_to_judge(&self) -> Shared {
        // O17, Acquire: pairs with O6, O7 and O8. If nobody else has a reference, what others did
        // with the object comes before what the caller does next.
        Shared(self.shared.load(Ordering::Acquire))
    }

    /// Both words at one moment, for another thread than the owner, which has a reference and holds
    /// the lock of the owner's bucket; `seen` is the value that it has seen in `shared`, unmerged.
    /// None if `shared` has been written to meanwhile.
    pub(crate) fn probe(&self, seen: Shared) -> Option<Own> {
        debug_assert!(!seen.is_merged() && seen.0 & PROBED == 0);
        let probed = Shared(seen.0 | PROBED);
        // O22, Acquire: pairs with O7. The steps of others before their releases come before the
        // caller's conclusion; and the owner's steps that came before those releases are not
        // missed by the next load.
        self.exchange(seen, probed, Ordering::Acquire).ok()?;
        // O21, Acquire: pairs with O24.
        let own = Own(self.own.load(Ordering::Acquire));
        // O23, Relaxed: it succeeds only if nothing was written since the first exchange; then
        // `own` was that at a moment at which `shared` was this.
        if self.exchange(probed, seen, Ordering::Relaxed).is_ok() {
            return Some(own);
        }
        // Some who add to the word leave the mark.
        let mut now = self.shared();
        while now.0 & PROBED != 0 {
            // O23.
            match self.exchange(now, Shared(now.0 & !PROBED), Ordering::Relaxed) {
                Ok(()) => break,
                Err(next) => now = next,
            }
        }
        None
    }

    /// Takes the caller's reference to a merged object away if it is the only one.
    #[must_use]
    pub(crate) fn try_take_merged(&self) -> bool {
        // O10.
        let seen = self.shared();
        // O18, Acquire: pairs with O6, O7 and O8, as O9.
        seen.is_merged() && seen.count() == 1 && self.exchange(seen, seen.less(), Ordering::Acquire).is_ok()
    }

    /// Keeps an address in the words of an object that is gone.
    pub(crate) fn store_link(&self, address: usize) {
        // O19, Relaxed: read back by the same thread. Other holders of weak references see that the
        // object is gone, as they have before.
        self.shared.store(address as i64 | LINK | WEAK, Ordering::Relaxed);
    }

    /// The address in the words.
    pub(crate) fn load_link(&self) -> usize {
        // O19, Relaxed: written by the same thread.
        (self.shared.load(Ordering::Relaxed) & !(LINK | WEAK)) as usize
    }

    /// The references that the owner counts, none after the merge, and those that others count, one
    /// after the other.
    pub(crate) fn counts(&self) -> (i64, i64) {
        // Numbers to look at; nothing is concluded from them. O1 and O10.
        let local = self.own().count();
        let shared = self.shared();
        if shared.is_gone() {
            return (0, 0);
        }
        // Once merged, the shared word is the whole count; the value of `own` just now may be
        // counted in it already.
        (if shared.is_merged() { 0 } else { local }, shared.count())
    }

    /// The references without the one that a queue owns, or is about to: its last holder has
    /// dropped it.
    pub(crate) fn references(&self) -> i64 {
        // Numbers to look at, as in `counts`. O1 and O10.
        let local = self.own().count();
        let shared = self.shared();
        match (shared.is_gone(), shared.is_merged()) {
            (true, _) => 0,
            (false, true) => shared.count(),
            (false, false) => local + shared.count() - i64::from(shared.is_queued()),
        }
    }

    fn exchange(&self, seen: Shared, new: Shared, success: Ordering) -> Result<(), Shared> {
        // O7, O11, O22 and their like: the caller names the ordering. Relaxed on failure: the value
        // is only the next attempt's `seen`.
        match self.shared.compare_exchange(seen.0, new.0, success, Ordering::Relaxed) {
            Ok(_) => Ok(()),
            Err(now) => Err(Shared(now)),
        }
    }

    /// Adds references of the owner that nobody will ever release, as many as there is room for;
    /// returns how many are left.
    #[cfg(feature = "testing")]
    pub(crate) fn leak_own(&self, references: u64) -> u64 {
        let own = self.own();
        let leaked = references.min(MOST - own.count() as u64);
        // O3, Relaxed: as an increment.
        self.own.store(own.0 + leaked, Ordering::Relaxed);
        references - leaked
    }

    /// Adds references of others that nobody will ever release.
    #[cfg(feature = "testing")]
    pub(crate) fn leak_shared(&self, references: u64) {
        let leak = |shared: i64| {
            let references = i64::try_from(references).ok()?.checked_mul(ONE)?;
            shared.checked_add(references).filter(|&shared| shared <= LIMIT)
        };
        // O5, Relaxed: as an increment.
        let leaked = self.shared.fetch_update(Ordering::Relaxed, Ordering::Relaxed, leak);
        leaked.expect("more references than the word can hold");
    }
}

impl<L: Layout> CountWords for Words<L> {
    #[inline]
    fn claim(&mut self) {
        self.maker.claim();
        self.own.with_exclusive(|_| ());
        self.shared.with_exclusive(|_| ());
    }
}
