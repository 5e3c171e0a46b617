//! What contents are, as far as destroying them goes.

use std::alloc::Layout;
use std::any::type_name;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// What contents are, known from a thin pointer to them: [`One`], [`Many`] or [`Whole`], or one of
/// those [`Late`](super::Late).
///
/// # Safety
/// - `drop_contents` drops what `layout` has room for.
pub unsafe trait Shape: 'static {
    /// The data that must be kept in front of the contents for that: a multiple of a word, aligned
    /// as one.
    #[doc(hidden)]
    type Extent;

    /// The contents' own layout, of an object that has been allocated.
    #[doc(hidden)]
    fn layout(extent: &Self::Extent) -> Layout;

    /// As [`layout`](Self::layout), of an object that is to be allocated: none if memory cannot be
    /// as large.
    #[doc(hidden)]
    fn layout_to_be(extent: &Self::Extent) -> Option<Layout> {
        Some(Self::layout(extent))
    }

    /// The kind of the contents, for a message to people.
    #[doc(hidden)]
    fn describe(extent: &Self::Extent) -> String;

    /// Drops the contents in place.
    ///
    /// # Safety
    /// - They are at `contents`, of this extent, for the caller's exclusive use, and are not used
    ///   after.
    #[doc(hidden)]
    unsafe fn drop_contents(contents: NonNull<u8>, extent: &Self::Extent);
}

/// One value.
#[derive(Debug)]
pub struct One<T>(PhantomData<T>);

/// A slice, made as one: its length is in front.
#[derive(Debug)]
pub struct Many<T>(PhantomData<T>);

/// A value of any type that has been moved here: a pointer to it is in front, and its layout.
#[derive(Debug)]
pub struct Whole<T: ?Sized>(PhantomData<T>);

/// The data in front of a [`Whole`].
#[derive(Debug)]
#[repr(C)]
pub struct WholeExtent<T: ?Sized> {
    /// A pointer to the value, with what it takes to know the value's type or length.
    pointer: *mut T,
    size: usize,
    align: usize,
}

impl<T: ?Sized> Clone for WholeExtent<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for WholeExtent<T> {}

impl<T: ?Sized> WholeExtent<T> {
    /// Of a value that is to be moved.
    pub fn of(value: &T) -> Self {
        let pointer = std::ptr::from_ref(value).cast_mut();
        WholeExtent { pointer, size: size_of_val(value), align: align_of_val(value) }
    }

    /// A pointer as the extent's, to another place.
    pub fn pointer_at(self, contents: NonNull<u8>) -> NonNull<T> {
        let mut pointer = self.pointer;
        let place = (&raw mut pointer).cast::<*mut u8>();
        // SAFETY: a pointer to a type of unknown size begins with the address, as `unsize` has it
        // too; the rest is left as it is.
        unsafe { place.write(contents.as_ptr()) };
        // SAFETY: the address written is not null.
        unsafe { NonNull::new_unchecked(pointer) }
    }
}

// SAFETY: one value is dropped, of the type whose layout it is.
unsafe impl<T: 'static> Shape for One<T> {
    type Extent = ();

    #[inline]
    fn layout((): &()) -> Layout {
        Layout::new::<T>()
    }

    fn describe((): &()) -> String {
        type_name::<T>().to_owned()
    }

    unsafe fn drop_contents(contents: NonNull<u8>, (): &()) {
        // U5.
        // SAFETY: the caller's duty.
        unsafe { contents.cast::<T>().drop_in_place() }
    }
}

// SAFETY: as many values are dropped as the layout has room for.
unsafe impl<T: 'static> Shape for Many<T> {
    type Extent = usize;

    fn layout(length: &usize) -> Layout {
        Layout::array::<T>(*length).expect("a slice that was allocated")
    }

    fn layout_to_be(length: &usize) -> Option<Layout> {
        Layout::array::<T>(*length).ok()
    }

    fn describe(length: &usize) -> String {
        format!("[{}] of length {length}", type_name::<T>())
    }

    unsafe fn drop_contents(contents: NonNull<u8>, length: &usize) {
        // U5.
        // SAFETY: the caller's duty.
        unsafe { NonNull::slice_from_raw_parts(contents.cast::<T>(), *length).drop_in_place() }
    }
}

// SAFETY: the value is dropped whose layout was taken when it was moved.
unsafe impl<T: ?Sized + 'static> Shape for Whole<T> {
    type Extent = WholeExtent<T>;

    fn layout(extent: &WholeExtent<T>) -> Layout {
        Layout::from_size_align(extent.size, extent.align).expect("a value's layout")
    }

    fn describe(_: &WholeExtent<T>) -> String {
        type_name::<T>().to_owned()
    }

    unsafe fn drop_contents(contents: NonNull<u8>, extent: &WholeExtent<T>) {
        // U5.
        // SAFETY: the caller's duty.
        unsafe { extent.pointer_at(contents).drop_in_place() }
    }
}
