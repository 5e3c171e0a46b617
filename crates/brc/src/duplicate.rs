//! The operation that [`Shared::make_mut`] needs of contents.

use std::ffi::{CStr, OsStr};
use std::path::Path;
use std::ptr::NonNull;

use keyway_object_model::WeakCounts;
use keyway_object_model::counted::{self, Many};

use crate::pointer::{Shared, Unwritten};

/// Contents that [`Shared::make_mut`] can put into an object of their own: those that are `Clone`,
/// slices of such, and strings.
///
/// Sealed: it stands for the standard library's `CloneToUninit`, which is not stable.
pub trait Duplicate<S: WeakCounts>: sealed::Sealed {
    /// A new object with a clone.
    #[doc(hidden)]
    fn cloned(&self) -> Shared<Self, S>;

    /// A new object with the contents themselves; does not unwind.
    ///
    /// # Safety
    /// - The contents are the caller's to move, and not used after.
    #[doc(hidden)]
    unsafe fn moved(contents: NonNull<Self>) -> Shared<Self, S>;
}

mod sealed {
    use std::ffi::{CStr, OsStr};
    use std::path::Path;

    pub trait Sealed: 'static {}
    impl<T: Clone + 'static> Sealed for T {}
    impl<T: Clone + 'static> Sealed for [T] {}
    impl Sealed for str {}
    impl Sealed for CStr {}
    impl Sealed for OsStr {}
    impl Sealed for Path {}
}

impl<T: Clone + 'static, S: WeakCounts> Duplicate<S> for T {
    fn cloned(&self) -> Shared<T, S> {
        Shared::new(self.clone())
    }

    unsafe fn moved(contents: NonNull<T>) -> Shared<T, S> {
        let fresh = Unwritten::new();
        // SAFETY: the caller's duty.
        fresh.write(unsafe { contents.read() })
    }
}

impl<T: Clone + 'static, S: WeakCounts> Duplicate<S> for [T] {
    fn cloned(&self) -> Shared<[T], S> {
        Shared::from(self)
    }

    unsafe fn moved(contents: NonNull<[T]>) -> Shared<[T], S> {
        let length = contents.len();
        // SAFETY: written in the next step; nothing between can unwind.
        let place = unsafe { counted::allocate::<Many<T>, S>(S::new_count_anywhere(), length) }.cast::<T>();
        // SAFETY: room for that number of elements, apart from theirs.
        unsafe { place.as_ptr().copy_from_nonoverlapping(contents.as_ptr().cast(), length) };
        // SAFETY: a new object has one reference.
        unsafe { Shared::from_counted(NonNull::slice_from_raw_parts(place, length)) }
    }
}

/// Contents that are bytes: moved as they are cloned.
macro_rules! bytes {
    ($($contents:ty),+) => {$(
        impl<S: WeakCounts> Duplicate<S> for $contents {
            fn cloned(&self) -> Shared<Self, S> {
                Shared::from(self)
            }

            unsafe fn moved(contents: NonNull<Self>) -> Shared<Self, S> {
                // SAFETY: the caller's duty; they need no drop.
                Shared::from(unsafe { contents.as_ref() })
            }
        }
    )+};
}
bytes!(str, CStr, OsStr, Path);
