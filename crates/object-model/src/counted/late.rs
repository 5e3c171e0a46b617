//! Contents that are made after their object.

use std::alloc::Layout;
use std::any::TypeId;
use std::marker::PhantomData;
use std::ptr::NonNull;

use keyway_sync::atomic::{AtomicUsize, Ordering};

use super::{Shape, extent, object};
use crate::pointers::WeakCounts;

/// Contents of shape `K` that are still to be made when the object is: they are dropped with it if
/// [`note_made`] has been called.
#[derive(Debug)]
pub struct Late<K>(PhantomData<K>);

/// The word in front of a [`Late`].
#[derive(Debug)]
#[repr(C)]
pub struct LateExtent<E> {
    made: Made,
    extent: E,
}

impl<E> LateExtent<E> {
    /// Of contents that are not made yet.
    pub fn new(extent: E) -> Self {
        LateExtent { made: Made(AtomicUsize::new(0)), extent }
    }
}

/// Whether contents are made. All accesses are here; the ids are rows of PROTOCOL.md.
#[derive(Debug)]
struct Made(AtomicUsize);

impl Made {
    fn note(&self) {
        // O8, Relaxed: a thread that notes it has a reference, whose release orders this and the
        // making before the contents' drop. An atomic only because two holders may note it at once.
        self.0.store(1, Ordering::Relaxed);
    }

    fn is_noted(&self) -> bool {
        // O9, Relaxed: asked when the last reference has gone, so that every O8 happened before.
        self.0.load(Ordering::Relaxed) != 0
    }
}

// SAFETY: at most the contents that `K` drops are dropped.
unsafe impl<K: Shape> Shape for Late<K> {
    type Extent = LateExtent<K::Extent>;

    fn layout(extent: &Self::Extent) -> Layout {
        K::layout(&extent.extent)
    }

    fn layout_to_be(extent: &Self::Extent) -> Option<Layout> {
        K::layout_to_be(&extent.extent)
    }

    fn describe(extent: &Self::Extent) -> String {
        K::describe(&extent.extent)
    }

    unsafe fn drop_contents(contents: NonNull<u8>, extent: &Self::Extent) {
        if extent.made.is_noted() {
            // U5.
            // SAFETY: the caller's duty; they are made, as `note_made` was promised.
            unsafe { K::drop_contents(contents, &extent.extent) };
        }
    }
}

/// From now on the contents are dropped with their object, if its shape is `Late<K>`. False if it
/// is another; then nothing has happened.
///
/// # Safety
/// - The caller has a reference to the object of `contents`.
/// - The contents are made, and stay so until the object is destroyed or they are taken together
///   with its last reference.
pub unsafe fn note_made<K: Shape, S: WeakCounts>(contents: NonNull<u8>) -> bool {
    // SAFETY: the caller's duty.
    let object = unsafe { object::<S>(contents) };
    // SAFETY: the caller keeps the object alive.
    let descriptor = unsafe { object.descriptor() };
    if descriptor.type_id != TypeId::of::<Late<K>>() {
        return false;
    }
    // SAFETY: of this shape, as just seen, and the caller keeps the object alive.
    let extent = unsafe { extent::<Late<K>, S>(contents) };
    extent.made.note();
    true
}
