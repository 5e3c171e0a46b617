//! The operations that the holder of the only reference may use.

use keyway_brc::{Shared, WeakCounts};

use crate::watch::{Watch, elsewhere};

pub(crate) fn try_unwrap_of_the_only_reference<S: WeakCounts>() {
    let watch = Watch::default();
    let contents = Shared::try_unwrap(Shared::<_, S>::new(watch.witness())).unwrap();
    assert_eq!(watch.dropped(), 0);
    drop(contents);
    assert_eq!(watch.dropped(), 1);
}

pub(crate) fn try_unwrap_with_others_returns_the_pointer<S: WeakCounts>() {
    let one = Shared::<_, S>::new(String::from("key"));
    let two = one.clone();
    let one = Shared::try_unwrap(one).unwrap_err();
    drop(two);
    assert_eq!(Shared::try_unwrap(one).unwrap(), "key");
}

pub(crate) fn try_unwrap_leaves_weak_references_nothing<S: WeakCounts>() {
    let one = Shared::<_, S>::new(String::from("key"));
    let weak = Shared::downgrade(&one);
    assert_eq!(Shared::try_unwrap(one).unwrap(), "key");
    assert!(weak.upgrade().is_none());
    assert_eq!((weak.strong_count(), weak.weak_count()), (0, 0));
}

/// Including the maker, which exists all the while: then the last call is always known.
pub(crate) fn into_inner_by_all_gives_the_contents_once<S: WeakCounts>() {
    for _ in 0..200 {
        let watch = Watch::default();
        let mine = Shared::<_, S>::new(watch.witness());
        let theirs = mine.clone();
        let there = std::thread::spawn(move || Shared::into_inner(theirs).is_some());
        let here = Shared::into_inner(mine).is_some();
        let there = there.join().unwrap();
        assert_eq!(u8::from(here) + u8::from(there), 1);
        assert_eq!(watch.dropped(), 1);
    }
}

pub(crate) fn into_inner_after_others_dropped_elsewhere<S: WeakCounts>() {
    let mine = Shared::<_, S>::new(String::from("key"));
    let clones = vec![mine.clone(); 5];
    elsewhere(move || drop(clones));
    assert_eq!(Shared::into_inner(mine).unwrap(), "key");
}

pub(crate) fn get_mut_is_refused_to_two_and_to_a_weak_one<S: WeakCounts>() {
    let mut one = Shared::<_, S>::new(5);
    *Shared::get_mut(&mut one).unwrap() = 6;
    let two = one.clone();
    assert!(Shared::get_mut(&mut one).is_none());
    drop(two);
    let weak = Shared::downgrade(&one);
    assert!(Shared::get_mut(&mut one).is_none());
    drop(weak);
    *Shared::get_mut(&mut one).unwrap() += 1;
    assert_eq!(*one, 7);
}

pub(crate) fn get_mut_after_others_dropped_elsewhere<S: WeakCounts>() {
    let mut mine = Shared::<_, S>::new(5);
    let clones = vec![mine.clone(); 5];
    let weak = Shared::downgrade(&mine);
    elsewhere(move || {
        let upgraded = weak.upgrade().unwrap();
        drop((clones, weak));
        drop(upgraded);
    });
    *Shared::get_mut(&mut mine).unwrap() = 6;
    assert_eq!(*mine, 6);
}

pub(crate) fn make_mut_clones_from_others<S: WeakCounts>() {
    let mut one = Shared::<_, S>::new(vec![1]);
    let place = Shared::as_ptr(&one);
    Shared::make_mut(&mut one).push(2);
    assert_eq!(Shared::as_ptr(&one), place);
    let two = one.clone();
    Shared::make_mut(&mut one).push(3);
    assert_eq!((one.len(), two.len()), (3, 2));
    assert!(!Shared::ptr_eq(&one, &two));
}

pub(crate) fn make_mut_moves_away_from_weak_references<S: WeakCounts>() {
    #[derive(Debug)]
    struct Uncloned(u8);
    impl Clone for Uncloned {
        fn clone(&self) -> Self {
            unreachable!("moved, not cloned")
        }
    }
    let mut one = Shared::<_, S>::new(Uncloned(1));
    let weak = Shared::downgrade(&one);
    Shared::make_mut(&mut one).0 = 2;
    assert_eq!(one.0, 2);
    assert!(weak.upgrade().is_none());
    assert_eq!(Shared::weak_count(&one), 0);
}

pub(crate) fn make_mut_of_slices_and_strings<S: WeakCounts>() {
    let mut one: Shared<[i32], S> = [10, 20, 30].into();
    let place = Shared::as_ptr(&one).cast::<i32>();
    Shared::make_mut(&mut one)[0] += 1;
    assert_eq!(Shared::as_ptr(&one).cast::<i32>(), place);
    let mut two = one.clone();
    Shared::make_mut(&mut one)[1] += 1;
    Shared::make_mut(&mut two)[0] *= 10;
    assert_eq!((&*one, &*two), (&[11, 21, 30][..], &[110, 20, 30][..]));
    let mut text = Shared::<str, S>::from("key");
    let weak = Shared::downgrade(&text);
    Shared::make_mut(&mut text).make_ascii_uppercase();
    assert_eq!((&*text, weak.upgrade().is_none()), ("KEY", true));
}

