//! In an `arc_swap::ArcSwapAny`.

use arc_swap::RefCnt;
use keyway_object_model::WeakCounts;

use crate::pointer::Shared;

// SAFETY: the pointer stays the same for an object's life and is not null; adding and taking away references works on any thread, and
// an object is not freed while there is one, whoever has added it. What a reader has borrowed is paid for with `inc` by whoever takes the
// pointer out, who has a reference then.
unsafe impl<T, S: WeakCounts> RefCnt for Shared<T, S> {
    type Base = T;

    fn into_ptr(me: Self) -> *mut T {
        Shared::into_raw(me).cast_mut()
    }

    fn as_ptr(me: &Self) -> *mut T {
        Shared::as_ptr(me).cast_mut()
    }

    unsafe fn from_ptr(contents: *const T) -> Self {
        // SAFETY: the caller's duty: made by `into_ptr`, and used once.
        unsafe { Shared::from_raw(contents) }
    }
}
