//! What contents are, as far as destroying them goes.

use std::alloc::Layout;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// What contents are, known from a thin pointer to them: [`One`] or [`Many`].
///
/// # Safety
/// - `drop_contents` drops what `layout` has room for.
pub unsafe trait Shape: 'static {
    /// Whether there is a length in front.
    #[doc(hidden)]
    const HAS_LENGTH: bool;

    /// The contents' own layout.
    #[doc(hidden)]
    fn layout(length: usize) -> Layout;

    /// Drops the contents in place.
    ///
    /// # Safety
    /// - There are `length` of them at `contents`, for the caller alone, and they are not used after.
    #[doc(hidden)]
    unsafe fn drop_contents(contents: NonNull<u8>, length: usize);
}

/// One value.
#[derive(Debug)]
pub struct One<T>(PhantomData<T>);

/// A slice, made as one.
#[derive(Debug)]
pub struct Many<T>(PhantomData<T>);

// SAFETY: one value is dropped, of the type whose layout it is.
unsafe impl<T: 'static> Shape for One<T> {
    const HAS_LENGTH: bool = false;

    fn layout(_: usize) -> Layout {
        Layout::new::<T>()
    }

    unsafe fn drop_contents(contents: NonNull<u8>, _: usize) {
        // SAFETY: the caller's duty.
        unsafe { contents.cast::<T>().drop_in_place() }
    }
}

// SAFETY: as many values are dropped as the layout has room for.
unsafe impl<T: 'static> Shape for Many<T> {
    const HAS_LENGTH: bool = true;

    fn layout(length: usize) -> Layout {
        Layout::array::<T>(length)
            .expect("the length of a slice that was allocated, or is checked by who allocates it")
    }

    unsafe fn drop_contents(contents: NonNull<u8>, length: usize) {
        // SAFETY: the caller's duty.
        unsafe { NonNull::slice_from_raw_parts(contents.cast::<T>(), length).drop_in_place() }
    }
}
