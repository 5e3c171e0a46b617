//! Slices and strings, and what they are made of.

use std::borrow::Cow;
use std::ffi::CStr;
use std::pin::Pin;
use std::ptr::NonNull;

use keyway_object_model::WeakCounts;
use keyway_object_model::counted::{self, Many};

use crate::pointer::Shared;

impl<T, S: WeakCounts> From<Vec<T>> for Shared<[T], S> {
    /// Moves the elements behind the object's words, with their number in front.
    ///
    /// # Panics
    /// If no memory can hold this many: with the words in front of them they may take `isize::MAX`
    /// bytes at most.
    fn from(mut elements: Vec<T>) -> Self {
        if S::is_queued() {
            counted::collect::<S>();
        }
        let length = elements.len();
        // SAFETY: written in the next step; nothing between can unwind.
        let place = unsafe { counted::allocate::<Many<T>, S>(S::new_count_anywhere(), length) }.cast::<T>();
        // SAFETY: room for that number of elements, apart from the vector's.
        unsafe { place.as_ptr().copy_from_nonoverlapping(elements.as_ptr(), length) };
        // SAFETY: they have been moved out.
        unsafe { elements.set_len(0) };
        // SAFETY: a new object has one reference.
        unsafe { Shared::from_counted(NonNull::slice_from_raw_parts(place, length)) }
    }
}

impl<S: WeakCounts> From<String> for Shared<str, S> {
    fn from(text: String) -> Self {
        let bytes = Shared::<[u8], S>::from(text.into_bytes()).into_counted();
        // SAFETY: not null, as it was not before.
        let text = unsafe { NonNull::new_unchecked(bytes.as_ptr() as *mut str) };
        // SAFETY: the same reference; the bytes are a string's.
        unsafe { Shared::from_counted(text) }
    }
}

impl<S: WeakCounts> From<Shared<str, S>> for Shared<[u8], S> {
    fn from(text: Shared<str, S>) -> Self {
        let text = text.into_counted();
        // SAFETY: not null, as it was not before.
        let bytes = unsafe { NonNull::new_unchecked(text.as_ptr() as *mut [u8]) };
        // SAFETY: the same reference.
        unsafe { Shared::from_counted(bytes) }
    }
}

impl<T: Clone, S: WeakCounts> From<&[T]> for Shared<[T], S> {
    fn from(elements: &[T]) -> Self {
        elements.to_vec().into()
    }
}

impl<T, S: WeakCounts, const N: usize> From<[T; N]> for Shared<[T], S> {
    fn from(elements: [T; N]) -> Self {
        Vec::from(elements).into()
    }
}

impl<S: WeakCounts> From<&str> for Shared<str, S> {
    fn from(text: &str) -> Self {
        String::from(text).into()
    }
}

impl<T, S: WeakCounts> From<T> for Shared<T, S> {
    fn from(contents: T) -> Self {
        Shared::new(contents)
    }
}

impl<'a, B: ?Sized + ToOwned, S: WeakCounts> From<Cow<'a, B>> for Shared<B, S>
where
    Shared<B, S>: From<&'a B> + From<B::Owned>,
{
    fn from(contents: Cow<'a, B>) -> Self {
        match contents {
            Cow::Borrowed(contents) => Shared::from(contents),
            Cow::Owned(contents) => Shared::from(contents),
        }
    }
}

impl<T, S: WeakCounts> FromIterator<T> for Shared<[T], S> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Vec::from_iter(elements).into()
    }
}

impl<T, S: WeakCounts, const N: usize> TryFrom<Shared<[T], S>> for Shared<[T; N], S> {
    type Error = Shared<[T], S>;

    /// The same object as an array.
    ///
    /// # Errors
    /// The pointer unchanged, if the slice is of another length.
    fn try_from(slice: Shared<[T], S>) -> Result<Self, Shared<[T], S>> {
        if slice.len() != N {
            return Err(slice);
        }
        // SAFETY: the same reference; an array lies in memory as a slice of its length.
        Ok(unsafe { Shared::from_counted(slice.into_counted().cast()) })
    }
}

impl<T: Default, S: WeakCounts> Default for Shared<T, S> {
    fn default() -> Self {
        Shared::new(T::default())
    }
}

impl<T, S: WeakCounts> Default for Shared<[T], S> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<S: WeakCounts> Default for Shared<str, S> {
    fn default() -> Self {
        String::new().into()
    }
}

impl<S: WeakCounts> Default for Shared<CStr, S> {
    fn default() -> Self {
        c"".into()
    }
}

impl<T: ?Sized, S: WeakCounts> Default for Pin<Shared<T, S>>
where
    Shared<T, S>: Default,
{
    fn default() -> Self {
        // SAFETY: nobody else has the pointer; why its contents do not move from now on is said at
        // `Shared::pin`.
        unsafe { Pin::new_unchecked(Shared::default()) }
    }
}
