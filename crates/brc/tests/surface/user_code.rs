//! Wakers and destructors: the calls that they may make where the runtime calls them, and that a
//! thread which leaves is not waited for.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Wake, Waker};

use keyway_brc::{Shared, WeakCounts};
use keyway_object_model::{attach, try_attach};

use crate::watch::{Watch, Witness, elsewhere};

/// Calls something as it is dropped.
struct AtEnd<F: Fn() + Send + Sync>(F);

impl<F: Fn() + Send + Sync + 'static> AtEnd<F> {
    fn waker(f: F) -> Waker {
        Waker::from(Arc::new(AtEnd(f)))
    }
}

impl<F: Fn() + Send + Sync> Wake for AtEnd<F> {
    fn wake(self: Arc<Self>) {}
}

impl<F: Fn() + Send + Sync> Drop for AtEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A thread that is called by nobody but its waker's drop is attached to nothing then.
pub(crate) fn a_waker_ends_when_its_thread_is_not_attached<S: WeakCounts>() {
    let ends = Arc::new(AtomicUsize::new(0));
    let waker = || {
        let ends = Arc::clone(&ends);
        Some(AtEnd::waker(move || {
            if try_attach::<S, _>(|_| ()).is_ok() {
                ends.fetch_add(1, SeqCst);
            }
        }))
    };
    if S::runtime().id != "biased-counts" {
        // Where nothing is queued, a waker ends in the call that brings it.
        Shared::<(), S>::wake_when_queued(waker());
        assert_eq!(ends.load(SeqCst), 1);
        return;
    }
    attach::<S, _>(|thread| {
        Shared::<(), S>::wake_when_queued(waker());
        thread.blocking(|| assert_eq!(ends.load(SeqCst), 1));
        Shared::<(), S>::wake_when_queued(waker());
    });
    assert_eq!(ends.load(SeqCst), 2);
    Shared::<(), S>::wake_when_queued(waker());
    Shared::<(), S>::step_aside();
    assert_eq!(ends.load(SeqCst), 3);
}

/// The upgraded reference is counted once, whatever a waker does that is woken in the upgrade.
pub(crate) fn a_waker_steps_aside_in_an_upgrade<S: WeakCounts>() {
    struct StepsAside<S>(PhantomData<fn(S)>);
    impl<S: WeakCounts> Wake for StepsAside<S> {
        fn wake(self: Arc<Self>) {
            Shared::<(), S>::step_aside();
        }
    }
    let watch = Watch::default();
    let (mine, gone) = (Shared::<_, S>::new(watch.witness()), Shared::<_, S>::new(watch.witness()));
    let weak = Shared::downgrade(&mine);
    let theirs = mine.clone();
    Shared::<(), S>::wake_when_queued(Some(Waker::from(Arc::new(StepsAside::<S>(PhantomData)))));
    elsewhere(move || drop((gone, theirs)));
    let upgraded = weak.upgrade().expect("there is a reference");
    assert_eq!(Shared::strong_count(&mine), 2);
    drop(upgraded);
    assert_eq!(Shared::strong_count(&mine), 1);
    drop(mine);
    assert_eq!(watch.dropped(), 2);
}

/// Each thing that a waker's code may do, at each place at which it may be called.
pub(crate) fn a_waker_may_do_anything<S: WeakCounts>() {
    type Deed = fn();
    fn deeds<S: WeakCounts>() -> [Deed; 6] {
        [
            || drop(Shared::<_, S>::new(5)),
            || Shared::<(), S>::step_aside(),
            || Shared::<(), S>::collect(),
            || _ = try_attach::<S, _>(|thread| thread.blocking(|| drop(Shared::<_, S>::new(5)))),
            || Shared::<(), S>::wake_when_queued(Some(Waker::noop().clone())),
            || elsewhere(|| drop(Shared::<_, S>::new(5))),
        ]
    }
    let watch = Watch::default();
    for deed in deeds::<S>() {
        for place in 0..7 {
            let theirs = watch.clone();
            elsewhere(move || {
                let set = || Shared::<(), S>::wake_when_queued(Some(AtEnd::waker(deed)));
                let object = Shared::<_, S>::new(theirs.witness());
                let weak = Shared::downgrade(&object);
                set();
                elsewhere(move || drop(object));
                match place {
                    0 => drop(weak.upgrade()),
                    1 => set(),
                    2 => Shared::<(), S>::wake_when_queued(None),
                    3 => Shared::<(), S>::step_aside(),
                    4 => attach::<S, _>(|_| ()),
                    5 => attach::<S, _>(|thread| {
                        set();
                        thread.blocking(|| ());
                    }),
                    // It exits.
                    _ => {}
                }
            });
        }
    }
    assert_eq!(watch.dropped(), 6 * 7);
}

