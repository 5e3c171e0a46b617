//! The meaning of the words' bits: the value of each at one moment, and the conclusions from it.
//! Plain values: `word` has the accesses.

/// The id of a thread that may own objects. [`NOBODY`] and [`UNBIASED`] are never given out.
pub(crate) type ThreadId = u32;

/// In `own`: the object has no owner. Once there, it stays there.
pub(crate) const NOBODY: ThreadId = 0;

/// The id of a thread for which no id is left; its objects are born merged, and it owns none.
pub(crate) const UNBIASED: ThreadId = u32::MAX;

/// In `shared`: the object is in its owner's queue, and the queue owns one reference. Until it is
/// merged.
pub(crate) const QUEUED: i64 = 1;

/// In `shared`: the object has no owner, and `shared` is the whole count. Never unset once set.
pub(crate) const MERGED: i64 = 1 << 1;

/// In `shared`: there may be weak references. Never unset once set. The owner's free without an
/// atomic step needs it to be 0.
pub(crate) const WEAK: i64 = 1 << 2;

/// In `shared`: a thread that is not the owner is comparing both words, under the lock of the
/// owner's bucket. Cleared by every release and by the merge, so that it tells whether `shared` has
/// been written to and is the same again.
pub(crate) const PROBED: i64 = 1 << 3;

/// In `shared`, both together: the object is gone, and what would be its count is an address.
pub(crate) const LINK: i64 = QUEUED | MERGED;

/// One reference in `shared`.
pub(crate) const ONE: i64 = 1 << 4;

/// How many references an owner counts at most; it has half of the 32 bits, so that one comparison
/// with a constant of an instruction tells both whether the owner is me and whether there is room.
pub(crate) const MOST: u64 = (1 << 31) - 1;

/// How many references go from `own` to `shared` when `own` is full.
pub(crate) const SPILL: u64 = 1 << 30;

/// A shared word above this aborts, so that its count can never wrap: there is room for as many
/// retains again before it would.
pub(crate) const LIMIT: i64 = i64::MAX / 2;

/// The value of `own` at one moment: the owner's id in the upper half, the owner's count in the
/// lower; all zero if there is no owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Own(pub(crate) u64);

impl Own {
    pub(crate) const NONE: Own = Own(0);

    /// The owner, or [`NOBODY`].
    pub(crate) fn owner(self) -> ThreadId {
        (self.0 >> 32) as ThreadId
    }

    /// References that the owner counts.
    pub(crate) fn count(self) -> i64 {
        i64::from(self.0 as u32)
    }

    /// References that the thread of this bias counts if it is the owner; otherwise above [`MOST`],
    /// as no other word lies in the 2^32 numbers that begin with an id.
    #[inline]
    pub(crate) fn counted_by(self, bias: Bias) -> u64 {
        self.0.wrapping_add(bias.0)
    }

    /// References beyond the first two that the thread of this bias counts if it is the owner;
    /// otherwise, or if it counts fewer, above [`MOST`].
    #[inline]
    pub(crate) fn beyond_two(self, bias: BiasLessTwo) -> u64 {
        self.0.wrapping_add(bias.0)
    }
}

/// The number that tells an attached thread from an owner: its id in the upper half, negated, so
/// that one addition to an `own` word leaves the count, or no count if the owner is another thread.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Bias(pub(crate) u64);

impl Bias {
    /// Of a thread that owns nothing.
    pub(crate) const NONE: Bias = Bias::of(UNBIASED);

    /// Of [`NOBODY`]: no thread's.
    pub(crate) const NOBODYS: Bias = Bias::of(NOBODY);

    pub(crate) const fn of(id: ThreadId) -> Self {
        Bias(((id as u64) << 32).wrapping_neg())
    }

    /// Whether the thread has an id of its own, and so may own objects.
    #[inline]
    pub(crate) fn is_biased(self) -> bool {
        self.0 != Bias::NONE.0
    }
}

/// A thread's bias, less two: with it, one addition and one comparison tell whether a release is
/// the owner's and not the last.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct BiasLessTwo(u64);

/// The value of [`Own::beyond_two`] for the owner that counts one.
pub(crate) const LAST: u64 = 1_u64.wrapping_sub(2);

impl BiasLessTwo {
    pub(crate) const fn of(bias: Bias) -> Self {
        BiasLessTwo(bias.0.wrapping_sub(2))
    }

    /// So much more that no release finds itself on the owner's plain path, and that the owner's
    /// still differ from all others: see [`owners_count`].
    pub(crate) const fn diverted(bias: Bias) -> Self {
        BiasLessTwo(BiasLessTwo::of(bias).0.wrapping_add(MOST + 1))
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        BiasLessTwo(bits)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }
}

