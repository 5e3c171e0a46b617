//! A reference to an object of any type.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;

use crate::destruction::Due;
use crate::header::ObjectPtr;
use crate::reference::{Ref, release_anywhere, settle};
use crate::strategy::Strategy;
use crate::thread::Thread;

/// One counted reference to an object whose type is known only at run time: an interpreter's value.
///
/// Made by [`Ref::erase`]. Eight bytes; `Option<AnyRef<S>>` is 16.
pub struct AnyRef<S: Strategy> {
    object: ObjectPtr<S>,
    /// Invariant in `S`.
    _marker: PhantomData<fn(S) -> S>,
}

// `Send` and `Sync` follow from `ObjectPtr`'s: contents are always `Send + Sync`.

impl<S: Strategy> AnyRef<S> {
    /// Makes a reference out of one that is counted already.
    ///
    /// # Safety
    /// - The caller owns a reference to the object, and gives it up.
    #[inline]
    pub(crate) unsafe fn from_object(object: ObjectPtr<S>) -> Self {
        AnyRef { object, _marker: PhantomData }
    }

    #[inline]
    fn into_object(self) -> ObjectPtr<S> {
        ManuallyDrop::new(self).object
    }

    /// Whether the contents are a `T`.
    #[inline]
    pub fn is<T: 'static>(&self) -> bool {
        // SAFETY: this reference keeps the object alive.
        let descriptor = unsafe { self.object.descriptor() };
        descriptor.type_id == TypeId::of::<T>()
    }

    /// The same reference with its contents' type, if that is `T`.
    ///
    /// # Errors
    /// The reference unchanged, if the contents are of another type.
    #[inline]
    pub fn downcast<T: 'static>(self) -> Result<Ref<T, S>, Self> {
        if !self.is::<T>() {
            return Err(self);
        }
        // SAFETY: the contents' type has just been checked, and the strategy is the same by type; the reference is given
        // up here and taken over there.
        Ok(unsafe { Ref::from_object(self.into_object().cast()) })
    }

    /// One more reference to the same object; see [`Ref::clone_ref`].
    #[inline]
    pub fn clone_ref(&self, thread: &Thread<S>) -> Self {
        // SAFETY: `thread` proves attachment; `self` keeps the object alive.
        unsafe { S::retain(self.object, &thread.inner().attached) }.settle();
        // SAFETY: counted just now.
        unsafe { AnyRef::from_object(self.object) }
    }

    /// Drops the reference with no thread-local looked up; see [`Ref::release`].
    ///
    /// # Panics
    /// If the contents' destructor panics; the object's memory is freed all the same.
    #[inline]
    pub fn release(self, thread: &Thread<S>) {
        let object = self.into_object();
        // SAFETY: `thread` proves attachment; `self` was a reference, and is forgotten.
        let released = unsafe { S::release(object, &thread.inner().attached, &mut Due::new()) };
        // SAFETY: that was the reference to `object`.
        unsafe { settle(object, released) };
    }

    /// The number of references to the object; see [`Ref::count`].
    #[inline]
    pub fn count(&self, thread: &Thread<S>) -> usize {
        // SAFETY: `thread` proves attachment; `self` keeps the object alive.
        unsafe { S::count(self.object, &thread.inner().attached) }
    }

    /// Whether both refer to the same object.
    #[inline]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.object == other.object
    }
}

impl<S: Strategy> Drop for AnyRef<S> {
    /// As [`Ref`]'s drop.
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this is the reference's end.
        let released = unsafe { release_anywhere(self.object) };
        // SAFETY: that was the reference to the object.
        unsafe { settle(self.object, released) };
    }
}

impl<S: Strategy> fmt::Debug for AnyRef<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: this reference keeps the object alive.
        let descriptor = unsafe { self.object.descriptor() };
        write!(f, "AnyRef({})", (descriptor.type_name)())
    }
}
