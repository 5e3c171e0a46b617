//! Contents that change.

use std::any::type_name;
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::ptr;

use keyway_sections::ContentsLock;
use keyway_sync::cell::UnsafeCell;

use crate::destruction::Hold;
use crate::section::Section;
use crate::strategy::Strategy;
use crate::thread::Thread;
use crate::user::{self, Site};

/// Mutable contents, put inside an object: `Ref<Guarded<Vec<_>, S>, S>`.
///
/// Reached through a [`Section`], in which the thread has them to itself. Not poisoned: a panic
/// inside a section leaves the contents as they are, and the next thread gets in. Adds one byte and
/// padding under strategies with a lock in each object, and nothing under those with locks
/// elsewhere, or where only one thread runs.
pub struct Guarded<T, S: Strategy> {
    lock: S::Lock,
    /// Invariant in `S`.
    _marker: PhantomData<fn(S) -> S>,
    contents: UnsafeCell<T>,
}

// SAFETY: moving a `Guarded` moves its `T`.
unsafe impl<T: Send, S: Strategy> Send for Guarded<T, S> {}
// SAFETY: sections hand out `&mut T` to one thread after the other, which needs `T: Send`; that it
// is one at a time is `ContentsLock`'s contract, and `&T` is never shared between threads.
unsafe impl<T: Send, S: Strategy> Sync for Guarded<T, S> {}

/// A pair was asked for, but both are the same object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SameObject;

impl fmt::Display for SameObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot enter a pair: both are the same object")
    }
}

impl Error for SameObject {}

impl<T, S: Strategy> Guarded<T, S> {
    /// Contents with nobody inside.
    ///
    /// # Examples
    /// ```
    /// use keyway::{BiasedCounts, Guarded, Ref, attach};
    ///
    /// type S = BiasedCounts;
    ///
    /// attach::<S, _>(|thread| {
    ///     let list: Ref<Guarded<Vec<i32>, S>, S> = thread.alloc(Guarded::new(vec![]));
    ///     assert_eq!(list.enter(thread, |section| section.len()), 0);
    /// });
    /// ```
    #[inline]
    pub fn new(contents: T) -> Self {
        Guarded { lock: S::Lock::new(), _marker: PhantomData, contents: UnsafeCell::new(contents) }
    }

    /// Takes the contents out.
    ///
    /// # Examples
    /// ```
    /// use keyway::{BiasedCounts, Guarded};
    ///
    /// let guarded = Guarded::<_, BiasedCounts>::new(vec![1, 2]);
    /// assert_eq!(guarded.into_inner(), [1, 2]);
    /// ```
    #[inline]
    pub fn into_inner(self) -> T {
        self.contents.into_inner()
    }

