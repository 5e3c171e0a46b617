//! Counts, and when what others have dropped is destroyed.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::task::{Wake, Waker};
use std::time::Duration;

use keyway_brc::{Shared, WeakCounts};

use crate::watch::{Watch, Witness, elsewhere};

pub(crate) fn clones_are_counted<S: WeakCounts>() {
    let one = Shared::<_, S>::new(5);
    let clones: Vec<_> = (0..9).map(|_| one.clone()).collect();
    assert_eq!(Shared::strong_count(&one), 10);
    drop(clones);
    assert_eq!(Shared::strong_count(&one), 1);
}

pub(crate) fn a_drop_elsewhere_is_seen_after_collect<S: WeakCounts>() {
    let watch = Watch::default();
    let objects: Vec<_> = (0..100).map(|_| Shared::<_, S>::new(watch.witness())).collect();
    let clones = objects.clone();
    elsewhere(move || drop(clones));
    Shared::<(), S>::collect();
    assert!(objects.iter().all(|object| Shared::strong_count(object) == 1));
    elsewhere(move || drop(objects));
    Shared::<(), S>::collect();
    assert_eq!(watch.dropped(), 100);
}

/// Nothing has been collected, and no destructor runs for the question. An object that waits for
/// its owner has no reference any more.
pub(crate) fn a_drop_elsewhere_is_seen_in_the_count<S: WeakCounts>() {
    let watch = Watch::default();
    let (one, other) = (Shared::<_, S>::new(watch.witness()), Shared::<_, S>::new(watch.witness()));
    let (clone, weak) = (one.clone(), Shared::downgrade(&other));
    elsewhere(move || drop((clone, other)));
    assert_eq!((Shared::strong_count(&one), weak.strong_count()), (1, 0));
    assert_eq!(watch.dropped(), if S::runtime().id == "biased-counts" { 0 } else { 1 });
    let clone = one.clone();
    let one = elsewhere(move || {
        drop(clone);
        assert_eq!(Shared::strong_count(&one), 1);
        one
    });
    Shared::<(), S>::collect();
    assert_eq!((Shared::strong_count(&one), watch.dropped()), (1, 1));
}

/// No thread is there to collect: the thread that drops last destroys.
pub(crate) fn a_maker_that_has_exited_is_not_waited_for<S: WeakCounts>() {
    let watch = Watch::default();
    let theirs = watch.clone();
    let (made, more) = elsewhere(move || {
        let made = Shared::<_, S>::new(theirs.witness());
        (made.clone(), made)
    });
    elsewhere(move || drop(more));
    assert_eq!((watch.dropped(), Shared::strong_count(&made)), (0, 1));
    drop(made);
    assert_eq!(watch.dropped(), 1);
}

/// The maker is blocked for good as far as anyone can tell, and had something queued before.
pub(crate) fn a_maker_that_steps_aside_is_not_waited_for<S: WeakCounts>() {
    let watch = Watch::default();
    let (give, take) = mpsc::channel();
    let (queued, until_queued) = mpsc::channel::<()>();
    let (done, until_done) = mpsc::channel::<()>();
    let theirs = watch.clone();
    let maker = std::thread::spawn(move || {
        let objects: Vec<_> = (0..10).map(|_| Shared::<_, S>::new(theirs.witness())).collect();
        give.send(objects).unwrap();
        let _ = until_queued.recv();
        Shared::<(), S>::step_aside();
        give.send(vec![]).unwrap();
        let _ = until_done.recv();
        // It makes an object again, and is its owner again.
        drop(Shared::<_, S>::new(theirs.witness()));
    });
    let mut objects = take.recv().unwrap();
    objects.truncate(5);
    drop(queued);
    assert!(take.recv().unwrap().is_empty());
    assert_eq!(watch.dropped(), 5);
    drop(objects);
    assert_eq!(watch.dropped(), 10);
    drop(done);
    maker.join().unwrap();
    assert_eq!(watch.dropped(), 11);
}

/// Counts how often it is woken.
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

