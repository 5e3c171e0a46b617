//! The maker drops the last reference, and others have dropped theirs before: the object ends with
//! that drop, even if its entry waits in the maker's queue.

use std::sync::mpsc;

use keyway_brc::{Shared, WeakCounts};

use crate::watch::{Watch, Witness, elsewhere};

fn made<S: WeakCounts>(watch: &Watch) -> Shared<Witness, S> {
    Shared::new(watch.witness())
}

pub(crate) fn the_makers_last_drop_destroys<S: WeakCounts>() {
    let watch = Watch::default();
    let mine = made::<S>(&watch);
    let theirs = mine.clone();
    elsewhere(move || drop(theirs));
    assert_eq!((Shared::strong_count(&mine), watch.dropped()), (1, 0));
    drop(mine);
    assert_eq!(watch.dropped(), 1);
}

/// Clones of the maker and of others, dropped by several threads: of each number of them.
pub(crate) fn the_makers_last_drop_destroys_after_many<S: WeakCounts>() {
    for (given, cloned) in (0..20).map(|both| (1 + both % 5, both / 5)) {
        let watch = Watch::default();
        let mine = made::<S>(&watch);
        let theirs: Vec<_> = (0..given).map(|_| mine.clone()).collect();
        for theirs in theirs {
            elsewhere(move || {
                let more: Vec<_> = (0..cloned).map(|_| theirs.clone()).collect();
                drop((theirs, more));
            });
        }
        let also_mine = mine.clone();
        drop(mine);
        assert_eq!(watch.dropped(), 0, "{given} given, {cloned} cloned of each");
        drop(also_mine);
        assert_eq!(watch.dropped(), 1, "{given} given, {cloned} cloned of each");
    }
}

pub(crate) fn the_makers_last_drop_destroys_beside_weak_references<S: WeakCounts>() {
    let watch = Watch::default();
    let mine = made::<S>(&watch);
    let weak = Shared::downgrade(&mine);
    let theirs = mine.clone();
    elsewhere(move || drop(theirs));
    drop(mine);
    assert_eq!((watch.dropped(), weak.upgrade().is_none()), (1, true));
}

/// A drop that is not the last destroys nothing: neither its object nor what else is queued.
pub(crate) fn a_drop_that_is_not_the_last_destroys_nothing<S: WeakCounts>() {
    let (watch, others) = (Watch::default(), Watch::default());
    let (mine, other) = (made::<S>(&watch), made::<S>(&others));
    let theirs = mine.clone();
    elsewhere(move || drop((theirs, other)));
    drop(mine.clone());
    let waits = if S::runtime().id == "biased-counts" { 0 } else { 1 };
    assert_eq!((watch.dropped(), others.dropped()), (0, waits));
    drop(mine);
    assert_eq!((watch.dropped(), others.dropped()), (1, 1));
}

/// An entry of the queue diverts the maker only until it has looked there: so this is repeated.
pub(crate) fn the_makers_last_drop_destroys_each_time<S: WeakCounts>() {
    let watch = Watch::default();
    for round in 1..=3 {
        let mine = made::<S>(&watch);
        let theirs = mine.clone();
        elsewhere(move || drop(theirs));
        if round == 2 {
            Shared::<(), S>::collect();
        }
        drop(mine);
        assert_eq!(watch.dropped(), round);
        Shared::<(), S>::step_aside();
    }
}

/// In a destructor it waits for that one's end, as every destruction.
pub(crate) fn the_makers_last_drop_in_a_destructor<S: WeakCounts>() {
    struct Drops<S: WeakCounts>(Option<Shared<Witness, S>>, Watch);
    impl<S: WeakCounts> Drop for Drops<S> {
        fn drop(&mut self) {
            self.0 = None;
            assert_eq!(self.1.dropped(), 1, "it is destroyed inside the destructor that drops it");
        }
    }
    let watch = Watch::default();
    let mine = made::<S>(&watch);
    let theirs = mine.clone();
    elsewhere(move || drop(theirs));
    drop(Shared::<_, S>::new(Drops(Some(mine), watch.clone())));
    assert_eq!(watch.dropped(), 1);
}

/// The maker's clones are left to a thread-local, whose destructor is the last to drop.
pub(crate) fn the_makers_last_drop_as_it_exits<S: WeakCounts>() {
    use std::any::Any;
    use std::cell::RefCell;
    thread_local! {
        static KEPT: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
    }
    let watch = Watch::default();
    let also = watch.clone();
    elsewhere(move || {
        // Registered before the maker is known, and after.
        KEPT.with_borrow_mut(|_| ());
        let mine = made::<S>(&also);
        let theirs = mine.clone();
        KEPT.with_borrow_mut(|kept| kept.push(Box::new(mine)));
        elsewhere(move || drop(theirs));
    });
    assert_eq!(watch.dropped(), 1);
}

/// The maker asks for the contents instead: queued references have been dropped.
pub(crate) fn the_maker_takes_what_others_have_dropped<S: WeakCounts>() {
    let watch = Watch::default();
    for with_weak in [false, true] {
        let made = || {
            let mine = made::<S>(&watch);
            let weak = with_weak.then(|| Shared::downgrade(&mine));
            let theirs = [mine.clone(), mine.clone()];
            elsewhere(move || drop(theirs));
            (mine, weak)
        };
        let (mine, _weak) = made();
        assert!(Shared::try_unwrap(mine).is_ok());
        let (mine, _weak) = made();
        assert!(Shared::into_inner(mine).is_some());
        let (mut mine, _weak) = made();
        assert_eq!(Shared::get_mut(&mut mine).is_some(), !with_weak);
    }
    assert_eq!(watch.dropped(), 6);
}

/// The other thread is in its drop while the maker is in its own: one of the two ends the object,
/// or it is queued.
pub(crate) fn the_makers_last_drop_beside_anothers<S: WeakCounts>() {
    let watch = Watch::default();
    let (send, receive) = mpsc::channel::<Shared<Witness, S>>();
    let other = std::thread::spawn(move || receive.into_iter().for_each(drop));
    let rounds = if cfg!(debug_assertions) { 1000 } else { 10_000 };
    for _ in 0..rounds {
        let mine = made::<S>(&watch);
        send.send(mine.clone()).unwrap();
        drop(mine);
    }
    drop(send);
    other.join().unwrap();
    Shared::<(), S>::collect();
    assert_eq!(watch.dropped(), rounds);
}