/// Both panics concern no other thread, and the two never overlap: its thread forgets the waker
/// while it is woken, so that it ends after that.
pub(crate) fn a_waker_may_panic_as_it_is_woken_and_as_it_ends<S: WeakCounts>() {
    if S::runtime().id != "biased-counts" {
        // Nobody is woken.
        return;
    }
    struct Panics(mpsc::SyncSender<()>, Mutex<mpsc::Receiver<()>>);
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            self.0.send(()).unwrap();
            self.1.lock().unwrap().recv().unwrap();
            drop(self);
            panic!("on purpose: woken");
        }
    }
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("on purpose: dropped");
        }
    }
    let watch = Watch::default();
    let theirs = watch.clone();
    elsewhere(move || {
        let (woken, until_woken) = mpsc::sync_channel(1);
        let (forgotten, until_forgotten) = mpsc::channel();
        let object = Shared::<_, S>::new(theirs.witness());
        let panics = Panics(woken, Mutex::new(until_forgotten));
        Shared::<(), S>::wake_when_queued(Some(Waker::from(Arc::new(panics))));
        let other = std::thread::spawn(move || drop(object));
        until_woken.recv().unwrap();
        Shared::<(), S>::wake_when_queued(None);
        forgotten.send(()).unwrap();
        other.join().unwrap();
    });
    assert_eq!(watch.dropped(), 1);
}

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// How often a thread is woken that asks for it after `prepare`, when another drops one of its
/// objects.
fn woken_after<S: WeakCounts>(prepare: impl FnOnce() + Send + 'static) -> usize {
    elsewhere(move || {
        let object = Shared::<_, S>::new(5);
        prepare();
        let count = Arc::new(Count(AtomicUsize::new(0)));
        Shared::<(), S>::wake_when_queued(Some(Waker::from(Arc::clone(&count))));
        assert_eq!(count.0.load(SeqCst), 0, "nothing is queued");
        elsewhere(move || drop(object));
        count.0.load(SeqCst)
    })
}

/// The state of the queue before the waker was set is no reason not to wake.
pub(crate) fn a_queue_that_has_been_emptied_is_filled_anew<S: WeakCounts>() {
    let queues = usize::from(S::runtime().id == "biased-counts");
    assert_eq!(woken_after::<S>(|| ()), queues);
    let by_an_upgrade = || {
        let object = Shared::<_, S>::new(5);
        let weak = Shared::downgrade(&object);
        let other = object.clone();
        elsewhere(move || drop(other));
        drop(weak.upgrade());
    };
    assert_eq!(woken_after::<S>(by_an_upgrade), queues);
    let by_another = || {
        let object = Shared::<_, S>::new(5);
        let other = object.clone();
        elsewhere(move || {
            drop(other);
            assert_eq!(Shared::into_inner(object), Some(5));
        });
    };
    assert_eq!(woken_after::<S>(by_another), queues);
}

