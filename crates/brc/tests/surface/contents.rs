//! Contents of all kinds.

use std::any::Any;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::pin::Pin;

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

/// The queue knows the slice only by its header.
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

/// A type that only its box knows, moved with its memory.
pub(crate) fn boxes_of_any_type<S: WeakCounts>() {
    let watch = Watch::default();
    let boxed: Box<dyn Debug> = Box::new((7_u8, watch.witness(), [1_u64; 9]));
    let object = Shared::<dyn Debug, S>::from(boxed);
    assert!(format!("{object:?}").starts_with("(7, "));
    let weak = Shared::downgrade(&object);
    drop(object);
    assert_eq!((watch.dropped(), weak.upgrade().is_none()), (1, true));
    let nothing: Box<dyn Debug> = Box::new(());
    assert_eq!(format!("{:?}", Shared::<dyn Debug, S>::from(nothing)), "()");
    #[repr(align(64))]
    #[derive(Debug)]
    struct Line(#[expect(dead_code, reason = "printed")] u8);
    let boxed: Box<dyn Debug> = Box::new(Line(5));
    let line = Shared::<dyn Debug, S>::from(boxed);
    assert_eq!(Shared::as_ptr(&line).addr() % 64, 0);
    assert_eq!(format!("{line:?}"), "Line(5)");
    let witness: Box<dyn Send + Sync> = Box::new(watch.witness());
    let object = Shared::<dyn Send + Sync, S>::from(witness);
    elsewhere(move || drop(object));
    Shared::<(), S>::collect();
    assert_eq!(watch.dropped(), 2);
    let any: Box<dyn Any + Send + Sync> = Box::new(5_i64);
    assert_eq!(*Shared::<dyn Any + Send + Sync, S>::from(any).downcast::<i64>().unwrap(), 5);
}

pub(crate) fn strings_of_the_system<S: WeakCounts>() {
    let name = Shared::<CStr, S>::from(c"key");
    assert_eq!((&*name, &*Shared::<CStr, S>::from(CString::from(c"key"))), (c"key", c"key"));
    let weak = Shared::downgrade(&name);
    drop(name);
    assert!(weak.upgrade().is_none());
    assert_eq!(&*Shared::<OsStr, S>::from(OsStr::new("key")), "key");
    assert_eq!(&*Shared::<OsStr, S>::from(OsString::from("key")), "key");
    assert_eq!(&*Shared::<Path, S>::from(Path::new("key")), Path::new("key"));
    assert_eq!(&*Shared::<Path, S>::from(PathBuf::from("key")), Path::new("key"));
    let (mut text, mut elements) = (String::from("key"), [1, 2]);
    assert_eq!(&*Shared::<str, S>::from(text.as_mut_str()), "key");
    assert_eq!(*Shared::<[u8], S>::from(&mut elements[..]), [1, 2]);
    assert!(Shared::<CStr, S>::default().is_empty());
}

/// The array's memory was laid out for a slice, which a drop of an array must know.
pub(crate) fn arrays_of_slices<S: WeakCounts>() {
    let slice: Shared<[u32], S> = vec![1, 2, 3].into();
    let array = Shared::<[u32; 3], S>::try_from(slice.clone()).unwrap();
    assert_eq!(*array, [1, 2, 3]);
    assert!(Shared::<[u32; 2], S>::try_from(slice.clone()).is_err());
    drop(slice);
    drop(array);
    let array = Shared::<[u32; 3], S>::try_from(Shared::<[u32], S>::from([4, 5, 6])).unwrap();
    assert_eq!(Shared::try_unwrap(array).unwrap(), [4, 5, 6]);
    let mut array = Shared::<[u32; 1], S>::try_from(Shared::<[u32], S>::from([4])).unwrap();
    let weak = Shared::downgrade(&array);
    Shared::make_mut(&mut array)[0] = 5;
    assert_eq!((*array, weak.upgrade().is_none()), ([5], true));
    let watch = Watch::default();
    let slice: Shared<[Witness], S> = [watch.witness(), watch.witness()].into();
    drop(Shared::<[Witness; 2], S>::try_from(slice).unwrap());
    assert_eq!(watch.dropped(), 2);
}

/// Elements whose clone panics half way: those made are dropped, and nothing is leaked.
pub(crate) fn a_slice_whose_clone_panics<S: WeakCounts>() {
    #[derive(Debug)]
    struct Fails(u8, #[expect(dead_code, reason = "counts its drop")] Witness, Watch);
    impl Clone for Fails {
        fn clone(&self) -> Self {
            assert_ne!(self.0, 2, "on purpose");
            Fails(self.0, self.2.witness(), self.2.clone())
        }
    }
    let watch = Watch::default();
    let elements = [0, 1, 2].map(|number| Fails(number, watch.witness(), watch.clone()));
    let made = catch_unwind(AssertUnwindSafe(|| Shared::<[Fails], S>::from(&elements[..])));
    assert!(made.is_err());
    assert_eq!(watch.dropped(), 2);
}

pub(crate) fn an_iterator_that_panics<S: WeakCounts>() {
    let watch = Watch::default();
    let made = catch_unwind(AssertUnwindSafe(|| {
        let witness = |number| if number == 5 { panic!("on purpose") } else { watch.witness() };
        (0..9).map(witness).collect::<Shared<[_], S>>()
    }));
    assert!(made.is_err());
    assert_eq!(watch.dropped(), 5);
}

/// As std's, whose `Eq` contents may be taken for equal without a look; ours are always looked at.
pub(crate) fn unequal_to_itself<S: WeakCounts>() {
    let nan = Shared::<_, S>::new(f32::NAN);
    assert!(nan != nan.clone());
}

/// By the comparison that was asked for, not by one that should come to the same.
pub(crate) fn compared_as_the_contents_are<S: WeakCounts>() {
    #[derive(PartialEq)]
    struct Contrary(u8);
    impl PartialOrd for Contrary {
        fn partial_cmp(&self, _: &Self) -> Option<std::cmp::Ordering> {
            unreachable!("not asked for")
        }
        fn lt(&self, other: &Self) -> bool {
            self.0 < other.0
        }
        fn le(&self, other: &Self) -> bool {
            self.0 <= other.0
        }
        fn gt(&self, other: &Self) -> bool {
            self.0 > other.0
        }
        fn ge(&self, other: &Self) -> bool {
            self.0 >= other.0
        }
    }
    let (one, two) = (Shared::<_, S>::new(Contrary(1)), Shared::<_, S>::new(Contrary(2)));
    assert_eq!([one < two, one <= two, two > one, two >= one], [true; 4]);
    assert_eq!([two < one, two <= one, one > two, one >= two], [false; 4]);
    assert!(Shared::<[u8], S>::from([1, 2]) < Shared::<[u8], S>::from([1, 2, 0]));
}

pub(crate) fn errors_as_the_contents_are<S: WeakCounts>() {
    #[derive(Debug)]
    struct Told(std::fmt::Error);
    impl std::fmt::Display for Told {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("told")
        }
    }
    impl std::error::Error for Told {
        fn description(&self) -> &str {
            "in old words"
        }
        fn cause(&self) -> Option<&dyn std::error::Error> {
            Some(&self.0)
        }
    }
    let error: Box<dyn std::error::Error> = Box::new(Shared::<_, S>::new(Told(std::fmt::Error)));
    assert!(error.source().is_none());
    #[expect(deprecated, reason = "what is tested")]
    let old = (error.description(), error.cause().is_some());
    assert_eq!((old, &*error.to_string()), (("in old words", true), "told"));
}

/// Read and written through several pointers, which share one position.
pub(crate) fn files<S: WeakCounts>() {
    use std::io::{IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
    let name = format!("{}-{}", S::runtime().id, std::process::id());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let file = std::fs::File::options().read(true).write(true).create(true).truncate(true).open(&path);
    let mut one = Shared::<_, S>::new(file.unwrap());
    let mut two = one.clone();
    one.write_all(b"key").unwrap();
    assert_eq!(two.write_vectored(&[IoSlice::new(b"way")]).unwrap(), 3);
    two.flush().unwrap();
    assert_eq!(one.seek(SeekFrom::Start(1)).unwrap(), 1);
    let mut bytes = [0; 2];
    assert_eq!(two.read_vectored(&mut [IoSliceMut::new(&mut bytes)]).unwrap(), 2);
    assert_eq!(two.read(&mut bytes[..1]).unwrap(), 1);
    let mut rest = (String::new(), Vec::new());
    assert_eq!((one.read_to_string(&mut rest.0).unwrap(), one.read_to_end(&mut rest.1).unwrap()), (2, 0));
    assert_eq!((&bytes, &*rest.0), (b"wy", "ay"));
    #[cfg(unix)]
    {
        use std::os::fd::{AsFd, AsRawFd};
        assert_eq!(one.as_fd().as_raw_fd(), two.as_raw_fd());
    }
    std::fs::remove_file(path).unwrap();
}

pub(crate) fn defaults<S: WeakCounts>() {
    assert_eq!(*Shared::<u8, S>::default(), 0);
    assert!(Shared::<str, S>::default().is_empty() && Shared::<[u8], S>::default().is_empty());
    assert!(WeakShared::<u8, S>::default().upgrade().is_none());
    assert_eq!(*Pin::<Shared<u8, S>>::default(), 0);
    assert_eq!((&*Pin::<Shared<str, S>>::default(), Pin::<Shared<[u8], S>>::default().len()), ("", 0));
}
