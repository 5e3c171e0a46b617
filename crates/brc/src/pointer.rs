//! The pointer: made, cloned, read, dropped.

use std::alloc::Layout;
use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop};
use std::ops::Deref;
use std::pin::Pin;
use std::ptr::NonNull;

use keyway_object_model::counted::{self, One};
use keyway_object_model::{Released, WeakCounts};

use crate::weak::WeakShared;

/// A counted pointer to contents of type `T` under the counts of `S`, with the surface of
/// [`std::sync::Arc`].
///
/// It is cloned, read and dropped on any thread at any time, and needs no attached thread. Eight
/// bytes for sized contents, which lie behind 32 bytes of the strategy's words;
/// `Option<Shared<T, S>>` takes no more.
///
/// Differences from `Arc`:
/// - `T` is `'static`. An object may be destroyed later than by its last drop: by the thread that
///   made it (see below), or, if destructors lie too deep in one another there (8 KiB of stack),
///   after the destructor in which its last reference was dropped.
/// - Under `BiasedCounts`, an object whose last reference its maker drops is destroyed by that
///   drop, even if others dropped references before. The destructor of an object whose last
///   reference is dropped by another thread than its maker may run on the maker's OS thread: when
///   it next makes an object, destroys one, asks whether a reference is the only one, calls
///   [`collect`](Shared::collect), or exits. If the maker has exited or stepped aside, the
///   destructor runs where the last reference is dropped.
/// - It is invariant in `T`: a pointer to a `for<'a> fn(&'a u8)` is none to a `fn(&'static u8)`.
/// - There is no coercion of `Shared<T>` to `Shared<dyn Trait>` by itself, which the language keeps
///   for std's pointers: [`unsize`](unsize::CoerceUnsize::unsize) does it.
///
/// # Examples
/// ```
/// use keyway_brc::Brc;
///
/// let mine = Brc::new(vec![1, 2, 3]);
/// let theirs = mine.clone(); // a plain increment: this thread made it
/// std::thread::spawn(move || assert_eq!(theirs.iter().sum::<i32>(), 6)).join().unwrap();
/// assert_eq!(mine.len(), 3);
/// ```
pub struct Shared<T: ?Sized + 'static, S: WeakCounts> {
    contents: NonNull<T>,
    /// Invariant in `S`.
    _strategy: PhantomData<fn(S) -> S>,
    /// Invariant in `T`, unlike `Arc`. Contents are dropped as what they were made as, by the
    /// descriptor, and `get_mut` writes: a supertype's value would be dropped as another type.
    _contents: PhantomData<*mut T>,
}

// SAFETY: a pointer gives `&T` to any thread, which needs `T: Sync`, and may drop or move the `T`
// on any thread, which needs `T: Send`. The count is shared as `WeakCounts` promises. Without both,
// all pointers to an object stay on the OS thread that made it, and it is destroyed there: a queue
// belongs to that thread, and another acts for it only with a reference of its own.
unsafe impl<T: ?Sized + Send + Sync, S: WeakCounts> Send for Shared<T, S> {}
// SAFETY: as for Send, since a shared borrow can be cloned.
unsafe impl<T: ?Sized + Send + Sync, S: WeakCounts> Sync for Shared<T, S> {}

impl<T: ?Sized, S: WeakCounts> Unpin for Shared<T, S> {}

/// Memory for one value, not yet written; freed on drop.
pub(crate) struct Unwritten<T: 'static, S: WeakCounts> {
    place: NonNull<T>,
    _strategy: PhantomData<S>,
}

impl<T, S: WeakCounts> Unwritten<T, S> {
    #[inline]
    pub(crate) fn new() -> Self {
        if S::is_queued() {
            counted::collect::<S>();
        }
        // SAFETY: written in `write`; until then nobody has a pointer that drops it.
        let place = unsafe { counted::allocate::<One<T>, S>(S::new_count_anywhere(), ()) };
        Unwritten { place: place.cast(), _strategy: PhantomData }
    }

    #[inline]
    pub(crate) fn write(self, contents: T) -> Shared<T, S> {
        let place = ManuallyDrop::new(self).place;
        // SAFETY: memory for a `T` that only this call has.
        unsafe { place.write(contents) };
        // SAFETY: a new object has one reference.
        unsafe { Shared::from_counted(place) }
    }
}

impl<T, S: WeakCounts> Drop for Unwritten<T, S> {
    fn drop(&mut self) {
        // SAFETY: nobody else has a reference to the object, whose contents were never made.
        unsafe { counted::forget_contents::<S>(self.place.cast(), Layout::new::<T>()) };
    }
}

impl<T, S: WeakCounts> Shared<T, S> {
    /// Makes an object, with one reference: the one returned.
    ///
    /// Under `BiasedCounts` the thread becomes the object's owner, whose clones and drops cost no
    /// atomic step; but not inside `Thread::blocking`, nor in a destructor that runs as it
    /// detaches, begins to block, steps aside or exits. Objects that others have queued to the
    /// thread are destroyed first; panics of those destructors are caught.
    ///
    /// **Cost**: one allocation, two thread-locals looked up; no locked instruction but at a
    /// thread's first object.
    ///
    /// # Examples
    /// ```
    /// let five = keyway_brc::Brc::new(5);
    /// assert_eq!(*five, 5);
    /// ```
    #[inline]
    pub fn new(contents: T) -> Self {
        Unwritten::new().write(contents)
    }

    /// As [`new`](Self::new), pinned.
    ///
    /// # Examples
    /// ```
    /// let pinned = keyway_brc::Brc::pin(async { 5 });
    /// # let _ = pinned;
    /// ```
    #[must_use]
    pub fn pin(contents: T) -> Pin<Self> {
        // SAFETY: the contents are not moved while there is a reference, unless they are `Unpin`:
        // `try_unwrap` and the like cannot be reached through a `Pin` otherwise.
        unsafe { Pin::new_unchecked(Self::new(contents)) }
    }
}