/// Contents whose destructor makes an object, as one does that writes to a log.
struct Makes<S: WeakCounts>(#[expect(dead_code, reason = "dropped")] Witness, PhantomData<fn(S) -> S>);

impl<S: WeakCounts> Makes<S> {
    fn new(watch: &Watch) -> Self {
        Makes(watch.witness(), PhantomData)
    }
}

impl<S: WeakCounts> Drop for Makes<S> {
    fn drop(&mut self) {
        drop(Shared::<_, S>::new(5));
    }
}

/// A thread that blocks for good, as far as anyone can tell, has had a destructor run that makes an
/// object. It is not waited for.
pub(crate) fn a_destructor_that_makes_an_object_strands_nothing<S: WeakCounts>() {
    let watch = Watch::default();
    let dropped_elsewhere = |object: Shared<Makes<S>, S>| elsewhere(move || drop(object));
    let gone = |object: Shared<Witness, S>, seen| {
        elsewhere(move || drop(object));
        assert_eq!(watch.dropped(), seen);
    };
    attach::<S, _>(|thread| {
        let object = Shared::<_, S>::new(watch.witness());
        dropped_elsewhere(Shared::new(Makes::new(&watch)));
        thread.blocking(|| gone(object, 2));
    });
    let object = attach::<S, _>(|_| {
        dropped_elsewhere(Shared::new(Makes::new(&watch)));
        Shared::<_, S>::new(watch.witness())
    });
    gone(object, 4);
    let object = Shared::<_, S>::new(watch.witness());
    dropped_elsewhere(Shared::new(Makes::new(&watch)));
    Shared::<(), S>::step_aside();
    gone(object, 6);
}

/// The same, for a thread that waits until it may be exclusive.
pub(crate) fn a_thread_that_waits_to_be_exclusive_strands_nothing<S: WeakCounts>() {
    let watch = Watch::default();
    let theirs = watch.clone();
    let (give, take) = mpsc::channel();
    let (held, until_held) = mpsc::channel::<()>();
    let (queued, until_queued) = mpsc::channel::<()>();
    let waits = std::thread::spawn(move || {
        attach::<S, _>(|thread| {
            let object = Shared::<_, S>::new(theirs.witness());
            let makes = Shared::<_, S>::new(Makes::<S>::new(&theirs));
            give.send((object, makes)).unwrap();
            until_held.recv().unwrap();
            until_queued.recv().unwrap();
            thread.exclusive(|_| ());
        });
    });
    attach::<S, _>(|thread| {
        let (object, makes) = take.recv().unwrap();
        thread.exclusive(|_| {
            held.send(()).unwrap();
            elsewhere(move || drop(makes));
            queued.send(()).unwrap();
            // The objects queued to it are destroyed as it begins to wait, after it has made an
            // object.
            while watch.dropped() == 0 {
                std::thread::yield_now();
            }
            elsewhere(move || drop(object));
            assert_eq!(watch.dropped(), 2);
        });
    });
    waits.join().unwrap();
}

/// An object made in a blocking region does not make its thread an owner; a waker that it sets
/// does.
pub(crate) fn a_blocking_region_owns_nothing_unless_it_is_woken<S: WeakCounts>() {
    let queues = usize::from(S::runtime().id == "biased-counts");
    let watch = Watch::default();
    attach::<S, _>(|thread| {
        let before = Shared::<_, S>::new(watch.witness());
        let later = Shared::<_, S>::new(watch.witness());
        thread.blocking(|| {
            let made = Shared::<_, S>::new(watch.witness());
            elsewhere(move || drop((before, made)));
            assert_eq!(watch.dropped(), 2);
            let count = Arc::new(Count(AtomicUsize::new(0)));
            Shared::<(), S>::wake_when_queued(Some(Waker::from(Arc::clone(&count))));
            elsewhere(move || drop(later));
            assert_eq!(count.0.load(SeqCst), queues);
            assert_eq!(watch.dropped(), 3 - queues);
            Shared::<(), S>::collect();
            assert_eq!(watch.dropped(), 3);
        });
        // It is an owner as before.
        let after = Shared::<_, S>::new(watch.witness());
        elsewhere(move || drop(after));
        assert_eq!(watch.dropped(), 4 - queues);
    });
}
