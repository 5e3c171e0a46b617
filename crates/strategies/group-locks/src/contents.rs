//! Who may touch contents: the thread that holds the contents lock of their group. It is in another
//! table than the count's locks: a section may clone or drop references to any object, and some
//! object's count is always in the group of some contents.

use std::marker::PhantomData;

use keyway_object_model::ContentsLock;
use keyway_sync::Place;

use crate::runtime::Tables;

/// Nothing but a place, which says which lock of `T`'s table for contents it is. Takes no space in
/// a `Guarded`.
#[derive(Debug)]
pub struct GroupLock<T: Tables> {
    place: Place,
    _tables: PhantomData<fn(T) -> T>,
}

// SAFETY: exclusion and visibility are those of the `RawLock`, which waits for nothing but itself.
// A section borrows the lock, so that it is not moved while it is held, and `contents_lock` returns
// the same `RawLock` from `lock` to `unlock`. Two are `same` exactly if that is one for both.
unsafe impl<T: Tables> ContentsLock for GroupLock<T> {
    const LOCKS: bool = true;

    #[inline]
    fn new() -> Self {
        GroupLock { place: Place::new(), _tables: PhantomData }
    }

    #[inline]
    fn lock(&self) {
        keyway_object_model::take_contents_lock(T::contents_lock(&self.place));
    }

    #[inline]
    fn try_lock(&self) -> bool {
        T::contents_lock(&self.place).try_lock()
    }

    #[inline]
    unsafe fn unlock(&self) {
        // SAFETY: the caller holds the lock, by this function's duty.
        unsafe { T::contents_lock(&self.place).unlock() }
    }

    #[inline]
    fn same(&self, other: &Self) -> bool {
        std::ptr::eq(T::contents_lock(&self.place), T::contents_lock(&other.place))
    }
}
