//! Pointers that are counted as another thread would, whatever the calling thread is: one thread
//! alone brings an object into states that take several, and a model has fewer interleavings.

use std::ptr::NonNull;

use keyway_brc::{Shared, WeakCounts};
use keyway_object_model::counted;
use keyway_object_model::testing::{self, AsAnother};

/// Clones a pointer.
pub(crate) fn clone_as_another<T, S: WeakCounts + AsAnother>(pointer: &Shared<T, S>) -> Shared<T, S> {
    let contents = Shared::as_ptr(pointer);
    // SAFETY: not null, as the contents of a pointer.
    let address = unsafe { NonNull::new_unchecked(contents.cast_mut()) };
    // SAFETY: the pointer keeps the object alive.
    let object = unsafe { counted::object::<S>(address.cast()) };
    // SAFETY: as above.
    let _retained = unsafe { S::retain_as_another(object) };
    // SAFETY: counted just now.
    unsafe { Shared::from_raw(contents) }
}

/// Drops a pointer.
pub(crate) fn drop_as_another<T, S: WeakCounts + AsAnother>(pointer: Shared<T, S>) {
    let contents = Shared::into_raw(pointer).cast_mut().cast();
    // SAFETY: not null, and kept alive by the reference.
    let contents = unsafe { NonNull::new_unchecked(contents) };
    // SAFETY: the reference was the pointer's.
    unsafe { testing::release_counted_as_another::<S>(contents) };
}