/// The owner's count, if [`Own::beyond_two`] is the owner's, diverted or not; otherwise none. The
/// owner's lies in the 2^32 numbers that begin with its id, and no other word does.
pub(crate) fn owners_count(beyond_two: u64) -> Option<i64> {
    let counted = beyond_two.wrapping_add(2);
    (counted >> 32 == 0).then_some((counted & MOST) as i64)
}

/// The value of `shared` at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Shared(pub(crate) i64);

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

    pub(crate) fn is_weak(self) -> bool {
        self.0 & WEAK != 0
    }

    /// Whether, if the owner counts `counted` references, only one is left in addition to the
    /// queue's: the caller's, if the caller is the owner.
    pub(crate) fn leaves_the_queue_alone(self, counted: i64) -> bool {
        self.is_queued() && counted + self.count() == 2
    }

    /// Whether the last reference has gone, as somebody sees it who has none.
    pub(crate) fn is_gone(self) -> bool {
        self.0 & LINK == LINK || self.is_merged() && self.count() == 0
    }

    /// Whether nobody but the owner has a reference, nor any claim to be told anything: the whole
    /// word is zero.
    pub(crate) fn is_untouched(self) -> bool {
        self.0 == 0
    }

    /// One reference more.
    pub(crate) fn more(self) -> Self {
        Shared(self.0 + ONE)
    }

    /// One reference less.
    pub(crate) fn less(self) -> Self {
        Shared((self.0 - ONE) & !PROBED)
    }

    /// In the queue, which owns the reference that the caller had.
    pub(crate) fn queued(self) -> Self {
        Shared((self.0 | QUEUED) & !PROBED)
    }

    /// Without an owner, whose `local` references are counted here from now on.
    pub(crate) fn merged(self, local: i64) -> Self {
        Shared(((self.0 & !(QUEUED | PROBED)) + local * ONE) | MERGED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The word of an object of this owner, which counts `count` references.
    fn own(owner: ThreadId, count: u64) -> Own {
        Own((u64::from(owner) << 32) | count)
    }

    #[test]
    fn an_owner_is_told_from_all_others_diverted_or_not() {
        for me in [1, 2, 77, UNBIASED - 2, UNBIASED - 1] {
            let bias = Bias::of(me);
            for (owner, count) in [NOBODY, 1, 2, 3, 76, 77, 78, UNBIASED - 2, UNBIASED - 1]
                .into_iter()
                .flat_map(|owner| [0, 1, 2, 3, MOST - 1, MOST].map(|count| (owner, count)))
                .filter(|&(owner, count)| (owner == NOBODY) == (count == 0))
            {
                let plain = own(owner, count).beyond_two(BiasLessTwo::of(bias));
                let diverted = own(owner, count).beyond_two(BiasLessTwo::diverted(bias));
                let counted = (owner == me).then_some(count as i64);
                assert_eq!([plain, diverted].map(owners_count), [counted; 2], "{count} of {owner}, by {me}");
                assert_eq!(plain <= MOST - 2, owner == me && count >= 2);
                assert_eq!(plain == LAST, owner == me && count == 1);
                assert!(diverted > MOST - 2 && diverted != LAST, "{count} of {owner}, by {me}");
            }
        }
    }

    #[test]
    fn nobody_is_the_owner_who_is_not_in_the_table() {
        for owner in [NOBODY, 1, 77, UNBIASED - 1] {
            let count = u64::from(owner != NOBODY);
            let beyond_two = own(owner, count).beyond_two(BiasLessTwo::of(Bias::NONE));
            assert_eq!(owners_count(beyond_two), None);
        }
    }

    #[test]
    fn what_leaves_the_queue_alone_is_judged_by_both_counts() {
        let queued = |count: i64| Shared((count * ONE) | QUEUED);
        assert!(queued(0).leaves_the_queue_alone(2));
        assert!(queued(-3).leaves_the_queue_alone(5));
        assert!(Shared(queued(-3).0 | WEAK).leaves_the_queue_alone(5));
        assert!(!queued(1).leaves_the_queue_alone(2));
        assert!(!queued(0).leaves_the_queue_alone(3));
        assert!(!Shared(0).leaves_the_queue_alone(2));
        // With a part of what the owner counts spilled.
        let spilled = SPILL as i64;
        assert!(queued(2 - spilled).leaves_the_queue_alone(spilled));
        assert!(!queued(spilled).leaves_the_queue_alone(2));
    }
}
