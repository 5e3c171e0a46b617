//! A reference to an object.

use std::fmt;
use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop};
use std::ops::Deref;
use std::ptr::NonNull;

use crate::any::AnyRef;
use crate::context::with_attachment;
use crate::destruction::{self, Due};
use crate::header::{Object, ObjectPtr};
use crate::owed::Released;
use crate::strategy::{FreeThreaded, Strategy};
use crate::thread::Thread;

/// One counted reference to an object with contents `T`, shared under strategy `S`.
///
/// Reading needs no lock and no attached thread: contents are immutable, unless a
/// [`Guarded`](crate::Guarded) is part of them. Dropping is legal anywhere. Eight bytes;
/// `Option<Ref<T, S>>` too.
///
/// # Examples
/// ```
/// use keyway::{BiasedCounts, Ref, attach};
///
/// type S = BiasedCounts;
///
/// let list: Ref<Vec<i32>, S> = attach::<S, _>(|thread| thread.alloc(vec![1, 2, 3]));
/// // Read and dropped on a thread that is attached to nothing.
/// assert_eq!(list.iter().sum::<i32>(), 6);
/// drop(list);
/// ```
pub struct Ref<T: 'static, S: Strategy> {
    object: NonNull<Object<T, S>>,
    /// Invariant in `S`.
    _strategy: PhantomData<fn(S) -> S>,
    /// Owns a `T`.
    _contents: PhantomData<T>,
}

// SAFETY: a `Ref` gives `&T` to any thread, which needs `T: Sync`, and may drop the `T` on any
// thread, which needs `T: Send`; `Thread::alloc`, the only maker, demands both. The count is shared
// as `Strategy` promises.
unsafe impl<T: Send + Sync, S: Strategy> Send for Ref<T, S> {}
// SAFETY: as for Send; `clone_ref` through a shared borrow needs an attached thread, or a strategy
// that promises to do without.
unsafe impl<T: Send + Sync, S: Strategy> Sync for Ref<T, S> {}

