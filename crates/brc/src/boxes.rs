//! Contents of any type, moved out of a box, and contents that are boxed on the way.

use std::alloc::{self, Layout};
use std::ffi::{CStr, CString, OsStr, OsString};
use std::path::{Path, PathBuf};

use keyway_object_model::WeakCounts;
use keyway_object_model::counted::{self, Whole, WholeExtent};

use crate::pointer::Shared;

impl<T: ?Sized, S: WeakCounts> From<Box<T>> for Shared<T, S> {
    /// Moves the contents behind the object's words, whatever they are: a trait object keeps its
    /// type.
    ///
    /// # Examples
    /// ```
    /// use std::fmt::Display;
    ///
    /// use keyway_brc::Brc;
    ///
    /// let boxed: Box<dyn Display> = Box::new(5);
    /// let shared: Brc<dyn Display> = Brc::from(boxed);
    /// assert_eq!(shared.to_string(), "5");
    /// ```
    fn from(contents: Box<T>) -> Self {
        if S::is_queued() {
            counted::collect::<S>();
        }
        let layout = Layout::for_value(&*contents);
        let extent = WholeExtent::of(&*contents);
        // SAFETY: written in the next steps; nothing between can unwind.
        let place = unsafe { counted::allocate::<Whole<T>, S>(S::new_count_anywhere(), extent) };
        let boxed = Box::into_raw(contents).cast::<u8>();
        // SAFETY: room for a value of that layout, apart from the box's.
        unsafe { place.as_ptr().copy_from_nonoverlapping(boxed, layout.size()) };
        if layout.size() != 0 {
            // SAFETY: a box's memory is allocated so, if there is any; the value has been moved
            // out.
            unsafe { alloc::dealloc(boxed, layout) };
        }
        // SAFETY: a new object has one reference.
        unsafe { Shared::from_counted(extent.pointer_at(place)) }
    }
}

/// Pointers made of a borrowed or an owned value by way of a box.
macro_rules! by_way_of_a_box {
    ($($contents:ty: $($from:ty),+;)+) => {$($(
        impl<S: WeakCounts> From<$from> for Shared<$contents, S> {
            fn from(contents: $from) -> Self {
                Box::<$contents>::from(contents).into()
            }
        }
    )+)+};
}

by_way_of_a_box! {
    CStr: &CStr, &mut CStr, CString;
    OsStr: &OsStr, &mut OsStr, OsString;
    Path: &Path, &mut Path, PathBuf;
    str: &mut str;
}

impl<T: Clone, S: WeakCounts> From<&mut [T]> for Shared<[T], S> {
    fn from(elements: &mut [T]) -> Self {
        Shared::from(&*elements)
    }
}
