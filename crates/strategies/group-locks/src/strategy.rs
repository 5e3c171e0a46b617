//! The answer to the two questions.

use std::marker::PhantomData;

use keyway_object_model::{Runtime, SharedCounts};

use crate::contents::GroupLock;
use crate::runtime::{Main, Tables};
use crate::word::Word;

/// Two fixed tables of locks, onto which objects are hashed by address: one for counts, one for
/// contents. `T` says which runtime it is, and how many locks its tables have.
#[derive(Debug)]
pub struct GroupLocks<T = Main> {
    _marker: PhantomData<T>,
}

// SAFETY: `Tables` promises that no other type has this runtime; a `GroupLock` excludes.
unsafe impl<T: Tables> SharedCounts for GroupLocks<T> {
    /// Who may change a count: the holder of the count lock of the object's group.
    type Word = Word<T>;

    /// Who may touch contents: the holder of the contents lock of their group.
    type Lock = GroupLock<T>;

    #[inline]
    fn runtime() -> &'static Runtime {
        T::runtime()
    }
}

const _: () = assert!(keyway_sync::MODELLED || keyway_object_model::header_bytes::<GroupLocks>() == 16);
const _: () =
    assert!(keyway_sync::MODELLED || size_of::<keyway_object_model::Guarded<u64, GroupLocks>>() == 8);
