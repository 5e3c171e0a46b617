//! Objects whose contents are made after them, in place.

use std::mem::{MaybeUninit, needs_drop};
use std::ptr::NonNull;

use keyway_object_model::WeakCounts;
use keyway_object_model::counted::{self, Late, LateExtent, Many, One, Shape};

use crate::pointer::Shared;

/// Memory for contents of shape `K` that are still to be made. Those that need no drop need not be
/// kept account of.
///
/// # Safety
/// - Contents of this shape and extent are `MaybeUninit`s to the holder of the reference, until
///   they are made.
unsafe fn allocate<K: Shape, S: WeakCounts>(extent: K::Extent, needs_drop: bool) -> NonNull<u8> {
    if S::is_queued() {
        counted::collect::<S>();
    }
    let count = S::new_count_anywhere();
    if needs_drop {
        // SAFETY: not dropped before they are made.
        unsafe { counted::allocate::<Late<K>, S>(count, LateExtent::new(extent)) }
    } else {
        // SAFETY: the caller's duty; dropping them does nothing.
        unsafe { counted::allocate::<K, S>(count, extent) }
    }
}

impl<T, S: WeakCounts> Shared<T, S> {
    /// Makes an object whose contents are still to be made, to be turned into a `Shared<T, S>` by
    /// [`assume_init`](Shared::assume_init).
    ///
    /// **Cost**: as [`new`](Self::new). Contents that need a drop have a word more in front.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let mut five = Brc::<u32>::new_uninit();
    /// Brc::get_mut(&mut five).unwrap().write(5);
    /// // SAFETY: written just now.
    /// assert_eq!(*unsafe { five.assume_init() }, 5);
    /// ```
    #[must_use]
    pub fn new_uninit() -> Shared<MaybeUninit<T>, S> {
        // SAFETY: the pointer says so.
        let place = unsafe { allocate::<One<T>, S>((), needs_drop::<T>()) };
        // SAFETY: a new object has one reference; it is there for a `T`.
        unsafe { Shared::from_counted(place.cast()) }
    }

    /// As [`new_uninit`](Self::new_uninit), with memory that is all zeros.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let zero = Brc::<u32>::new_zeroed();
    /// // SAFETY: zeros are a number.
    /// assert_eq!(*unsafe { zero.assume_init() }, 0);
    /// ```
    #[must_use]
    pub fn new_zeroed() -> Shared<MaybeUninit<T>, S> {
        let zeroed = Self::new_uninit();
        // SAFETY: nobody else has the pointer; room for one.
        unsafe { zeroed.contents().write_bytes(0, 1) };
        zeroed
    }
}

impl<T, S: WeakCounts> Shared<[T], S> {
    /// Makes a slice whose elements are still to be made.
    ///
    /// # Panics
    /// If no memory can hold this many: with the words in front of them they may take `isize::MAX`
    /// bytes at most. The message names type and number. Elements without bytes have no such limit.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let mut squares = Brc::<[usize]>::new_uninit_slice(4);
    /// for (number, square) in Brc::get_mut(&mut squares).unwrap().iter_mut().enumerate() {
    ///     square.write(number * number);
    /// }
    /// // SAFETY: all have been written.
    /// assert_eq!(*unsafe { squares.assume_init() }, [0, 1, 4, 9]);
    /// ```
    #[must_use]
    pub fn new_uninit_slice(length: usize) -> Shared<[MaybeUninit<T>], S> {
        // SAFETY: the pointer says so.
        let place = unsafe { allocate::<Many<T>, S>(length, needs_drop::<T>()) };
        // SAFETY: a new object has one reference; it has room for this many elements.
        unsafe { Shared::from_counted(NonNull::slice_from_raw_parts(place.cast(), length)) }
    }

    /// As [`new_uninit_slice`](Self::new_uninit_slice), with memory that is all zeros.
    ///
    /// # Panics
    /// If no memory can hold this many: with the words in front of them they may take `isize::MAX`
    /// bytes at most. The message names type and number. Elements without bytes have no such limit.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let zeros = Brc::<[u8]>::new_zeroed_slice(3);
    /// // SAFETY: zeros are numbers.
    /// assert_eq!(*unsafe { zeros.assume_init() }, [0, 0, 0]);
    /// ```
    #[must_use]
    pub fn new_zeroed_slice(length: usize) -> Shared<[MaybeUninit<T>], S> {
        let zeroed = Self::new_uninit_slice(length);
        // SAFETY: nobody else has the pointer; room for this many elements.
        unsafe { zeroed.contents().cast::<T>().write_bytes(0, length) };
        zeroed
    }
}

impl<T, S: WeakCounts> Shared<MaybeUninit<T>, S> {
    /// The same reference, to contents that have been made.
    ///
    /// They are dropped with their object if that was made by [`new_uninit`](Shared::new_uninit) or
    /// [`new_zeroed`](Shared::new_zeroed), whichever pointer is the last and wherever it is
    /// dropped: what is said here is said of the object. If the object was made in another way,
    /// from a `MaybeUninit`, they are never dropped, by any pointer: that was settled when it was
    /// made. [`try_unwrap`](Shared::try_unwrap) and [`into_inner`](Shared::into_inner) give them to
    /// the caller, as what the pointer's type says they are.
    ///
    /// # Safety
    /// - The contents are a `T`.
    /// - If there are other pointers to them, of this type still: nobody unmakes the contents
    ///   through those, nor moves them out but by taking the last reference. Unlike with `Arc`, the
    ///   contents are dropped even if the last pointer is such a one.
    #[must_use = "the reference is dropped otherwise"]
    pub unsafe fn assume_init(self) -> Shared<T, S> {
        let place = self.into_counted();
        if needs_drop::<T>() {
            // SAFETY: the reference just given up; the rest is the caller's duty.
            let _is_late = unsafe { counted::note_made::<One<T>, S>(place.cast()) };
        }
        // SAFETY: the same reference.
        unsafe { Shared::from_counted(place.cast()) }
    }
}

impl<T, S: WeakCounts> Shared<[MaybeUninit<T>], S> {
    /// The same reference, to elements that have all been made.
    ///
    /// They are dropped with their object if that was made by
    /// [`new_uninit_slice`](Shared::new_uninit_slice) or
    /// [`new_zeroed_slice`](Shared::new_zeroed_slice), as is said of one at
    /// `Shared<MaybeUninit<T>, S>`.
    ///
    /// # Safety
    /// - Every element is a `T`.
    /// - If there are other pointers to them, of this type still: nobody unmakes elements through
    ///   those. Unlike with `Arc`, they are dropped even if the last pointer is such a one.
    #[must_use = "the reference is dropped otherwise"]
    pub unsafe fn assume_init(self) -> Shared<[T], S> {
        let elements = self.into_counted();
        let place = elements.cast::<T>();
        if needs_drop::<T>() {
            // SAFETY: the reference just given up; the rest is the caller's duty.
            let _is_late = unsafe { counted::note_made::<Many<T>, S>(place.cast()) };
        }
        // SAFETY: the same reference.
        unsafe { Shared::from_counted(NonNull::slice_from_raw_parts(place, elements.len())) }
    }
}
