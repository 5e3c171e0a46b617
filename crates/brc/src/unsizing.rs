//! Coercions to `dyn Trait` and slices, in the way that stable Rust has.

use std::ptr::NonNull;

use keyway_object_model::WeakCounts;
use unsize::CoerciblePtr;

use crate::pointer::Shared;
use crate::weak::WeakShared;

// SAFETY: the new pointer is the old one with another type; the object's words lie in front of the
// same address.
unsafe impl<T: 'static, U: ?Sized + 'static, S: WeakCounts> CoerciblePtr<U> for Shared<T, S> {
    type Pointee = T;
    type Output = Shared<U, S>;

    fn as_sized_ptr(&mut self) -> *mut T {
        self.contents().as_ptr()
    }

    unsafe fn replace_ptr(self, new: *mut U) -> Shared<U, S> {
        self.into_counted();
        // SAFETY: the caller's duty: it is the same address, which is not null.
        let contents = unsafe { NonNull::new_unchecked(new) };
        // SAFETY: the reference that has just been given up.
        unsafe { Shared::from_counted(contents) }
    }
}

// SAFETY: as above; a weak reference to nothing stays one.
unsafe impl<T: 'static, U: ?Sized + 'static, S: WeakCounts> CoerciblePtr<U> for WeakShared<T, S> {
    type Pointee = T;
    type Output = WeakShared<U, S>;

    fn as_sized_ptr(&mut self) -> *mut T {
        self.contents().as_ptr()
    }

    unsafe fn replace_ptr(self, new: *mut U) -> WeakShared<U, S> {
        self.into_counted();
        // SAFETY: the caller's duty: it is the same address, which is not null.
        let contents = unsafe { NonNull::new_unchecked(new) };
        // SAFETY: the weak reference that has just been given up.
        unsafe { WeakShared::from_counted(contents) }
    }
}
