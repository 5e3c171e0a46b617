//! Weak references.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::num::NonZeroUsize;
use std::ptr::NonNull;

use keyway_object_model::{WeakCounts, counted};

use crate::pointer::Shared;

/// A reference that does not keep the contents alive, only their memory; with the surface of
/// [`std::sync::Weak`].
///
/// # Examples
/// ```
/// use std::sync::Mutex;
///
/// use keyway_brc::{Brc, Weak};
///
/// struct Node {
///     parent: Mutex<Weak<Node>>,
/// }
///
/// let leaf = Brc::new(Node { parent: Mutex::new(Weak::new()) });
/// let branch = Brc::new(Node { parent: Mutex::new(Weak::new()) });
/// *leaf.parent.lock().unwrap() = Brc::downgrade(&branch);
/// assert!(leaf.parent.lock().unwrap().upgrade().is_some());
/// drop(branch);
/// assert!(leaf.parent.lock().unwrap().upgrade().is_none());
/// ```
pub struct WeakShared<T: ?Sized + 'static, S: WeakCounts> {
    /// The contents, which may be gone; or [`NOWHERE`].
    contents: NonNull<T>,
    /// Invariant in `S`.
    _strategy: PhantomData<fn(S) -> S>,
    /// Invariant in `T`, as the [`Shared`] that an upgrade gives.
    _contents: PhantomData<*mut T>,
}

/// The address of what [`WeakShared::new`] refers to. No contents are there: they lie behind their
/// words.
const NOWHERE: NonZeroUsize = NonZeroUsize::MAX;

// SAFETY: an upgrade gives a `Shared`, which is `Send` under the same conditions; the count is
// atomic.
unsafe impl<T: ?Sized + Send + Sync, S: WeakCounts> Send for WeakShared<T, S> {}
// SAFETY: as for Send.
unsafe impl<T: ?Sized + Send + Sync, S: WeakCounts> Sync for WeakShared<T, S> {}

impl<T, S: WeakCounts> WeakShared<T, S> {
    /// A weak reference to nothing; allocates nothing.
    ///
    /// # Examples
    /// ```
    /// assert!(keyway_brc::Weak::<i64>::new().upgrade().is_none());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        WeakShared {
            contents: NonNull::without_provenance(NOWHERE),
            _strategy: PhantomData,
            _contents: PhantomData,
        }
    }
}

impl<T: ?Sized, S: WeakCounts> WeakShared<T, S> {
    /// Makes a weak reference out of one that is counted already.
    ///
    /// # Safety
    /// - `contents` were allocated by `counted::allocate` under `S`; the caller owns a weak
    ///   reference to them, and gives it up. Or they are nowhere.
    #[inline]
    pub(crate) unsafe fn from_counted(contents: NonNull<T>) -> Self {
        WeakShared { contents, _strategy: PhantomData, _contents: PhantomData }
    }

    pub(crate) fn contents(&self) -> NonNull<T> {
        self.contents
    }

    pub(crate) fn into_counted(self) -> NonNull<T> {
        ManuallyDrop::new(self).contents
    }

    /// A pointer to the contents, without their type; none if this refers to nothing.
    pub(crate) fn somewhere(&self) -> Option<NonNull<u8>> {
        let thin = self.contents.cast::<u8>();
        (thin.addr() != NOWHERE).then_some(thin)
    }

    /// A reference to the object, unless the last one has gone. The last reference to an object
    /// that is being destroyed, or is to be destroyed next, has gone.
    ///
    /// Under `BiasedCounts`, an object whose last reference was dropped by another thread than its
    /// owner, while the owner was there, goes when the owner takes notice, which it does in an
    /// upgrade of its own; until then an upgrade by others brings it back. No destructor runs in an
    /// upgrade.
    ///
    /// **Cost**: under `BiasedCounts`, a plain increment on the owner's thread; otherwise a locked
    /// instruction, repeated if others are at it.
    ///
    /// # Aborts
    /// If the count overflows.
    #[must_use]
    pub fn upgrade(&self) -> Option<Shared<T, S>> {
        let thin = self.somewhere()?;
        // SAFETY: this is a weak reference.
        if !unsafe { counted::upgrade::<S>(thin) } {
            return None;
        }
        // SAFETY: counted just now.
        Some(unsafe { Shared::from_counted(self.contents) })
    }

    /// The number of references; zero if the last one has gone, or was dropped and waits for its
    /// maker to take notice. As exact as [`Shared::strong_count`].
    #[must_use]
    pub fn strong_count(&self) -> usize {
        let Some(thin) = self.somewhere() else { return 0 };
        // SAFETY: this weak reference keeps the memory.
        let object = unsafe { counted::object::<S>(thin) };
        // SAFETY: as above.
        unsafe { S::references(object) }
    }

    /// The number of weak references; zero if the last reference has gone.
    #[must_use]
    pub fn weak_count(&self) -> usize {
        let Some(thin) = self.somewhere() else { return 0 };
        if self.strong_count() == 0 {
            return 0;
        }
        // SAFETY: this weak reference keeps the memory.
        unsafe { counted::weak_references::<S>(thin) }
    }

    /// Whether both refer to the same object, or both to nothing.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        std::ptr::addr_eq(self.contents.as_ptr(), other.contents.as_ptr())
    }
}

impl<T: ?Sized, S: WeakCounts> Clone for WeakShared<T, S> {
    fn clone(&self) -> Self {
        if let Some(thin) = self.somewhere() {
            // SAFETY: this is a weak reference.
            unsafe { counted::clone_weak::<S>(thin) };
        }
        // SAFETY: counted just now, or nowhere.
        unsafe { WeakShared::from_counted(self.contents) }
    }
}

impl<T: ?Sized, S: WeakCounts> Drop for WeakShared<T, S> {
    fn drop(&mut self) {
        if let Some(thin) = self.somewhere() {
            // SAFETY: this is the weak reference's end.
            unsafe { counted::release_weak::<S>(thin) };
        }
    }
}

impl<T, S: WeakCounts> Default for WeakShared<T, S> {
    fn default() -> Self {
        WeakShared::new()
    }
}

impl<T: ?Sized, S: WeakCounts> fmt::Debug for WeakShared<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(Weak)")
    }
}