pub(crate) fn a_waker_is_woken_once_for_each_filling<S: WeakCounts>() {
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let woken = || count.0.load(SeqCst);
    let objects = || -> Vec<_> { (0..3).map(|_| Shared::<_, S>::new(5)).collect() };
    elsewhere({
        let objects = objects();
        move || drop(objects)
    });
    Shared::<(), S>::collect();
    Shared::<(), S>::wake_when_queued(Some(Waker::from(Arc::clone(&count))));
    let queues = usize::from(S::runtime().id == "biased-counts");
    for round in 1..3 {
        let objects = objects();
        elsewhere(move || drop(objects));
        assert_eq!(woken(), round * queues);
        Shared::<(), S>::collect();
    }
    Shared::<(), S>::wake_when_queued(None);
    let objects = objects();
    elsewhere(move || drop(objects));
    assert_eq!(woken(), 2 * queues);
    assert_eq!(Arc::strong_count(&count), 1, "the waker is dropped");
}

/// A thread that asks to be woken is told of releases that were queued before.
pub(crate) fn a_waker_is_woken_for_what_is_queued_already<S: WeakCounts>() {
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let objects = [0, 1].map(|number| Shared::<_, S>::new(number));
    elsewhere(move || drop(objects));
    Shared::<(), S>::wake_when_queued(Some(Waker::from(Arc::clone(&count))));
    assert_eq!(count.0.load(SeqCst), usize::from(S::runtime().id == "biased-counts"));
    Shared::<(), S>::wake_when_queued(None);
}

/// An event loop that collects when it is woken, and only then, destroys all there is, also what is
/// queued while it collects.
pub(crate) fn nothing_is_queued_without_a_waking_or_a_collect<S: WeakCounts>() {
    let round = || {
        let watch = Watch::default();
        let count = Arc::new(Count(AtomicUsize::new(0)));
        Shared::<(), S>::wake_when_queued(Some(Waker::from(Arc::clone(&count))));
        let objects: Vec<_> = (0..4000).map(|_| Shared::<_, S>::new(watch.witness())).collect();
        let other = std::thread::spawn(move || drop(objects));
        let mut seen = 0;
        loop {
            let is_over = other.is_finished();
            let woken = count.0.load(SeqCst);
            if woken != seen {
                seen = woken;
                // So that there is much to collect, and the other comes in between.
                std::thread::sleep(Duration::from_micros(50));
                Shared::<(), S>::collect();
            } else if is_over {
                break;
            }
        }
        assert_eq!(watch.dropped(), 4000);
    };
    for _ in 0..50 {
        elsewhere(round);
    }
}

/// Nobody is to be woken, so there is nothing to come back for.
pub(crate) fn a_maker_that_has_stepped_aside_ends_its_waking<S: WeakCounts>() {
    let watch = Watch::default();
    let object = Shared::<_, S>::new(watch.witness());
    Shared::<(), S>::step_aside();
    Shared::<(), S>::wake_when_queued(None);
    elsewhere(move || drop(object));
    assert_eq!(watch.dropped(), 1);
}

/// A waker is the user's: its clone and its drop use pointers, which they could not if a lock of
/// the strategy were held.
pub(crate) fn a_waker_may_use_pointers_itself<S: WeakCounts>() {
    struct Pointers<S: WeakCounts>(Shared<u8, S>);
    impl<S: WeakCounts> Wake for Pointers<S> {
        fn wake(self: Arc<Self>) {
            drop(self.0.clone());
        }
    }
    impl<S: WeakCounts> Drop for Pointers<S> {
        fn drop(&mut self) {
            drop(Shared::<_, S>::new(self.0.clone()));
        }
    }
    let waker = || Some(Waker::from(Arc::new(Pointers(Shared::<_, S>::new(5)))));
    elsewhere(move || {
        Shared::<(), S>::wake_when_queued(waker());
        Shared::<(), S>::wake_when_queued(waker());
        let object = Shared::<_, S>::new(5);
        elsewhere(move || drop(object));
        Shared::<(), S>::step_aside();
        // And once more as it exits.
        Shared::<(), S>::wake_when_queued(waker());
    });
}

