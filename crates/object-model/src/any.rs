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
/// Made by [`Ref::erase`]. Eight bytes; `Option<AnyRef<S>>` too.
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
    ///
    /// # Examples
    /// ```
    /// use keyway::{SingleThread, attach};
    ///
    /// attach::<SingleThread, _>(|thread| {
    ///     let value = thread.alloc(1.5).erase();
    ///     assert!(value.is::<f64>());
    ///     assert!(!value.is::<f32>());
    /// });
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use keyway::{BiasedCounts, attach};
    ///
    /// attach::<BiasedCounts, _>(|thread| {
    ///     let value = thread.alloc(1.5).erase();
    ///     let value = value.downcast::<i64>().unwrap_err(); // not one: the reference comes back
    ///     let number = value.downcast::<f64>().unwrap();
    ///     assert_eq!(*number, 1.5);
    /// });
    /// ```
    #[inline]
    pub fn downcast<T: 'static>(self) -> Result<Ref<T, S>, Self> {
        if !self.is::<T>() {
            return Err(self);
        }
        // SAFETY: the contents' type has just been checked, and the strategy is the same by type;
        // the reference is given up here and taken over there.
        Ok(unsafe { Ref::from_object(self.into_object().cast()) })
    }

    /// One more reference to the same object; see [`Ref::clone_ref`].
    ///
    /// # Examples
    /// ```
    /// use keyway::{BiasedCounts, attach};
    ///
    /// attach::<BiasedCounts, _>(|thread| {
    ///     let value = thread.alloc(1).erase();
    ///     let stack = [value.clone_ref(thread), value.clone_ref(thread)];
    ///     assert!(stack[0].ptr_eq(&stack[1]));
    ///     assert_eq!(value.count(thread), 3);
    /// });
    /// ```
    #[inline]
    pub fn clone_ref(&self, thread: &Thread<S>) -> Self {
        // SAFETY: `thread` proves attachment; `self` keeps the object alive.
        let retained = unsafe { S::retain(self.object, thread.id(), &thread.inner().attached) };
        // SAFETY: as above.
        unsafe { retained.settle(self.object) };
        // SAFETY: counted just now.
        unsafe { AnyRef::from_object(self.object) }
    }

    /// Drops the reference with no thread-local looked up; see [`Ref::release`].
    ///
    /// # Panics
    /// As [`Ref::release`].
    ///
    /// # Examples
    /// ```
    /// use keyway::{BiasedCounts, attach};
    ///
    /// attach::<BiasedCounts, _>(|thread| {
    ///     let value = thread.alloc(1).erase();
    ///     value.clone_ref(thread).release(thread);
    ///     assert_eq!(value.count(thread), 1);
    /// });
    /// ```
    #[inline]
    pub fn release(self, thread: &Thread<S>) {
        let object = self.into_object();
        // SAFETY: `thread` proves attachment; `self` was a reference, and is forgotten.
        let released = unsafe { S::release(object, thread.id(), &thread.inner().attached, &mut Due::new()) };
        // SAFETY: that was the reference to `object`.
        unsafe { settle(object, released) };
    }

    /// The number of references to the object; see [`Ref::count`].
    ///
    /// # Examples
    /// ```
    /// use keyway::{GlobalLock, Ticks, attach};
    ///
    /// attach::<GlobalLock<Ticks>, _>(|thread| {
    ///     let typed = thread.alloc(1);
    ///     let value = typed.clone_ref(thread).erase();
    ///     assert_eq!(value.count(thread), 2); // typed or not, it is one object
    /// });
    /// ```
    #[inline]
    pub fn count(&self, thread: &Thread<S>) -> usize {
        // SAFETY: `thread` proves attachment; `self` keeps the object alive.
        let count = unsafe { S::count(self.object, thread.id(), &thread.inner().attached) };
        // SAFETY: `self` keeps the object alive.
        if unsafe { self.object.is_immortal() } { usize::MAX } else { count }
    }

    /// Whether both refer to the same object.
    ///
    /// # Examples
    /// ```
    /// use keyway::{GlobalLock, Ticks, attach};
    ///
    /// attach::<GlobalLock<Ticks>, _>(|thread| {
    ///     let value = thread.alloc(1).erase();
    ///     assert!(value.ptr_eq(&value.clone_ref(thread)));
    ///     assert!(!value.ptr_eq(&thread.alloc(1).erase()));
    /// });
    /// ```
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
