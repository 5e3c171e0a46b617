//! In an `arc_swap::ArcSwapAny`.

use std::pin::Pin;
use std::ptr;

use arc_swap::RefCnt;
use keyway_object_model::WeakCounts;

use crate::pointer::Shared;
use crate::weak::WeakShared;

// SAFETY: the pointer stays the same for an object's life and is not null; adding and taking away
// references works on any thread, and an object is not freed while there is one, added by any
// thread. The thread that takes the pointer out has a reference then, and adds with `inc` the
// references that readers have borrowed.
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

// SAFETY: as above. A plain pointer is given out, through which nobody moves the contents.
unsafe impl<T, S: WeakCounts> RefCnt for Pin<Shared<T, S>> {
    type Base = T;

    fn into_ptr(me: Self) -> *mut T {
        // SAFETY: not moved out of, but turned back by `from_ptr`.
        Shared::into_raw(unsafe { Pin::into_inner_unchecked(me) }).cast_mut()
    }

    fn as_ptr(me: &Self) -> *mut T {
        // SAFETY: a copy whose reference is not given up: it becomes a plain pointer at once.
        Self::into_ptr(unsafe { ptr::read(me) })
    }

    unsafe fn from_ptr(contents: *const T) -> Self {
        // SAFETY: the caller's duty: made by `into_ptr`, and used once.
        let pointer = unsafe { Shared::from_raw(contents) };
        // SAFETY: it was pinned before.
        unsafe { Pin::new_unchecked(pointer) }
    }
}

// SAFETY: as above, of weak references; null stands for one to nothing.
unsafe impl<T, S: WeakCounts> RefCnt for WeakShared<T, S> {
    type Base = T;

    fn into_ptr(me: Self) -> *mut T {
        if me.somewhere().is_none() { ptr::null_mut() } else { me.into_raw().cast_mut() }
    }

    fn as_ptr(me: &Self) -> *mut T {
        if me.somewhere().is_none() { ptr::null_mut() } else { me.as_ptr().cast_mut() }
    }

    unsafe fn from_ptr(contents: *const T) -> Self {
        if contents.is_null() {
            return WeakShared::new();
        }
        // SAFETY: the caller's duty: made by `into_ptr`, and used once.
        unsafe { WeakShared::from_raw(contents) }
    }
}
