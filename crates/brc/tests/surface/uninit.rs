//! Contents that are made in place, after their object.

use std::mem::MaybeUninit;

use keyway_brc::{Shared, WeakCounts};

use crate::watch::{Watch, Witness, elsewhere};

/// With one witness written.
fn written<S: WeakCounts>(watch: &Watch) -> Shared<MaybeUninit<Witness>, S> {
    let mut place = Shared::<Witness, S>::new_uninit();
    Shared::get_mut(&mut place).unwrap().write(watch.witness());
    place
}

pub(crate) fn contents_made_late_are_dropped_once<S: WeakCounts>() {
    let watch = Watch::default();
    let place = written::<S>(&watch);
    let address = Shared::as_ptr(&place).addr();
    // SAFETY: written.
    let made = unsafe { place.assume_init() };
    assert_eq!(Shared::as_ptr(&made).addr(), address);
    let more = made.clone();
    drop(made);
    assert_eq!(watch.dropped(), 0);
    drop(more);
    assert_eq!(watch.dropped(), 1);
}

/// The thread that destroys it knows only the object's header.
pub(crate) fn contents_made_late_are_dropped_by_the_maker<S: WeakCounts>() {
    let watch = Watch::default();
    // SAFETY: written.
    let made = unsafe { written::<S>(&watch).assume_init() };
    let mut slice = Shared::<[Witness], S>::new_uninit_slice(3);
    Shared::get_mut(&mut slice).unwrap().iter_mut().for_each(|place| _ = place.write(watch.witness()));
    // SAFETY: all written.
    let slice = unsafe { slice.assume_init() };
    elsewhere(move || drop((made, slice)));
    Shared::<(), S>::collect();
    assert_eq!(watch.dropped(), 4);
}

/// Nothing is dropped that nobody has said is there, on whichever thread the object ends.
pub(crate) fn contents_never_made_are_not_dropped<S: WeakCounts>() {
    drop(Shared::<Box<u8>, S>::new_uninit());
    drop(Shared::<[Box<u8>], S>::new_uninit_slice(3));
    let (one, many) = (Shared::<Box<u8>, S>::new_uninit(), Shared::<[Box<u8>], S>::new_zeroed_slice(3));
    let weak = (Shared::downgrade(&one), Shared::downgrade(&many));
    elsewhere(move || drop((one, many)));
    Shared::<(), S>::collect();
    assert!(weak.0.upgrade().is_none() && weak.1.upgrade().is_none());
    let watch = Watch::default();
    let left = written::<S>(&watch);
    // SAFETY: written, and read once.
    let contents = unsafe { left.assume_init_read() };
    drop(left);
    assert_eq!(watch.dropped(), 0);
    drop(contents);
    assert_eq!(watch.dropped(), 1);
}

pub(crate) fn contents_made_late_are_moved_out<S: WeakCounts>() {
    let watch = Watch::default();
    // SAFETY: written.
    let made = unsafe { written::<S>(&watch).assume_init() };
    let weak = Shared::downgrade(&made);
    let contents = Shared::try_unwrap(made).unwrap();
    assert_eq!((watch.dropped(), weak.upgrade().is_none()), (0, true));
    drop((contents, weak));
    assert_eq!(watch.dropped(), 1);
    let mut text = Shared::<String, S>::new_uninit();
    Shared::get_mut(&mut text).unwrap().write("key".into());
    // SAFETY: written.
    let mut text = unsafe { text.assume_init() };
    let weak = Shared::downgrade(&text);
    Shared::make_mut(&mut text).push('s');
    assert_eq!((&**text, weak.upgrade().is_none()), ("keys", true));
}

/// Each holder of an object says by itself, on its own thread, that the contents are there.
pub(crate) fn contents_made_late_are_assumed_by_two<S: WeakCounts>() {
    for _ in 0..50 {
        let watch = Watch::default();
        let one = written::<S>(&watch);
        let two = one.clone();
        // SAFETY: written; nobody has another pointer.
        let there = std::thread::spawn(move || drop(unsafe { two.assume_init() }));
        // SAFETY: as above.
        drop(unsafe { one.assume_init() });
        there.join().unwrap();
        Shared::<(), S>::collect();
        assert_eq!(watch.dropped(), 1);
    }
}

