//! Pointers as plain pointers.

use keyway_brc::{CoerceUnsize, Coercion, Shared, WeakCounts, WeakShared};

use crate::watch::Watch;

pub(crate) fn there_and_back<S: WeakCounts>() {
    let watch = Watch::default();
    let raw = Shared::into_raw(Shared::<_, S>::new(watch.witness()));
    assert_eq!(watch.dropped(), 0);
    // SAFETY: made by `into_raw`, used once.
    drop(unsafe { Shared::<_, S>::from_raw(raw) });
    assert_eq!(watch.dropped(), 1);
}

pub(crate) fn counted_by_raw_pointer<S: WeakCounts>() {
    let object = Shared::<_, S>::new(5);
    let raw = Shared::as_ptr(&object);
    // SAFETY: `object` is a reference.
    unsafe { Shared::<_, S>::increment_strong_count(raw) };
    assert_eq!(Shared::strong_count(&object), 2);
    // SAFETY: the reference added just now.
    unsafe { Shared::<_, S>::decrement_strong_count(raw) };
    assert_eq!(Shared::strong_count(&object), 1);
}

pub(crate) fn unsized_there_and_back<S: WeakCounts>() {
    let watch = Watch::default();
    let slice: Shared<[_], S> = [watch.witness(), watch.witness()].into();
    let raw = Shared::into_raw(slice);
    // SAFETY: made by `into_raw`, used once.
    drop(unsafe { Shared::<[_], S>::from_raw(raw) });
    assert_eq!(watch.dropped(), 2);
    let object = Shared::<_, S>::new(watch.witness()).unsize(Coercion::to_debug());
    let raw = Shared::into_raw(object);
    // SAFETY: made by `into_raw`, used once.
    drop(unsafe { Shared::<dyn std::fmt::Debug, S>::from_raw(raw) });
    assert_eq!(watch.dropped(), 3);
}

/// As another type that it can be coerced to or from, or as a wrapper.
pub(crate) fn back_as_what_it_can_be<S: WeakCounts>() {
    #[repr(transparent)]
    struct Wrapper([crate::watch::Witness]);
    let watch = Watch::default();
    let raw = Shared::into_raw(Shared::<_, S>::new(watch.witness()));
    // SAFETY: made by `into_raw` and coerced, used once.
    drop(unsafe { Shared::<dyn std::fmt::Debug, S>::from_raw(raw as *const dyn std::fmt::Debug) });
    assert_eq!(watch.dropped(), 1);
    let slice: Shared<[_], S> = [watch.witness(), watch.witness()].into();
    // SAFETY: made by `into_raw`, used once; the wrapper lies in memory as what it wraps.
    let wrapped = unsafe { Shared::<Wrapper, S>::from_raw(Shared::into_raw(slice) as *const Wrapper) };
    assert_eq!(wrapped.0.len(), 2);
    drop(wrapped);
    assert_eq!(watch.dropped(), 3);
    let slice = Shared::<_, S>::new([1, 2, 3]).unsize(Coercion::to_slice());
    // SAFETY: made by `into_raw`, used once; it was an array of that length.
    let array = unsafe { Shared::<[i32; 3], S>::from_raw(Shared::into_raw(slice).cast()) };
    assert_eq!(*array, [1, 2, 3]);
}

pub(crate) fn weak_ones_there_and_back<S: WeakCounts>() {
    let object = Shared::<_, S>::new(5);
    let raw = Shared::downgrade(&object).into_raw();
    assert_eq!(raw, Shared::as_ptr(&object));
    // SAFETY: made by `into_raw`, used once.
    let weak = unsafe { WeakShared::<_, S>::from_raw(raw) };
    assert_eq!(weak.upgrade().as_deref(), Some(&5));
    let nowhere = WeakShared::<u8, S>::new().into_raw();
    // SAFETY: made by `into_raw`, used once.
    assert!(unsafe { WeakShared::<u8, S>::from_raw(nowhere) }.upgrade().is_none());
}