impl<T: 'static, S: Strategy> Ref<T, S> {
    /// Makes a reference out of one that is counted already.
    ///
    /// # Safety
    /// - The caller owns a reference to the object, and gives it up.
    #[inline]
    pub(crate) unsafe fn from_object(object: NonNull<Object<T, S>>) -> Self {
        Ref { object, _strategy: PhantomData, _contents: PhantomData }
    }

    #[inline]
    pub(crate) fn object(&self) -> ObjectPtr<S> {
        ObjectPtr::of(self.object)
    }

    #[inline]
    fn into_object(self) -> NonNull<Object<T, S>> {
        ManuallyDrop::new(self).object
    }

    /// One more reference to the same object.
    ///
    /// **Cost**: the strategy's retain, with no thread-local looked up.
    ///
    /// # Aborts
    /// If the count overflows; PROTOCOL.md of each strategy says where that is.
    ///
    /// # Examples
    /// ```
    /// use keyway::{ObjectLocks, attach};
    ///
    /// attach::<ObjectLocks, _>(|thread| {
    ///     let one = thread.alloc(5);
    ///     let two = one.clone_ref(thread);
    ///     assert_eq!(two.count(thread), 2);
    /// });
    /// ```
    #[inline]
    pub fn clone_ref(&self, thread: &Thread<S>) -> Self {
        // SAFETY: `thread` proves attachment; `self` keeps the object alive.
        let retained = unsafe { S::retain(self.object(), thread.id(), &thread.inner().attached) };
        // SAFETY: as above.
        unsafe { retained.settle(self.object()) };
        // SAFETY: counted just now.
        unsafe { Ref::from_object(self.object) }
    }

    /// Drops the reference with no thread-local looked up, unless the object is destroyed.
    ///
    /// If this was the last one, the object is destroyed: here, or when the outermost section ends.
    /// Inside a destructor, too, it is destroyed here, unless destructors lie too deep in one
    /// another (8 KiB of stack): then when that destructor has ended.
    ///
    /// # Panics
    /// If the contents' destructor panics; the object's memory is freed all the same. Inside
    /// another destructor the panic is caught.
    ///
    /// # Examples
    /// ```
    /// use keyway::{ObjectLocks, attach};
    ///
    /// attach::<ObjectLocks, _>(|thread| {
    ///     let one = thread.alloc(5);
    ///     let two = one.clone_ref(thread);
    ///     one.release(thread);
    ///     assert_eq!(two.count(thread), 1);
    ///     two.release(thread); // the last one: the object is destroyed
    /// });
    /// ```
    #[inline]
    pub fn release(self, thread: &Thread<S>) {
        let object = self.into_object();
        let attached = &thread.inner().attached;
        // SAFETY: `thread` proves attachment; `self` was a reference, and is forgotten.
        let released = unsafe { S::release(ObjectPtr::of(object), thread.id(), attached, &mut Due::new()) };
        // SAFETY: that was the reference to `object`.
        unsafe { settle_typed(object, released) };
    }

    /// The number of references to the object, this one included.
    ///
    /// `usize::MAX` if the object is immortal. Other threads may change it at any time; under
    /// `BiasedCounts` a thread that is not the owner sees an estimate. The strategy's PROTOCOL.md
    /// says when it is exact.
    ///
    /// # Examples
    /// ```
    /// use keyway::{BiasedCounts, Ref, Thread, attach};
    ///
    /// type S = BiasedCounts;
    /// type List = Ref<Vec<i32>, S>;
    ///
    /// fn shown(argument: List, thread: &Thread<S>) -> usize {
    ///     argument.count(thread)
    /// }
    ///
    /// attach::<S, _>(|thread| {
    ///     let a: List = thread.alloc(vec![]);
    ///     let b = a.clone_ref(thread);
    ///     assert_eq!(shown(b.clone_ref(thread), thread), 3); // `a`, `b` and the argument
    ///     assert_eq!(b.count(thread), 2);
    /// });
    /// ```
    #[inline]
    pub fn count(&self, thread: &Thread<S>) -> usize {
        // SAFETY: `thread` proves attachment; `self` keeps the object alive.
        let count = unsafe { S::count(self.object(), thread.id(), &thread.inner().attached) };
        // SAFETY: `self` keeps the object alive.
        if unsafe { self.object().is_immortal() } { usize::MAX } else { count }
    }

    /// Whether both refer to the same object.
    ///
    /// # Examples
    /// ```
    /// use keyway::{AtomicCounts, attach};
    ///
    /// attach::<AtomicCounts, _>(|thread| {
    ///     let one = thread.alloc(5);
    ///     assert!(one.ptr_eq(&one.clone_ref(thread)));
    ///     assert!(!one.ptr_eq(&thread.alloc(5)));
    /// });
    /// ```
    #[inline]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.object == other.object
    }

    /// The same reference, with the contents' type known only at run time.
    ///
    /// # Examples
    /// ```
    /// use keyway::{AnyRef, SingleThread, attach};
    ///
    /// attach::<SingleThread, _>(|thread| {
    ///     let values: Vec<AnyRef<SingleThread>> = vec![thread.alloc(1).erase(), thread.alloc("two").erase()];
    ///     assert!(values[1].is::<&str>());
    /// });
    /// ```
    #[inline]
    pub fn erase(self) -> AnyRef<S> {
        // SAFETY: the reference is given up here and taken over there.
        unsafe { AnyRef::from_object(ObjectPtr::of(self.into_object())) }
    }
}

impl<T: Send + Sync + 'static, S: FreeThreaded> Ref<T, S> {
    /// Makes an object on a thread that need not be attached, at any time, with one reference: the
    /// one returned.
    ///
    /// Under `BiasedCounts` the OS thread becomes its owner, as if attached from the first object
    /// that it makes to its exit. It does not in a blocking region, nor in a destructor that runs
    /// as it detaches, enters a blocking region, steps aside or exits: such an object has no owner.
    /// Objects that
    /// others have handed over to it are destroyed here; their destructors' panics are caught.
    ///
    /// **Cost**: as [`Thread::alloc`], and one thread-local looked up.
    ///
    /// # Examples
    /// ```
    /// use keyway::{BiasedCounts, Ref};
    ///
    /// let word: Ref<String, BiasedCounts> = Ref::new(String::from("key"));
    /// let again = word.clone();
    /// std::thread::spawn(move || assert_eq!(*again, "key")).join().unwrap();
    /// ```
    #[inline]
    pub fn new(contents: T) -> Self {
        if S::is_queued() {
            destruction::collect::<S>();
        }
        let object = Object::allocate(S::new_count_anywhere(), contents, false);
        // SAFETY: a new object has one reference, which becomes this `Ref`.
        unsafe { Ref::from_object(object) }
    }
}