    /// Runs `f` in a section: this thread has the contents to itself until `f` returns, except
    /// where it gives them up.
    ///
    /// A section borrows the thread, so that nothing in it can switch threads by accident. Objects
    /// whose last reference is dropped inside are destroyed when the outermost section ends.
    ///
    /// **Blocking**: while another thread is in a section of this object.
    ///
    /// # Panics
    /// If `f` panics; the contents are given up then, not poisoned.
    ///
    /// # Examples
    /// ```
    /// use keyway::{BiasedCounts, Guarded, attach};
    ///
    /// type S = BiasedCounts;
    ///
    /// let counter = attach::<S, _>(|thread| thread.alloc(Guarded::<u32, S>::new(0)));
    /// std::thread::scope(|scope| {
    ///     for _ in 0..2 {
    ///         scope.spawn(|| {
    ///             attach::<S, _>(|thread| {
    ///                 for _ in 0..100 {
    ///                     counter.enter(thread, |section| **section += 1);
    ///                 }
    ///             })
    ///         });
    ///     }
    /// });
    /// attach::<S, _>(|thread| counter.enter(thread, |section| assert_eq!(**section, 200)));
    /// ```
    #[inline]
    pub fn enter<R>(&self, thread: &mut Thread<S>, f: impl FnOnce(&mut Section<'_, T, S>) -> R) -> R {
        let inner = ptr::from_ref(thread.inner());
        // SAFETY: the token's `inner` lives as long as the token can be used, and is only ever
        // borrowed shared; the pointer keeps the borrow checker from seeing a borrow of `thread`
        // here.
        let inner = unsafe { &*inner };
        // Before the lock, so that it is ended after: destructors must run with the contents given
        // up.
        let _destructors_wait = Hold::new();
        let section = || {
            user::calls(Site::Section);
            // U4.
            // SAFETY: inside the section.
            f(&mut unsafe { Section::new(self, thread) })
        };
        // SAFETY: `thread` is borrowed until this call ends, so no other call on its chain begins
        // or ends around it.
        unsafe { inner.sections.enter(&self.lock, section) }
    }

    /// Runs `f` while this thread has the contents of both to itself.
    ///
    /// `f` gets a shared [`Thread`]: enough to clone, allocate and release, not to enter or block.
    ///
    /// **Blocking**: for one of the two at a time, while holding neither; so pairs in opposite
    /// orders cannot deadlock.
    ///
    /// # Errors
    /// [`SameObject`] if both are one; `f` does not run. Under strategies without locks in objects,
    /// two contents of size zero and of one type that share an address count as one, unless the
    /// type is `()`: they cannot be told apart.
    ///
    /// # Panics
    /// If `f` panics; both contents are given up then, not poisoned.
    ///
    /// # Examples
    /// ```
    /// use keyway::{Guarded, ObjectLocks, SameObject, attach};
    ///
    /// type S = ObjectLocks;
    ///
    /// attach::<S, _>(|thread| {
    ///     let from = thread.alloc(Guarded::<_, S>::new(10));
    ///     let to = thread.alloc(Guarded::new(0));
    ///     from.enter_pair(&to, thread, |from, to, _| std::mem::swap(from, to)).unwrap();
    ///     to.enter(thread, |section| assert_eq!(**section, 10));
    ///
    ///     let refused = from.enter_pair(&from, thread, |_, _, _| ());
    ///     assert_eq!(refused, Err(SameObject));
    /// });
    /// ```
    #[inline]
    pub fn enter_pair<U, R>(
        &self,
        other: &Guarded<U, S>,
        thread: &mut Thread<S>,
        f: impl FnOnce(&mut T, &mut U, &Thread<S>) -> R,
    ) -> Result<R, SameObject> {
        if ptr::eq(ptr::from_ref(self).cast::<()>(), ptr::from_ref(other).cast()) && may_be_one::<T, U, S>() {
            return Err(SameObject);
        }
        let _destructors_wait = Hold::new();
        Ok(thread.inner().sections.enter_pair(&self.lock, &other.lock, || {
            // SAFETY: both contents are this thread's, and they are two, by the check above; a
            // `Guarded` inside another's contents can only be borrowed through a section, which
            // would have borrowed `thread`.
            let one = unsafe { self.contents_mut() };
            // SAFETY: as above.
            let two = unsafe { other.contents_mut() };
            user::calls(Site::Section);
            // U4.
            f(one, two, thread)
        }))
    }

    #[inline]
    pub(crate) fn lock(&self) -> &S::Lock {
        &self.lock
    }

    /// The contents.
    ///
    /// # Safety
    /// - This thread is inside a section or pair of this object that is not suspended, for as long
    ///   as the borrow lives.
    /// - No other borrow of the contents is alive.
    #[inline]
    #[expect(clippy::mut_from_ref, reason = "the lock in `self` is what makes it exclusive")]
    pub(crate) unsafe fn contents_mut(&self) -> &mut T {
        self.contents.with_mut(|contents| {
            // SAFETY: the caller's duties.
            unsafe { &mut *contents }
        })
    }

    /// The contents, for reading.
    ///
    /// # Safety
    /// - As for [`contents_mut`](Self::contents_mut), except that other shared borrows may be
    ///   alive.
    #[inline]
    pub(crate) unsafe fn contents(&self) -> &T {
        self.contents.with(|contents| {
            // SAFETY: the caller's duties.
            unsafe { &*contents }
        })
    }
}

/// Whether a `Guarded<T, S>` and a `Guarded<U, S>` at one address may be one and the same.
///
/// A value of no bytes can share its address with something else. Two of no bytes and of one type
/// cannot be told apart: they count as one, since a type without bytes may stand for a right that
/// must not be had twice; but `()` stands for nothing.
fn may_be_one<T, U, S: Strategy>() -> bool {
    let (one, two) = (mem::size_of::<Guarded<T, S>>(), mem::size_of::<Guarded<U, S>>());
    one == two && (one > 0 || (type_name::<T>() == type_name::<U>() && type_name::<T>() != type_name::<()>()))
}

impl<T, S: Strategy> fmt::Debug for Guarded<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").finish_non_exhaustive()
    }
}
