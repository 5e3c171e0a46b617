//! Contents of all kinds.

use std::any::Any;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Debug;

use keyway_brc::{CoerceUnsize, Coercion, Shared, WeakCounts, WeakShared};

use crate::watch::{Watch, Witness, elsewhere};

pub(crate) fn slices<S: WeakCounts>() {
    let watch = Watch::default();
    let made: Shared<[Witness], S> = (0..7).map(|_| watch.witness()).collect();
    let more = made.clone();
    assert_eq!((made.len(), Shared::strong_count(&made)), (7, 2));
    drop((made, more));
    assert_eq!(watch.dropped(), 7);
    assert_eq!(*Shared::<[u8], S>::from([1, 2, 3]), [1, 2, 3]);
    assert_eq!(*Shared::<[String], S>::from(&[String::from("key")][..]), ["key"]);
    assert!(Shared::<[u64], S>::from(vec![]).is_empty());
    let weak = Shared::downgrade(&Shared::<[u8], S>::from([1]));
    assert!(weak.upgrade().is_none());
    let mut alone = Shared::<[u8], S>::from([1, 2]);
    Shared::get_mut(&mut alone).unwrap()[0] = 5;
    assert_eq!(*alone, [5, 2]);
}

pub(crate) fn strings<S: WeakCounts>() {
    let text: Shared<str, S> = "key".into();
    assert_eq!(&*text, "key");
    assert_eq!(Shared::<str, S>::from(String::from("way")).len(), 3);
    assert_eq!(*Shared::<[u8], S>::from(text), *b"key");
}

pub(crate) fn boxes_and_cows<S: WeakCounts>() {
    assert_eq!(*Shared::<u8, S>::from(Box::new(5)), 5);
    assert_eq!(&*Shared::<str, S>::from(Box::<str>::from("key")), "key");
    assert_eq!(*Shared::<[u8], S>::from(Box::<[u8]>::from([1, 2])), [1, 2]);
    assert_eq!(&*Shared::<str, S>::from(Cow::Borrowed("key")), "key");
    assert_eq!(&*Shared::<str, S>::from(Cow::<str>::Owned("key".into())), "key");
    assert_eq!(*Shared::<u8, S>::from(5), 5);
}

/// The queue knows the slice by its header alone.
pub(crate) fn a_slice_is_destroyed_by_its_maker<S: WeakCounts>() {
    let watch = Watch::default();
    let made: Shared<[Witness], S> = (0..7).map(|_| watch.witness()).collect();
    let array = Shared::<_, S>::new([watch.witness(), watch.witness()]).unsize(Coercion::to_slice());
    elsewhere(move || drop((made, array)));
    Shared::<(), S>::collect();
    assert_eq!(watch.dropped(), 9);
}

pub(crate) fn over_aligned_slices<S: WeakCounts>() {
    #[repr(align(64))]
    #[derive(Clone)]
    struct Line(u8);
    let lines = Shared::<[Line], S>::from(vec![Line(1), Line(2), Line(3)]);
    assert_eq!(lines.as_ptr().addr() % 64, 0);
    assert_eq!(lines.iter().map(|line| line.0).sum::<u8>(), 6);
    let weak = Shared::downgrade(&lines);
    elsewhere(move || drop(lines));
    Shared::<(), S>::collect();
    assert!(weak.upgrade().is_none());
}

pub(crate) fn trait_objects<S: WeakCounts>() {
    let watch = Watch::default();
    let object: Shared<dyn Debug, S> =
        Shared::<_, S>::new((5_u8, watch.witness())).unsize(Coercion::to_debug());
    assert!(format!("{object:?}").starts_with("(5, "));
    let weak = Shared::downgrade(&object);
    assert_eq!(Shared::strong_count(&weak.upgrade().unwrap()), 2);
    drop(object);
    assert_eq!(watch.dropped(), 1);
    let nothing: WeakShared<dyn Debug, S> = WeakShared::<u8, S>::new().unsize(Coercion::to_debug());
    assert!(nothing.upgrade().is_none());
}

pub(crate) fn downcasts<S: WeakCounts>() {
    let any: Shared<dyn Any + Send + Sync, S> =
        Shared::<_, S>::new(5_i64).unsize(Coercion!(to dyn Any + Send + Sync));
    let any = any.downcast::<i32>().unwrap_err();
    let number = any.clone().downcast::<i64>().unwrap();
    assert_eq!((*number, Shared::strong_count(&number)), (5, 2));
}

pub(crate) fn compared_hashed_and_printed<S: WeakCounts>() {
    let (one, two) = (Shared::<_, S>::new(1), Shared::<_, S>::new(2));
    assert!(one < two && one == one.clone() && one.cmp(&two).is_lt());
    assert_eq!(format!("{one} {two:?}"), "1 2");
    assert_eq!(format!("{one:p}"), format!("{:p}", Shared::as_ptr(&one)));
    let map = HashMap::from([(Shared::<str, S>::from("key"), 1)]);
    assert_eq!(map.get("key"), Some(&1), "found by what it borrows");
    assert_eq!(AsRef::<i32>::as_ref(&one), &1);
}

pub(crate) fn an_error_is_one<S: WeakCounts>() {
    let error: Box<dyn std::error::Error> = Box::new(Shared::<_, S>::new(std::fmt::Error));
    assert!(error.source().is_none());
}

pub(crate) fn defaults<S: WeakCounts>() {
    assert_eq!(*Shared::<u8, S>::default(), 0);
    assert!(Shared::<str, S>::default().is_empty() && Shared::<[u8], S>::default().is_empty());
    assert!(WeakShared::<u8, S>::default().upgrade().is_none());
}
