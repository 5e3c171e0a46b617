//! Objects that refer to themselves.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use keyway_object_model::WeakCounts;
use keyway_object_model::counted::{self, One};
use keyway_object_model::user::{Site, calls};

use crate::pointer::Shared;
use crate::weak::WeakShared;

/// An object in the making: its memory belongs to the references that it will have.
struct Unborn<T: 'static, S: WeakCounts> {
    place: NonNull<T>,
    _strategy: PhantomData<S>,
}

impl<T, S: WeakCounts> Drop for Unborn<T, S> {
    fn drop(&mut self) {
        // SAFETY: the references' part of the weak count, which no reference will give back.
        unsafe { counted::release_weak::<S>(self.place.cast()) };
    }
}

impl<T, S: WeakCounts> Shared<T, S> {
    /// Makes an object whose contents can hold weak references to it. Until this returns, those
    /// cannot be upgraded.
    ///
    /// # Panics
    /// If `make` does; nothing is leaked then.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::{Brc, Weak};
    ///
    /// struct Gadget {
    ///     me: Weak<Gadget>,
    /// }
    ///
    /// let gadget = Brc::new_cyclic(|me| {
    ///     assert!(me.upgrade().is_none());
    ///     Gadget { me: me.clone() }
    /// });
    /// assert!(Brc::ptr_eq(&gadget, &gadget.me.upgrade().unwrap()));
    /// ```
    pub fn new_cyclic(make: impl FnOnce(&WeakShared<T, S>) -> T) -> Self {
        if S::is_queued() {
            counted::collect::<S>();
        }
        // SAFETY: written below, before it is published; until then nobody has a reference.
        let place = unsafe { counted::allocate::<One<T>, S>(S::new_count_unborn(), ()) };
        let unborn = Unborn::<T, S> { place: place.cast(), _strategy: PhantomData };
        // SAFETY: the memory is kept by `unborn`.
        unsafe { counted::clone_weak::<S>(place) };
        // SAFETY: counted just now.
        let weak = unsafe { WeakShared::<T, S>::from_counted(place.cast()) };
        calls(Site::Contents);
        // U7. Nothing is remembered of this thread: `publish` finds out anew whose the object is.
        let contents = make(&weak);
        let place = ManuallyDrop::new(unborn).place;
        // SAFETY: memory for a `T`, which nobody reads before it is published.
        unsafe { place.write(contents) };
        // SAFETY: not freed.
        let object = unsafe { counted::object::<S>(place.cast()) };
        // SAFETY: its count was made unborn, and this is the one time.
        unsafe { S::publish(object) };
        drop(weak);
        // SAFETY: the reference of its birth.
        unsafe { Shared::from_counted(place) }
    }
}