pub(crate) fn make_mut_moves_a_slice_away_from_weak_references<S: WeakCounts>() {
    let watch = Watch::default();
    #[derive(Debug)]
    struct Uncloned(#[expect(dead_code, reason = "counts its drop")] crate::watch::Witness);
    impl Clone for Uncloned {
        fn clone(&self) -> Self {
            unreachable!("moved, not cloned")
        }
    }
    let mut one: Shared<[Uncloned], S> = [Uncloned(watch.witness()), Uncloned(watch.witness())].into();
    let weak = Shared::downgrade(&one);
    assert_eq!(Shared::make_mut(&mut one).len(), 2);
    assert!(weak.upgrade().is_none());
    assert_eq!(watch.dropped(), 0);
    drop(one);
    assert_eq!(watch.dropped(), 2);
}

pub(crate) fn unwrap_or_clone_does_either<S: WeakCounts>() {
    let one = Shared::<_, S>::new(String::from("key"));
    let place = one.as_ptr();
    let two = one.clone();
    let cloned = Shared::unwrap_or_clone(two);
    assert_ne!(cloned.as_ptr(), place);
    let moved = Shared::unwrap_or_clone(one);
    assert_eq!(moved.as_ptr(), place);
}

/// The maker has gone, and nobody has merged the object yet: another thread can still tell.
pub(crate) fn judged_by_another_thread_after_the_maker_has_exited<S: WeakCounts>() {
    let make = || elsewhere(|| Shared::<_, S>::new(String::from("key")));
    let mut made = make();
    Shared::get_mut(&mut made).unwrap().push('s');
    assert_eq!(Shared::try_unwrap(made).unwrap(), "keys");
    assert_eq!(Shared::into_inner(make()).unwrap(), "key");
    let mut made = make();
    let place = Shared::as_ptr(&made);
    Shared::make_mut(&mut made).push('s');
    assert_eq!(Shared::as_ptr(&made), place);
}

/// A thread that makes objects, goes on living, and has no reference.
struct Maker<S: WeakCounts> {
    ends: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<()>,
    _strategy: std::marker::PhantomData<S>,
}

impl<S: WeakCounts> Maker<S> {
    /// As many references as asked for, to what `contents` makes.
    fn make<T: Send + Sync, const N: usize>(
        contents: impl FnOnce() -> T + Send + 'static,
    ) -> ([Shared<T, S>; N], Self) {
        let (give, take) = std::sync::mpsc::channel();
        let (ends, until_end) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let made = Shared::<_, S>::new(contents());
            give.send(std::array::from_fn(|_| made.clone())).unwrap();
            drop((made, give));
            let _ = until_end.recv();
        });
        let made = take.recv().unwrap();
        // It has dropped its own.
        assert!(take.recv().is_err());
        (made, Maker { ends, thread, _strategy: std::marker::PhantomData })
    }

    fn end(self) {
        drop(self.ends);
        self.thread.join().unwrap();
    }
}

pub(crate) fn judged_by_another_thread_while_the_maker_is_there<S: WeakCounts>() {
    let ([mut one, two, three], maker) = Maker::<S>::make(|| String::from("key"));
    let weak = Shared::downgrade(&two);
    assert!(Shared::get_mut(&mut one).is_none());
    drop((two, three, weak));
    Shared::get_mut(&mut one).unwrap().push('s');
    let place = Shared::as_ptr(&one);
    Shared::make_mut(&mut one).push('!');
    assert_eq!((&**one, Shared::as_ptr(&one)), ("keys!", place));
    maker.end();
    let ([one, two], maker) = Maker::<S>::make(|| String::from("key"));
    let one = Shared::try_unwrap(one).unwrap_err();
    drop(two);
    assert_eq!(Shared::try_unwrap(one).unwrap(), "key");
    maker.end();
}

/// The only reference to an object that another thread has dropped, so that it is queued, and whose
/// maker has dropped its own references while a third had some: the object is merged then, and the
/// queue must have no part of its count.
fn left_by_its_maker_while_queued<S: WeakCounts>() -> Shared<String, S> {
    let mine = Shared::<_, S>::new(String::from("key"));
    let theirs = mine.clone();
    elsewhere(move || drop(theirs));
    let clones = || (mine.clone(), mine.clone());
    let (one, two) = std::thread::scope(|scope| scope.spawn(clones).join().unwrap());
    drop((mine, one));
    two
}

