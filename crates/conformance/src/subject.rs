//! The facts of a strategy that the suite needs.

use keyway_object_model::testing::NearLimit;
use keyway_object_model::{ContentsLock, Ref, Strategy, Thread};

/// A strategy under test. Implemented by [`suite!`](crate::suite!), which takes what differs from
/// the defaults.
pub trait Subject: 'static {
    /// The strategy.
    type Strategy: NearLimit;

    /// The most bytes that may lie in front of an object's contents.
    const HEADER_BYTES: usize = 16;

    /// This many references leaked by the owner, and a few more retains by another must abort.
    const FULL: u64 = <Self::Strategy as NearLimit>::LIMIT - 1;

    /// How many references are handed over without a checkpoint in an optimised run; a debug run
    /// starts near the limit of the count's first word instead. Where one word counts for all
    /// threads it is the same after any number of them, and a runtime's queue takes eight bytes for
    /// each; where owners count apart from others, the two drift apart by this number.
    const HAND_OVERS: usize = 1 << 24;

    /// Whether a thread keeps others out while it is in a blocking region.
    const KEEPS_CLAIM: bool = false;

    /// Whether threads run in parallel: then each contents has a lock, and a queue never belongs to
    /// the whole runtime.
    const PARALLEL: bool = <<Self::Strategy as Strategy>::Lock as ContentsLock>::LOCKS;

    /// Called before each test, such as to make switches frequent.
    fn prepare() {}

    /// Clones with no thread attached, if the strategy is free-threaded.
    fn clone_unattached<T: 'static>(_: &Ref<T, Self::Strategy>) -> Option<Ref<T, Self::Strategy>> {
        None
    }

    /// Whether the calling thread owns the object, if objects have owners.
    fn is_owner<T: 'static>(_: &Ref<T, Self::Strategy>, _: &Thread<Self::Strategy>) -> Option<bool> {
        None
    }
}