impl<T: ?Sized, S: WeakCounts> Shared<T, S> {
    /// Whether a pointer to `T` is only an address: then `T` is sized, and no slice.
    const THIN: bool = mem::size_of::<*const T>() == mem::size_of::<usize>();

    /// Makes a pointer out of a reference that is counted already.
    ///
    /// # Safety
    /// - `contents` were allocated by `counted::allocate` under `S`, and written; the caller owns a
    ///   reference to them, and gives it up.
    #[inline]
    pub(crate) unsafe fn from_counted(contents: NonNull<T>) -> Self {
        Shared { contents, _strategy: PhantomData, _contents: PhantomData }
    }

    #[inline]
    pub(crate) fn contents(&self) -> NonNull<T> {
        self.contents
    }

    #[inline]
    pub(crate) fn thin(&self) -> NonNull<u8> {
        self.contents.cast()
    }

    /// Gives the pointer up without its reference.
    #[inline]
    pub(crate) fn into_counted(self) -> NonNull<T> {
        ManuallyDrop::new(self).contents
    }

    /// Whether both point to the same object.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let one = Brc::new(5);
    /// assert!(Brc::ptr_eq(&one, &one.clone()));
    /// assert!(!Brc::ptr_eq(&one, &Brc::new(5)));
    /// ```
    #[must_use]
    #[inline]
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        std::ptr::addr_eq(this.contents.as_ptr(), other.contents.as_ptr())
    }

    /// The number of references.
    ///
    /// Others may change it at any time. Unlike `Arc`'s, it is an estimate under `BiasedCounts` for
    /// a thread that has not made the object.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let five = Brc::new(5);
    /// let _more = five.clone();
    /// assert_eq!(Brc::strong_count(&five), 2);
    /// ```
    #[must_use]
    pub fn strong_count(this: &Self) -> usize {
        // SAFETY: `this` keeps the object alive.
        let object = unsafe { counted::object::<S>(this.thin()) };
        // SAFETY: as above.
        unsafe { S::references(object) }.max(1)
    }

    /// The number of weak references; others may change it at any time.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let five = Brc::new(5);
    /// let _weak = Brc::downgrade(&five);
    /// assert_eq!(Brc::weak_count(&five), 1);
    /// ```
    #[must_use]
    pub fn weak_count(this: &Self) -> usize {
        // SAFETY: `this` keeps the object alive.
        unsafe { counted::weak_references::<S>(this.thin()) }
    }

    /// A weak reference to the object.
    ///
    /// **Blocking**: while another thread looks in [`get_mut`](Self::get_mut) or
    /// [`make_mut`](Self::make_mut) whether its reference is the only one; no destructor runs
    /// meanwhile. **Cost**: one locked instruction, one more at an object's first. From then on its
    /// last release, too, costs one.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let five = Brc::new(5);
    /// let weak = Brc::downgrade(&five);
    /// assert_eq!(weak.upgrade().as_deref(), Some(&5));
    /// drop(five);
    /// assert!(weak.upgrade().is_none());
    /// ```
    #[must_use]
    pub fn downgrade(this: &Self) -> WeakShared<T, S> {
        // SAFETY: `this` is a reference.
        unsafe { counted::downgrade::<S>(this.thin()) };
        // SAFETY: counted just now.
        unsafe { WeakShared::from_counted(this.contents) }
    }

    /// Pays what the release of a pointer's reference owes, which is not nothing.
    ///
    /// # Safety
    /// - `released` is what a release of the object of `contents` has just returned.
    #[inline]
    unsafe fn end(contents: NonNull<T>, released: Released) {
        if Self::THIN && !mem::needs_drop::<T>() && released == Released::Destroy {
            // SAFETY: not freed before the next call.
            let layout = Layout::for_value(unsafe { contents.as_ref() });
            // SAFETY: the last reference has just been released; a thin pointer's contents were
            // allocated as one value.
            unsafe { counted::end_without_drop::<S>(contents.cast(), layout) };
        } else {
            // SAFETY: the caller's duty.
            unsafe { counted::settle::<S>(contents.cast(), released) };
        }
        if S::is_queued() {
            counted::collect::<S>();
        }
    }
}

impl<T: ?Sized, S: WeakCounts> Clone for Shared<T, S> {
    /// One more reference to the same object.
    ///
    /// **Cost**: under `BiasedCounts`, a plain increment on the thread that made the object, if it
    /// has not been merged; otherwise a locked instruction.
    ///
    /// # Aborts
    /// If the count overflows.
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: `self` is a reference.
        unsafe { counted::retain::<S>(self.thin()) };
        // SAFETY: counted just now.
        unsafe { Shared::from_counted(self.contents) }
    }
}

impl<T: ?Sized, S: WeakCounts> Drop for Shared<T, S> {
    /// Takes the reference away. If it was the last, the object is destroyed: here, or by the
    /// thread that made it; see [`Shared`].
    ///
    /// # Panics
    /// If the contents' destructor runs here and panics; the object's memory is freed all the same.
    /// Inside another object's destructor the panic is caught.
    #[inline(always)]
    fn drop(&mut self) {
        let contents = self.contents;
        // SAFETY: that was the release of this reference.
        let end = move |released| unsafe { Self::end(contents, released) };
        // SAFETY: this is the reference's end.
        unsafe { counted::release_then::<S>(contents.cast(), end) };
    }
}

impl<T: ?Sized, S: WeakCounts> Deref for Shared<T, S> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this reference keeps the object alive.
        unsafe { self.contents.as_ref() }
    }
}
