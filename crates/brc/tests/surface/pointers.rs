//! Making and dropping.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use keyway_brc::{Shared, WeakCounts, WeakShared};

use crate::watch::Watch;

pub(crate) fn a_pointer_is_one_word<S: WeakCounts>() {
    assert_eq!(size_of::<Shared<u64, S>>(), 8);
    assert_eq!(size_of::<Option<Shared<u64, S>>>(), 8);
    assert_eq!(size_of::<WeakShared<u64, S>>(), 8);
    assert_eq!(size_of::<Shared<[u64], S>>(), 16);
    assert!(keyway_object_model::counted::front_bytes::<S>() <= 32);
}

pub(crate) fn contents_are_aligned<S: WeakCounts>() {
    #[repr(align(128))]
    struct Line(u8);
    let line = Shared::<_, S>::new(Line(7));
    assert_eq!((Shared::as_ptr(&line).addr() % 128, line.0), (0, 7));
    let weak = Shared::downgrade(&line.clone());
    drop(line);
    assert!(weak.upgrade().is_none());
}

pub(crate) fn contents_are_dropped_once<S: WeakCounts>() {
    let watch = Watch::default();
    let one = Shared::<_, S>::new(watch.witness());
    let two = one.clone();
    drop(one);
    assert_eq!(watch.dropped(), 0);
    drop(two);
    assert_eq!(watch.dropped(), 1);
}

pub(crate) fn no_bytes_are_contents_too<S: WeakCounts>() {
    let one = Shared::<_, S>::new(());
    assert!(!Shared::ptr_eq(&one, &Shared::new(())));
    assert!(Shared::ptr_eq(&one, &one.clone()));
}

/// The memory of the one whose destructor panics is freed too: a leak checker sees it.
pub(crate) fn a_panic_in_a_destructor_leaves_the_rest_whole<S: WeakCounts>() {
    struct Panics(#[expect(dead_code, reason = "dropped after the panic")] Shared<crate::watch::Witness, S0>);
    type S0 = crate::AtomicCounts;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    let watch = Watch::default();
    let object = Shared::<_, S>::new(Panics(Shared::new(watch.witness())));
    let weak = Shared::downgrade(&object);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(object))).is_err());
    assert_eq!(watch.dropped(), 1);
    assert!(weak.upgrade().is_none());
    drop(Shared::<_, S>::new(watch.witness()));
    assert_eq!(watch.dropped(), 2);
}

pub(crate) fn a_long_chain_is_destroyed_with_a_bounded_stack<S: WeakCounts>() {
    struct Link<S: WeakCounts> {
        _next: Option<Shared<Link<S>, S>>,
    }
    let mut chain = None;
    for _ in 0..1_000_000 {
        chain = Some(Shared::<_, S>::new(Link { _next: chain }));
    }
    drop(chain);
}

/// Contents that are neither `Send` nor `Sync` keep the pointers on their thread, where they are
/// destroyed.
pub(crate) fn contents_that_stay_on_their_thread<S: WeakCounts>() {
    let object = Shared::<_, S>::new((Cell::new(1), Watch::default().witness()));
    object.0.set(2);
    let again = object.clone();
    drop(object);
    assert_eq!(again.0.get(), 2);
    let mutex = Mutex::new(again);
    assert_eq!(mutex.into_inner().unwrap().0.get(), 2);
}