pub(crate) fn judged_after_the_maker_has_left_while_it_was_queued<S: WeakCounts>() {
    let mut made = left_by_its_maker_while_queued::<S>();
    assert_eq!(Shared::strong_count(&made), 1);
    Shared::get_mut(&mut made).unwrap().push('s');
    assert_eq!(Shared::try_unwrap(made).unwrap(), "keys");
    assert_eq!(Shared::into_inner(left_by_its_maker_while_queued::<S>()).unwrap(), "key");
    let mut made = left_by_its_maker_while_queued::<S>();
    elsewhere(move || {
        Shared::get_mut(&mut made).unwrap().push('s');
        assert_eq!(Shared::try_unwrap(made).unwrap(), "keys");
    });
    let made = left_by_its_maker_while_queued::<S>();
    elsewhere(move || assert_eq!(Shared::into_inner(made).unwrap(), "key"));
    // And its end, where nobody asks.
    let made = left_by_its_maker_while_queued::<S>();
    let weak = Shared::downgrade(&made);
    elsewhere(move || drop(made));
    assert!(weak.upgrade().is_none());
}

/// As std's own test has it: the maker waits, and other threads ask.
pub(crate) fn into_inner_by_others_gives_the_contents_once<S: WeakCounts>() {
    for _ in 0..100 {
        let watch = Watch::default();
        let witness = watch.witness();
        let (made, maker) = Maker::<S>::make::<_, 3>(|| witness);
        let there = made.map(|one| std::thread::spawn(move || Shared::into_inner(one).is_some()));
        let got = there.map(|thread| thread.join().unwrap());
        assert_eq!(got.iter().filter(|got| **got).count(), 1);
        assert_eq!(watch.dropped(), 1);
        maker.end();
    }
}

/// The case that is documented: there are weak references, and the maker is there and has no
/// reference. Nobody gets the contents; they are dropped once, by the maker.
pub(crate) fn into_inner_by_others_where_there_are_weak_references<S: WeakCounts>() {
    let watch = Watch::default();
    let witness = watch.witness();
    let ([one, two], maker) = Maker::<S>::make(|| witness);
    let weak = Shared::downgrade(&one);
    let one = Shared::try_unwrap(one).unwrap_err();
    let got = [one, two].map(|one| Shared::into_inner(one).is_some());
    let is_biased = S::runtime().id == "biased-counts";
    assert_eq!(got, [false, !is_biased]);
    maker.end();
    assert_eq!((watch.dropped(), weak.upgrade().is_none()), (1, true));
}

/// Weak references that have gone change no answer, while the maker is there.
pub(crate) fn taken_by_another_where_there_were_weak_references<S: WeakCounts>() {
    let watch = Watch::default();
    let made = || {
        let witness = watch.witness();
        let ([one, two], maker) = Maker::<S>::make(|| witness);
        drop(Shared::downgrade(&one));
        (one, two, maker)
    };
    let (one, two, maker) = made();
    let one = Shared::try_unwrap(one).expect_err("there is another");
    drop(two);
    assert!(Shared::try_unwrap(one).is_ok());
    maker.end();
    let (one, two, maker) = made();
    let got = [one, two].map(|one| Shared::into_inner(one).is_some());
    assert_eq!(got, [false, true]);
    maker.end();
    assert_eq!(watch.dropped(), 2);
}

/// The maker is on its way out, and has not told: the end of a scope does not wait for the
/// destructors of its threads' thread-locals.
pub(crate) fn taken_at_the_end_of_a_scope<S: WeakCounts>() {
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, channel};

    /// Keeps its thread from going on with its exit until the other end is dropped.
    struct Lingers(Receiver<()>);
    impl Drop for Lingers {
        fn drop(&mut self) {
            let _ = self.0.recv();
        }
    }
    thread_local! {
        static LINGERS: std::cell::OnceCell<Lingers> = const { std::cell::OnceCell::new() };
    }
    type Take<S> = fn(Shared<String, S>) -> Option<String>;
    let ways: [Take<S>; 3] = [
        |made| Shared::try_unwrap(made).ok(),
        Shared::into_inner,
        |mut made| Shared::get_mut(&mut made).map(std::mem::take),
    ];
    for (way, has_had_weak) in ways.into_iter().flat_map(|way| [(way, false), (way, true)]) {
        let (until, lingers) = channel::<()>();
        let (place, lingers) = (Mutex::new(None), Mutex::new(Some(lingers)));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // Its thread-local is destroyed before the one by which the maker leaves.
                let made = if has_had_weak {
                    Shared::<_, S>::new_cyclic(|_| "key".to_owned())
                } else {
                    Shared::<_, S>::new("key".to_owned())
                };
                let lingers = lingers.lock().unwrap().take().unwrap();
                LINGERS.with(|place| _ = place.set(Lingers(lingers)));
                *place.lock().unwrap() = Some(made);
            });
        });
        let made = place.into_inner().unwrap().unwrap();
        assert_eq!(way(made).as_deref(), Some("key"), "with weak references before: {has_had_weak}");
        drop(until);
    }
}
