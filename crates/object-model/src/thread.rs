//! The token of an attached thread.

use std::marker::PhantomData;
use std::ptr::NonNull;

use keyway_sections::Chain;

use crate::attach;
use crate::destruction::{self, Due};
use crate::exclusive::Alone;
use crate::header::Object;
use crate::reference::Ref;
use crate::strategy::Strategy;
use crate::user::{self, Site};

/// The data of one attachment, on the stack of [`attach`](crate::attach). Only ever borrowed
/// shared: [`Thread`] and the OS thread's own context both point to it.
pub(crate) struct Inner<S: Strategy> {
    pub(crate) attached: S::Attached,
    pub(crate) sections: Chain<S::Lock>,
}

/// Proof that this OS thread is attached to the runtime of `S`.
///
/// Lent by [`attach`](crate::attach), never owned, sent, stored or made: possession proves
/// attachment. A call that may switch to another thread or give the runtime up needs `&mut`, which
/// a live [`Section`](crate::Section) has borrowed.
pub struct Thread<S: Strategy> {
    inner: NonNull<Inner<S>>,
    /// A copy, so that a loop that counts need not load it anew: the data behind `inner` may have
    /// changed, for all that the compiler knows, and a token has not.
    id: S::Id,
    /// Invariant in `S`. The pointer above makes it neither `Send` nor `Sync`.
    _marker: PhantomData<fn(S) -> S>,
}

impl<S: Strategy> Thread<S> {
    /// A token for an attachment.
    ///
    /// # Safety
    /// - The OS thread is attached with `inner` whenever the token can be used.
    #[inline]
    pub(crate) unsafe fn new(inner: &Inner<S>) -> Self {
        Thread { inner: NonNull::from(inner), id: S::id(&inner.attached), _marker: PhantomData }
    }

    #[inline]
    pub(crate) fn inner(&self) -> &Inner<S> {
        // SAFETY: the token is lent only while `attach` keeps `inner` on its stack; only shared
        // borrows of it exist.
        unsafe { self.inner.as_ref() }
    }

    #[inline]
    pub(crate) fn id(&self) -> S::Id {
        self.id
    }

