//! Pointers as plain pointers, and back.

use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use keyway_object_model::WeakCounts;

use crate::pointer::Shared;
use crate::weak::WeakShared;

impl<T: ?Sized, S: WeakCounts> Shared<T, S> {
    /// A pointer to the contents, which stay alive as long as there are references.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let five = Brc::new(5);
    /// assert!(std::ptr::eq(Brc::as_ptr(&five), &*five));
    /// ```
    #[must_use]
    pub fn as_ptr(this: &Self) -> *const T {
        this.contents().as_ptr()
    }

    /// The reference as a pointer to the contents; to be turned back by
    /// [`from_raw`](Self::from_raw).
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let raw = Brc::into_raw(Brc::new(5));
    /// // SAFETY: made by `into_raw`, and used once.
    /// assert_eq!(*unsafe { Brc::from_raw(raw) }, 5);
    /// ```
    #[must_use = "the reference is leaked otherwise"]
    pub fn into_raw(this: Self) -> *const T {
        this.into_counted().as_ptr()
    }

    /// The reference that [`into_raw`](Self::into_raw) turned into a pointer.
    ///
    /// # Safety
    /// - `contents` are what `into_raw` of a pointer with this `S` returned, or
    ///   [`as_ptr`](Self::as_ptr) and a reference was added for it; each reference is used once.
    /// - `T` is the type of that pointer, or one that it can be coerced to or was coerced from, or
    ///   one that lies in memory and is dropped in the same way, such as a `repr(transparent)`
    ///   wrapper without a destructor of its own. Unlike with `Arc`, whose last pointer's type
    ///   decides, the contents may be dropped as what they were made as.
    #[inline]
    pub unsafe fn from_raw(contents: *const T) -> Self {
        // SAFETY: the caller's duty: not null.
        let contents = unsafe { NonNull::new_unchecked(contents.cast_mut()) };
        // SAFETY: the caller's duty.
        unsafe { Shared::from_counted(contents) }
    }

    /// Adds a reference.
    ///
    /// # Safety
    /// - As for [`from_raw`](Self::from_raw), and there is a reference during the call.
    pub unsafe fn increment_strong_count(contents: *const T) {
        // SAFETY: the caller's duty.
        let this = ManuallyDrop::new(unsafe { Shared::<T, S>::from_raw(contents) });
        let _leaked = ManuallyDrop::new(Shared::clone(&this));
    }

    /// Takes a reference away.
    ///
    /// # Safety
    /// - As for [`from_raw`](Self::from_raw).
    pub unsafe fn decrement_strong_count(contents: *const T) {
        // SAFETY: the caller's duty.
        drop(unsafe { Shared::<T, S>::from_raw(contents) });
    }
}

impl<T: ?Sized, S: WeakCounts> WeakShared<T, S> {
    /// A pointer to where the contents are or were; dangling if this refers to nothing.
    #[must_use]
    pub fn as_ptr(&self) -> *const T {
        self.contents().as_ptr()
    }

    /// The weak reference as a pointer; to be turned back by [`from_raw`](Self::from_raw).
    #[must_use = "the weak reference is leaked otherwise"]
    pub fn into_raw(self) -> *const T {
        self.into_counted().as_ptr()
    }

    /// The weak reference that [`into_raw`](Self::into_raw) turned into a pointer.
    ///
    /// # Safety
    /// - `contents` are what `into_raw` of a weak reference with this `S` returned, and each is
    ///   used once. `T` is as for [`Shared::from_raw`].
    pub unsafe fn from_raw(contents: *const T) -> Self {
        // SAFETY: the caller's duty: not null.
        let contents = unsafe { NonNull::new_unchecked(contents.cast_mut()) };
        // SAFETY: the caller's duty.
        unsafe { WeakShared::from_counted(contents) }
    }
}