pub(crate) fn zeros<S: WeakCounts>() {
    // SAFETY: zeros are a number.
    assert_eq!(*unsafe { Shared::<u64, S>::new_zeroed().assume_init() }, 0);
    // SAFETY: zeros are numbers.
    assert_eq!(*unsafe { Shared::<[u32], S>::new_zeroed_slice(5).assume_init() }, [0; 5]);
    // SAFETY: none is an empty option.
    let none = unsafe { Shared::<Option<Box<u8>>, S>::new_zeroed().assume_init() };
    assert!(none.is_none());
    assert!(Shared::<[Witness], S>::new_uninit_slice(0).is_empty());
    #[repr(align(64))]
    struct Line(#[expect(dead_code, reason = "takes room")] String);
    let lines = Shared::<[Line], S>::new_uninit_slice(2);
    assert_eq!(lines.as_ptr().addr() % 64, 0);
}

/// An array is coerced to a slice, and a slice is taken for an array, whichever way they were made.
pub(crate) fn an_array_of_a_slice_made_late<S: WeakCounts>() {
    let watch = Watch::default();
    let mut slice = Shared::<[Witness], S>::new_uninit_slice(2);
    Shared::get_mut(&mut slice).unwrap().iter_mut().for_each(|place| _ = place.write(watch.witness()));
    // SAFETY: all written.
    let slice = unsafe { slice.assume_init() };
    drop(Shared::<[Witness; 2], S>::try_from(slice).unwrap());
    assert_eq!(watch.dropped(), 2);
}

/// Contents that were a `MaybeUninit` when their object was made are destroyed as such, by
/// any thread.
pub(crate) fn contents_not_made_late_are_moved_out_too<S: WeakCounts>() {
    let watch = Watch::default();
    let place = Shared::<_, S>::new(MaybeUninit::new(watch.witness()));
    // SAFETY: made with it.
    let made = unsafe { place.assume_init() };
    drop(Shared::try_unwrap(made).unwrap());
    assert_eq!(watch.dropped(), 1);
    // SAFETY: made with it.
    assert_eq!(*unsafe { Shared::<_, S>::new(MaybeUninit::new(5)).assume_init() }, 5);
}

/// A way to drop two things.
type Way = fn(Box<dyn Send>, Box<dyn Send>);

/// Makes two pointers and drops them, in each order, here and elsewhere; returns how often.
fn each_way<A: Send + 'static, B: Send + 'static>(make: impl Fn() -> (A, B)) -> usize {
    let dropped_here = |first: Box<dyn Send>, second: Box<dyn Send>| {
        drop(first);
        drop(second);
    };
    let then_elsewhere = |first: Box<dyn Send>, second: Box<dyn Send>| {
        drop(first);
        elsewhere(move || drop(second));
    };
    let elsewhere_first = |first: Box<dyn Send>, second: Box<dyn Send>| {
        elsewhere(move || drop(first));
        drop(second);
    };
    let ways: [Way; 3] = [dropped_here, then_elsewhere, elsewhere_first];
    for way in ways {
        let (a, b) = make();
        way(Box::new(a), Box::new(b));
        let (a, b) = make();
        way(Box::new(b), Box::new(a));
    }
    2 * ways.len()
}

/// `assume_init` says what is there, for all pointers: the type of the last one says nothing.
pub(crate) fn contents_made_late_are_dropped_whichever_pointer_is_last<S: WeakCounts>() {
    for with_weak in [false, true] {
        let watch = Watch::default();
        let made = each_way(|| {
            let place = written::<S>(&watch);
            let weak = with_weak.then(|| Shared::downgrade(&place));
            let more = place.clone();
            // SAFETY: written; nobody unmakes it.
            ((unsafe { place.assume_init() }, weak), more)
        });
        Shared::<(), S>::collect();
        assert_eq!(watch.dropped(), made, "with weak references: {with_weak}");
        // As a plain pointer on the way.
        let place = written::<S>(&watch);
        let raw = Shared::into_raw(place.clone());
        // SAFETY: written; nobody unmakes it.
        drop(unsafe { place.assume_init() });
        // SAFETY: made by `into_raw`, used once.
        drop(unsafe { Shared::<_, S>::from_raw(raw) });
        assert_eq!(watch.dropped(), made + 1);
    }
}

pub(crate) fn slices_made_late_are_dropped_whichever_pointer_is_last<S: WeakCounts>() {
    let watch = Watch::default();
    let slice = || {
        let mut slice = Shared::<[Witness], S>::new_uninit_slice(2);
        Shared::get_mut(&mut slice).unwrap().iter_mut().for_each(|place| _ = place.write(watch.witness()));
        slice
    };
    let slices = each_way(|| {
        let slice = slice();
        let more = slice.clone();
        // SAFETY: all written; nobody unmakes them.
        (unsafe { slice.assume_init() }, more)
    });
    let arrays = each_way(|| {
        let slice = slice();
        let array = Shared::<[MaybeUninit<Witness>; 2], S>::try_from(slice.clone()).unwrap();
        // SAFETY: as above.
        (unsafe { slice.assume_init() }, array)
    });
    Shared::<(), S>::collect();
    assert_eq!(watch.dropped(), 2 * (slices + arrays));
}

/// A way to make an object of what is a `MaybeUninit` already.
type Make<S> = fn(&Watch) -> Shared<MaybeUninit<Witness>, S>;

/// Contents that were a `MaybeUninit` when their object was made are dropped by no pointer, even
/// after `assume_init`.
pub(crate) fn contents_of_another_kind_are_never_dropped_by_any_pointer<S: WeakCounts>() {
    let watch = Watch::default();
    let makers: [Make<S>; 3] = [
        |watch| Shared::new(MaybeUninit::new(watch.witness())),
        |watch| Shared::new_cyclic(|_| MaybeUninit::new(watch.witness())),
        |watch| Shared::from(Box::new(MaybeUninit::new(watch.witness()))),
    ];
    for make in makers {
        each_way(|| {
            let place = make(&watch);
            let more = place.clone();
            // SAFETY: made with it.
            (unsafe { place.assume_init() }, more)
        });
    }
    Shared::<(), S>::collect();
    assert_eq!(watch.dropped(), 0);
}