    /// Makes an object, with one reference: the one returned.
    ///
    /// `T` is `Send + Sync + 'static` under every strategy, so that a program can change its
    /// strategy and still compile.
    ///
    /// **Cost**: one allocation; no locked instruction.
    ///
    /// # Examples
    /// ```
    /// use keyway::{GlobalLock, Interval, attach};
    ///
    /// attach::<GlobalLock<Interval>, _>(|thread| {
    ///     let word = thread.alloc(String::from("key"));
    ///     assert_eq!(word.len(), 3);
    /// });
    /// ```
    #[inline]
    pub fn alloc<T: Send + Sync + 'static>(&self, contents: T) -> Ref<T, S> {
        let object = Object::allocate(S::new_count(self.id, &self.inner().attached), contents, false);
        // SAFETY: a new object has one reference, which becomes this `Ref`.
        unsafe { Ref::from_object(object) }
    }

    /// Makes an object that is never destroyed: an interpreter's `None`, small integers, interned
    /// words.
    ///
    /// It is used like any other. Strategies under which several threads change counts do not touch
    /// an immortal object's count, so that threads which share it do not disturb each other; under
    /// the others it is counted, which nobody notices. [`Ref::count`] says `usize::MAX`. The
    /// contents' destructor never runs, and the memory is given back by nobody.
    ///
    /// **Cost**: one allocation. A retain or release looks at one more word of the header where it
    /// is not the owner's plain step; a plain count's steps are unchanged.
    ///
    /// # Examples
    /// ```
    /// use keyway::{AtomicCounts, Ref, attach};
    ///
    /// let none: Ref<&str, AtomicCounts> = attach::<AtomicCounts, _>(|thread| thread.alloc_immortal("none"));
    /// drop(none.clone()); // counts nothing
    /// assert_eq!(attach::<AtomicCounts, _>(|thread| none.count(thread)), usize::MAX);
    /// ```
    pub fn alloc_immortal<T: Send + Sync + 'static>(&self, contents: T) -> Ref<T, S> {
        let object = Object::allocate(S::immortal_count(self.id, &self.inner().attached), contents, true);
        // SAFETY: as in `alloc`.
        unsafe { Ref::from_object(object) }
    }

    /// Lets others in, where a runtime's loop can afford it.
    ///
    /// The global lock is handed over if somebody asked for it; `BiasedCounts` takes over the
    /// releases that others have queued. Objects that nobody holds any more as a result are
    /// destroyed here; their destructors' panics are caught.
    ///
    /// **Blocking**: under a global lock, until this thread gets the lock again. **Cost**: a load
    /// or two if there is nothing to do.
    ///
    /// # Examples
    /// ```
    /// use keyway::{GlobalLock, Interval, attach};
    ///
    /// attach::<GlobalLock<Interval>, _>(|thread| {
    ///     let mut sum = 0;
    ///     for number in 0..1000 {
    ///         sum += *thread.alloc(number);
    ///         thread.checkpoint(); // another thread may have run here
    ///     }
    ///     assert_eq!(sum, 499_500);
    /// });
    /// ```
    #[inline]
    pub fn checkpoint(&mut self) {
        S::checkpoint(&self.inner().attached, &mut Due::new());
        destruction::run_due();
    }

    /// Runs `f`, which may block, with this OS thread detached, so that it holds nobody up.
    ///
    /// Inside, the OS thread is attached to nothing and may attach anew, to this runtime or
    /// another. It must have detached again when `f` returns or panics.
    ///
    /// Nothing waits for this thread meanwhile, however long `f` takes. Under `BiasedCounts`, what
    /// `f` makes without a token (`Ref::new`, a `Brc`) therefore has no owner and is counted by
    /// atomic steps. Work that makes many objects attaches anew.
    ///
    /// **Blocking**: afterwards, until this thread may run again.
    ///
    /// # Aborts
    /// If the OS thread is found attached when `f` ends: a coroutine attached inside and was
    /// switched away from. Going on would attach the OS thread twice.
    ///
    /// # Examples
    /// ```
    /// use std::thread::spawn;
    ///
    /// use keyway::{GlobalLock, Interval, attach};
    ///
    /// type S = GlobalLock<Interval>;
    ///
    /// attach::<S, _>(|thread| {
    ///     let other = spawn(|| attach::<S, _>(|thread| thread.alloc(7)));
    ///     // The other thread needs the global lock, which this one gives up while it waits.
    ///     let made_there = thread.blocking(|| other.join().unwrap());
    ///     assert_eq!(*made_there, 7);
    /// });
    /// ```
    pub fn blocking<R>(&mut self, f: impl FnOnce() -> R) -> R {
        attach::blocking(self.inner(), f)
    }

    /// Runs `f` while no other thread of this runtime is in a call of this function: the call that
    /// a runtime puts around foreign code that relies on the global lock, when the strategy has
    /// none.
    ///
    /// There is one such lock a runtime. Under a global lock and `SingleThread` there is no further
    /// one: no other thread runs while this one is attached, and it stays attached throughout.
    /// Elsewhere, `f` excludes other calls of this function only, and other threads run at the same
    /// time: they may count, enter sections, and touch data that is not guarded.
    ///
    /// `f` gets a shared [`Thread`]: enough to clone, allocate and release, not to enter a section,
    /// pass a checkpoint or block. So the lock comes before every section's in each thread, and
    /// foreign code sees nothing change hands in the middle, as under the global lock. To work on
    /// guarded contents, enter first and [`suspend`](crate::Section::suspend), or hand `f` what it
    /// needs. Objects whose last reference is dropped inside are destroyed when `f` has ended, with
    /// the lock given up.
    ///
    /// **Blocking**: while another thread is inside. This thread waits detached, as in
    /// [`blocking`](Self::blocking), and no section of it is held then, since a section borrows the
    /// thread. `f` itself must not wait for a thread that wants to be exclusive, or, under a global
    /// lock, attached. **Cost**: one lock, taken and given up; under a global lock nothing.
    ///
    /// # Panics
    /// If `f` panics; the lock is given up then, not poisoned.
    ///
    /// # Examples
    /// ```
    /// use std::cell::Cell;
    ///
    /// use keyway::{BiasedCounts, attach};
    ///
    /// /// A library that is not thread-safe.
    /// struct Foreign(Cell<u32>);
    /// // SAFETY: only called inside `exclusive` of one runtime.
    /// unsafe impl Sync for Foreign {}
    ///
    /// impl Foreign {
    ///     fn call(&self) {
    ///         self.0.set(self.0.get() + 1);
    ///     }
    /// }
    ///
    /// let library = Foreign(Cell::new(0));
    /// std::thread::scope(|scope| {
    ///     for _ in 0..2 {
    ///         scope.spawn(|| attach::<BiasedCounts, _>(|thread| thread.exclusive(|_| Foreign::call(&library))));
    ///     }
    /// });
    /// assert_eq!(library.0.get(), 2);
    /// ```
    pub fn exclusive<R>(&mut self, f: impl FnOnce(&Thread<S>) -> R) -> R {
        let _alone = Alone::enter(self.inner());
        user::calls(Site::Exclusive);
        // U3.
        f(self)
    }
}

impl<S: Strategy> std::fmt::Debug for Thread<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Thread").field("runtime", &S::runtime().id).finish_non_exhaustive()
    }
}