/// Pays what a release owes.
///
/// # Safety
/// - `released` is what a release of `object` has just returned.
#[inline]
pub(crate) unsafe fn settle<S: Strategy>(object: ObjectPtr<S>, released: Released) {
    match released {
        Released::Nothing => {}
        // SAFETY: `Destroy` means that nobody else can reach the object.
        Released::Destroy => unsafe { destruction::destroy(object) },
        Released::DestroyDue => destruction::pay(),
    }
}

/// As [`settle`], with the contents' type known: an object without a destructor can be freed at
/// once, also inside a section.
///
/// # Safety
/// - As for [`settle`].
#[inline]
unsafe fn settle_typed<T: 'static, S: Strategy>(object: NonNull<Object<T, S>>, released: Released) {
    if mem::needs_drop::<T>() || released != Released::Destroy {
        // SAFETY: the caller's duty.
        return unsafe { settle(ObjectPtr::of(object), released) };
    }
    // SAFETY: not destroyed yet: that is what is owed.
    if !S::SPARES_IMMORTALS && unsafe { ObjectPtr::of(object).is_immortal() } {
        return;
    }
    // SAFETY: `Destroy` means that nobody else can reach the object.
    unsafe { ObjectPtr::of(object).claim() };
    // SAFETY: claimed just now.
    unsafe { Object::destroy(object) };
}

/// Releases a reference wherever this OS thread is attached, or not.
///
/// # Safety
/// - The caller owns a reference to the object, and does not use it after.
#[inline]
pub(crate) unsafe fn release_anywhere<S: Strategy>(object: ObjectPtr<S>) -> Released {
    with_attachment::<S, _>(|attachment| match attachment {
        // SAFETY: attached with `inner`, as the context says; the reference is the caller's to
        // give.
        Some(inner) => unsafe {
            S::release(object, S::id(&inner.attached), &inner.attached, &mut Due::new())
        },
        // SAFETY: alive, by the caller's reference. An immortal object is put into no queue.
        None if unsafe { object.is_immortal() } => Released::Nothing,
        // SAFETY: not attached to `S`, as the context says; the reference is the caller's to give.
        None => unsafe { S::release_unattached(object, &mut Due::new()) },
    })
}

impl<T: 'static, S: Strategy> Drop for Ref<T, S> {
    /// As [`release`](Ref::release), with the attachment looked up in a thread-local; legal on any
    /// thread at any time.
    ///
    /// On a thread that is not attached to this runtime: `GlobalLock` and `SingleThread` take the
    /// lock if it is free, and queue the release for the next attached thread otherwise.
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this is the reference's end.
        let released = unsafe { release_anywhere(self.object()) };
        // SAFETY: that was the reference to the object.
        unsafe { settle_typed(self.object, released) };
    }
}

impl<T: 'static, S: FreeThreaded> Clone for Ref<T, S> {
    /// As [`clone_ref`](Ref::clone_ref), with no token; legal on any thread at any time.
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: `self` keeps the object alive.
        let retained = unsafe { S::retain_anywhere(self.object()) };
        // SAFETY: as above.
        unsafe { retained.settle(self.object()) };
        // SAFETY: counted just now.
        unsafe { Ref::from_object(self.object) }
    }
}

impl<T: 'static, S: Strategy> Deref for Ref<T, S> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this reference keeps the object alive.
        unsafe { Object::contents(self.object) }
    }
}

impl<T: fmt::Debug, S: Strategy> fmt::Debug for Ref<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display, S: Strategy> fmt::Display for Ref<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