/// A waker that panics is nobody else's affair: not that of the thread which queues, nor of the one
/// that exits.
pub(crate) fn a_waker_may_panic<S: WeakCounts>() {
    if S::runtime().id != "biased-counts" {
        // Where nothing is queued, a waker ends in the call that brings it.
        return;
    }
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("on purpose: woken");
        }
    }
    impl Drop for Panics {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("on purpose: dropped");
            }
        }
    }
    elsewhere(move || {
        for _ in 0..2 {
            Shared::<(), S>::wake_when_queued(Some(Waker::from(Arc::new(Panics))));
            let object = Shared::<_, S>::new(5);
            elsewhere(move || drop(object));
        }
    });
}

/// A thread that only makes objects, for others to drop, holds no more than it has made since it
/// last made one.
pub(crate) fn making_objects_empties_the_queue<S: WeakCounts>() {
    let watch = Watch::default();
    for round in 0..100 {
        let object = Shared::<_, S>::new(watch.witness());
        assert_eq!(watch.dropped(), round);
        elsewhere(move || drop(object));
    }
}

/// Objects kept, made, cloned and dropped while a thread's thread-locals are destroyed, before and
/// after the runtime's own.
pub(crate) fn used_in_a_thread_locals_destructor<S: WeakCounts>() {
    /// The last object that it makes is left to others; they find that its maker has gone.
    struct Late<S: WeakCounts>(Shared<Witness, S>, Watch, mpsc::Sender<Shared<Witness, S>>);
    impl<S: WeakCounts> Drop for Late<S> {
        fn drop(&mut self) {
            let more = self.0.clone();
            drop(Shared::<_, S>::new(self.1.witness()));
            let made = Shared::<_, S>::new(self.1.witness());
            let weak = Shared::downgrade(&made);
            assert!(weak.upgrade().is_some());
            drop(made);
            assert!(weak.upgrade().is_none());
            self.2.send(Shared::<_, S>::new(self.1.witness())).unwrap();
            drop(more);
        }
    }
    thread_local! {
        static EARLY: RefCell<Option<Box<dyn std::any::Any>>> = const { RefCell::new(None) };
        static LATE: RefCell<Option<Box<dyn std::any::Any>>> = const { RefCell::new(None) };
    }
    let watch = Watch::default();
    let theirs = watch.clone();
    let (give, take) = mpsc::channel();
    let kept = elsewhere(move || {
        // One thread-local is there before the runtime's, one after it: in either order of
        // destruction, both are tried.
        EARLY.with(|place| place.borrow_mut().take());
        let object = Shared::<_, S>::new(theirs.witness());
        LATE.with(|place| {
            *place.borrow_mut() = Some(Box::new(Late(object.clone(), theirs.clone(), give.clone())))
        });
        EARLY.with(|place| *place.borrow_mut() = Some(Box::new(Late(object.clone(), theirs, give))));
        object
    });
    assert_eq!(watch.dropped(), 4);
    assert_eq!(Shared::strong_count(&kept), 1);
    drop(kept);
    assert_eq!(watch.dropped(), 5);
    take.iter().for_each(drop);
    assert_eq!(watch.dropped(), 7);
}

/// A token of this runtime, of another, and none: one object goes through all.
pub(crate) fn used_inside_an_attachment<S: WeakCounts>() {
    let watch = Watch::default();
    let before = Shared::<_, S>::new(watch.witness());
    keyway_object_model::attach::<S, _>(|thread| {
        let more = before.clone();
        let inside = Shared::<_, S>::new(watch.witness());
        thread.blocking(|| {
            drop(before);
            let blocked = Shared::<_, S>::new(watch.witness());
            elsewhere(move || drop((more, blocked)));
        });
        thread.checkpoint();
        elsewhere(move || drop(inside));
        thread.checkpoint();
    });
    assert_eq!(watch.dropped(), 3);
    let after = Shared::<_, S>::new(watch.witness());
    keyway_object_model::attach::<crate::AtomicCounts, _>(|_| drop(after));
    keyway_object_model::attach::<crate::BiasedCounts, _>(|_| ());
    assert_eq!(watch.dropped(), 4);
}
