//! Wakers and destructors are a user's code. What they may do at each place at which the runtime
//! calls them, and what they must not undo: a thread that leaves is not waited for.

use std::sync::Arc;
use std::task::{Wake, Waker};

use keyway::{Ref, Thread, attach, try_attach};
use keyway_brc::{Shared, WeakCounts, WeakShared};
use keyway_sync::Mutex;
use keyway_sync::atomic::{AtomicUsize, Ordering};
use keyway_sync::thread::{JoinHandle, spawn};

use crate::model::{Explorer, Model, scenarios};
use crate::payload::{Fate, Payload};

pub(super) fn models<S: WeakCounts>() -> Vec<Model> {
    let mut models = scenarios!(S;
        2: waker_goes_as_its_thread_detaches, waker_goes_as_its_thread_blocks,
           waker_steps_aside_in_an_upgrade, destructor_of_a_detach_makes_another,
           destructor_of_a_blocking_region_makes_another, destructor_of_stepping_aside_makes_another,
           waker_of_a_blocking_region_sets_another, blocking_region_makes_another,
           upgrade_has_emptied_the_queue, upgrade_tells_of_what_is_due,
           upgrade_leaves_what_is_due_for_later, waker_is_set_while_another_drops;
        3: another_has_emptied_the_queue, another_has_emptied_the_queue_of_the_woken;
    );
    models.push(Model::of::<S>("waker_does_anything", 2, waker_does_anything::<S>));
    models
}

/// What a waker does when it is woken, and again when it is dropped.
#[derive(Clone, Copy)]
enum Deed {
    /// It drops a reference to an object that its thread has made.
    Drops,
    /// It drops a reference to the object for which it is woken.
    DropsTheSame,
    Makes,
    StepsAside,
    Attaches,
    SetsAnother,
}

impl Deed {
    const ALL: [Deed; 6] =
        [Deed::Drops, Deed::DropsTheSame, Deed::Makes, Deed::StepsAside, Deed::Attaches, Deed::SetsAnother];
}

/// A waker that does something with pointers.
struct Does<S: WeakCounts> {
    deed: Deed,
    held: Mutex<Option<Shared<Payload, S>>>,
}

impl<S: WeakCounts> Does<S> {
    fn waker(deed: Deed, held: Shared<Payload, S>) -> Waker {
        Waker::from(Arc::new(Does { deed, held: Mutex::new(Some(held)) }))
    }

    fn act(&self) {
        match self.deed {
            Deed::Drops | Deed::DropsTheSame => {
                let held = self.held.lock().take();
                drop(held);
            }
            Deed::Makes => drop(Shared::<_, S>::new(())),
            Deed::StepsAside => Shared::<(), S>::step_aside(),
            // Refused where the thread is attached.
            Deed::Attaches => _ = try_attach::<S, _>(Thread::checkpoint),
            Deed::SetsAnother => Shared::<(), S>::wake_when_queued(Some(Waker::noop().clone())),
        }
    }
}

impl<S: WeakCounts> Wake for Does<S> {
    fn wake(self: Arc<Self>) {
        self.act();
    }
}

impl<S: WeakCounts> Drop for Does<S> {
    fn drop(&mut self) {
        self.act();
    }
}

/// Where a waker is called: by the releasing thread in any case, and here.
#[derive(Clone, Copy)]
enum Place {
    /// Woken in an upgrade by its own thread.
    Upgrade,
    /// Woken at once as it is set, perhaps.
    Set,
    /// Dropped as there is to be none.
    Unset,
    /// Dropped as its thread steps aside, or detaches.
    Aside,
    /// Dropped as its thread enters a blocking region, or is attached and detached.
    Leave,
}

impl Place {
    const ALL: [Place; 5] = [Place::Upgrade, Place::Set, Place::Unset, Place::Aside, Place::Leave];
}

/// Every deed at every place, with a token and without.
///
/// Fails if a waker is called where a lock is held, a function of the strategy is under way or
/// something is remembered of the thread.
fn waker_does_anything<S: WeakCounts>(explorer: &mut Explorer) {
    explorer.lower_bound_to(2);
    for deed in Deed::ALL {
        for place in Place::ALL {
            explorer.explore(move || waker_does::<S>(deed, place, None));
            explorer.explore(move || attach::<S, _>(|thread| waker_does(deed, place, Some(thread))));
        }
    }
}

fn waker_does<S: WeakCounts>(deed: Deed, place: Place, thread: Option<&mut Thread<S>>) {
    let fates = [Fate::new(), Fate::new()];
    let [one, mine] = fates.each_ref().map(|fate| Shared::<_, S>::new(fate.payload(7)));
    let weak = Shared::downgrade(&one);
    let held = if let Deed::DropsTheSame = deed { one.clone() } else { mine.clone() };
    let set = || Shared::<(), S>::wake_when_queued(Some(Does::waker(deed, held)));
    let other = move || {
        let other = one.clone();
        spawn(move || {
            drop(other);
            drop(one);
            // A waker may have made it an owner.
            Shared::<(), S>::step_aside();
        })
    };
    let other = if let Place::Set = place {
        let other = other();
        set();
        other
    } else {
        set();
        other()
    };
    match place {
        Place::Upgrade => drop(weak.upgrade()),
        Place::Set => {}
        Place::Unset => Shared::<(), S>::wake_when_queued(None),
        Place::Aside => Shared::<(), S>::step_aside(),
        Place::Leave => match thread {
            Some(thread) => thread.blocking(|| ()),
            None => attach::<S, _>(|_| ()),
        },
    }
    drop(mine.clone());
    other.join().unwrap();
    Shared::<(), S>::wake_when_queued(None);
    Shared::<(), S>::collect();
    assert!(Shared::strong_count(&mine) == 1, "rule broken: one reference, and another count");
    drop((mine, weak));
    Shared::<(), S>::step_aside();
    Shared::<(), S>::collect();
    fates.iter().for_each(Fate::assert_destroyed_once);
}

/// A waker that holds a reference made with a token; it drops it with itself.
struct Holds<S: WeakCounts>(#[expect(dead_code, reason = "dropped")] Ref<Payload, S>);

impl<S: WeakCounts> Wake for Holds<S> {
    fn wake(self: Arc<Self>) {}
}

/// An object with a reference for the calling thread and one that goes with its waker; another
/// thread drops the third.
fn held_by_a_waker<S: WeakCounts>(thread: &Thread<S>, fate: &Fate) -> (Ref<Payload, S>, JoinHandle<()>) {
    let mine = thread.alloc(fate.payload(7));
    let (held, theirs) = (mine.clone_ref(thread), mine.clone_ref(thread));
    Shared::<(), S>::wake_when_queued(Some(Waker::from(Arc::new(Holds(held)))));
    (mine, spawn(move || drop(theirs)))
}

/// A thread detaches, and with its waker a reference goes to an object of its own, while another
/// thread drops one.
///
/// Fails if the waker is dropped after its thread has left the table and before it counts as
/// detached.
fn waker_goes_as_its_thread_detaches<S: WeakCounts>() {
    let fate = Fate::new();
    let (mine, other) = attach::<S, _>(|thread| held_by_a_waker(thread, &fate));
    other.join().unwrap();
    attach::<S, _>(|thread| {
        assert!(mine.count(thread) == 1, "rule broken: one reference, and another count");
        drop(mine);
    });
    fate.assert_destroyed_once();
}

/// The same, as the thread enters a blocking region.
///
/// Fails if the waker is dropped after its thread has left the table and before it counts as not
/// attached.
fn waker_goes_as_its_thread_blocks<S: WeakCounts>() {
    let fate = Fate::new();
    attach::<S, _>(|thread| {
        let (mine, other) = held_by_a_waker(thread, &fate);
        thread.blocking(|| other.join().unwrap());
        assert!(mine.count(thread) == 1, "rule broken: one reference, and another count");
        drop(mine);
    });
    fate.assert_destroyed_once();
}

/// The maker upgrades a reference that another thread drops, and is woken as it finds the due entry
/// in its queue; its waker steps aside.
///
/// Fails if an upgrade relies, after a waker, on its knowledge of its thread from before.
fn waker_steps_aside_in_an_upgrade<S: WeakCounts>() {
    struct StepsAside<S: WeakCounts>(std::marker::PhantomData<fn(S) -> S>);
    impl<S: WeakCounts> Wake for StepsAside<S> {
        fn wake(self: Arc<Self>) {
            Shared::<(), S>::step_aside();
        }
    }
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let theirs = mine.clone();
    let weak = Shared::downgrade(&mine);
    Shared::<(), S>::wake_when_queued(Some(Waker::from(Arc::new(StepsAside::<S>(std::marker::PhantomData)))));
    let other = spawn(move || {
        drop(theirs);
        drop(mine);
    });
    let upgraded = weak.upgrade();
    upgraded.iter().for_each(|object| assert_eq!(object.read(), 7));
    other.join().unwrap();
    let references = weak.strong_count();
    assert!(references == usize::from(upgraded.is_some()), "rule broken: {references} references");
    drop(upgraded);
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// Contents whose destructor makes an object, as one does that writes to a log.
struct Makes<S: WeakCounts>(
    #[expect(dead_code, reason = "dropped")] Payload,
    std::marker::PhantomData<fn(S) -> S>,
);

impl<S: WeakCounts> Makes<S> {
    fn new(fate: &Fate) -> Self {
        Makes(fate.payload(7), std::marker::PhantomData)
    }
}

impl<S: WeakCounts> Drop for Makes<S> {
    fn drop(&mut self) {
        drop(Shared::<_, S>::new(()));
    }
}

/// Has another thread drop something, and waits for it.
fn dropped_elsewhere(what: impl Send + 'static) {
    spawn(move || drop(what)).join().unwrap();
}

/// As a thread detaches, a destructor makes an object. An object of the thread that others drop
/// then waits for no thread.
///
/// Fails if the destructor puts the thread back into the table.
fn destructor_of_a_detach_makes_another<S: WeakCounts>() {
    let fates = [Fate::new(), Fate::new()];
    let two = attach::<S, _>(|thread| {
        dropped_elsewhere(thread.alloc(Makes::<S>::new(&fates[0])));
        thread.alloc(fates[1].payload(7))
    });
    dropped_elsewhere(two);
    fates.iter().for_each(Fate::assert_destroyed_once);
    Shared::<(), S>::step_aside();
}

/// The same, as a thread enters a blocking region, which may last for ever.
///
/// Fails if the destructor puts the thread back into the table.
fn destructor_of_a_blocking_region_makes_another<S: WeakCounts>() {
    let fates = [Fate::new(), Fate::new()];
    attach::<S, _>(|thread| {
        let (one, two) = (thread.alloc(Makes::<S>::new(&fates[0])), thread.alloc(fates[1].payload(7)));
        let other = spawn(move || {
            drop(one);
            drop(two);
        });
        thread.blocking(|| {
            other.join().unwrap();
            fates.iter().for_each(Fate::assert_destroyed_once);
        });
    });
}

/// The same, as a thread steps aside.
///
/// Fails if the destructor puts the thread back into the table.
fn destructor_of_stepping_aside_makes_another<S: WeakCounts>() {
    let fates = [Fate::new(), Fate::new()];
    let one = Shared::<_, S>::new(Makes::<S>::new(&fates[0]));
    let two = Shared::<_, S>::new(fates[1].payload(7));
    let other = spawn(move || {
        drop(one);
        drop(two);
    });
    Shared::<(), S>::step_aside();
    other.join().unwrap();
    fates.iter().for_each(Fate::assert_destroyed_once);
    Shared::<(), S>::step_aside();
}

/// As a thread enters a blocking region, its waker goes, and sets another as it does.
///
/// Fails if that puts the thread back into the table.
fn waker_of_a_blocking_region_sets_another<S: WeakCounts>() {
    let fates = [Fate::new(), Fate::new()];
    attach::<S, _>(|thread| {
        let held = Shared::<_, S>::new(fates[0].payload(7));
        let theirs = thread.alloc(fates[1].payload(7));
        Shared::<(), S>::wake_when_queued(Some(Does::waker(Deed::SetsAnother, held)));
        let other = spawn(move || drop(theirs));
        thread.blocking(|| {
            other.join().unwrap();
            fates.iter().for_each(Fate::assert_destroyed_once);
        });
    });
}

/// Code that a thread runs in a blocking region makes an object and keeps it.
///
/// Fails if that puts the thread back into the table.
fn blocking_region_makes_another<S: WeakCounts>() {
    let fates = [Fate::new(), Fate::new()];
    attach::<S, _>(|thread| {
        let theirs = thread.alloc(fates[0].payload(7));
        let other = spawn(move || drop(theirs));
        thread.blocking(|| {
            let made = Shared::<_, S>::new(fates[1].payload(7));
            other.join().unwrap();
            fates[0].assert_destroyed_once();
            dropped_elsewhere(made);
            fates[1].assert_destroyed_once();
        });
    });
}

/// Counts how often it is woken.
struct Count(AtomicUsize);

impl Count {
    fn new() -> Arc<Self> {
        Arc::new(Count(AtomicUsize::new(0)))
    }

    fn set<S: WeakCounts>(self: &Arc<Self>) {
        Shared::<(), S>::wake_when_queued(Some(Waker::from(Arc::clone(self))));
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Another thread drops an object of this one, which has not been told that there is anything. It
/// is told, or has destroyed the object.
fn assert_told_of<S: WeakCounts>(object: Shared<Payload, S>, fate: &Fate, wakings: &Count) {
    let before = wakings.get();
    dropped_elsewhere(object);
    if wakings.get() == before {
        fate.assert_destroyed_once();
    }
}

/// An upgrade by the maker has carried its queue out, in which nothing was due. Then it asks to be
/// woken.
///
/// Fails if the state that an upgrade leaves behind looks like an entry of which the maker has been
/// told.
fn upgrade_has_emptied_the_queue<S: WeakCounts>() {
    let fates = [Fate::new(), Fate::new()];
    let [one, two] = fates.each_ref().map(|fate| Shared::<_, S>::new(fate.payload(7)));
    let weak: WeakShared<_, S> = Shared::downgrade(&one);
    let theirs = one.clone();
    let other = spawn(move || drop(theirs));
    drop(weak.upgrade());
    other.join().unwrap();
    drop(weak.upgrade());
    let wakings = Count::new();
    wakings.set::<S>();
    assert_told_of(two, &fates[1], &wakings);
    drop(one);
    Shared::<(), S>::wake_when_queued(None);
    Shared::<(), S>::step_aside();
    fates.iter().for_each(Fate::assert_destroyed_once);
}

/// An upgrade by the maker finds in its queue what is due, and cannot destroy it. The maker looks
/// again only if it is woken.
///
/// Fails if an object that waits for the maker to destroy it goes untold, or if the waker is woken
/// later than by the upgrade.
fn upgrade_tells_of_what_is_due<S: WeakCounts>() {
    let fate = Fate::new();
    let one = Shared::<_, S>::new(fate.payload(7));
    let weak: WeakShared<_, S> = Shared::downgrade(&one);
    let wakings = Count::new();
    wakings.set::<S>();
    let other = spawn(move || drop(one));
    let is_gone = weak.upgrade().is_none();
    let woken = wakings.get();
    other.join().unwrap();
    if is_gone && woken == 0 {
        fate.assert_destroyed_once();
    }
    if wakings.get() > 0 {
        Shared::<(), S>::collect();
    }
    fate.assert_destroyed_once();
    Shared::<(), S>::wake_when_queued(None);
    Shared::<(), S>::step_aside();
}

/// The same without a waker; the maker makes something after the upgrade.
///
/// Fails if an object that waits for the maker to destroy it is no reason to look.
fn upgrade_leaves_what_is_due_for_later<S: WeakCounts>() {
    let fate = Fate::new();
    let one = Shared::<_, S>::new(fate.payload(7));
    let weak: WeakShared<_, S> = Shared::downgrade(&one);
    let other = spawn(move || drop(one));
    drop(weak.upgrade());
    other.join().unwrap();
    drop(Shared::<_, S>::new(()));
    fate.assert_destroyed_once();
    Shared::<(), S>::step_aside();
}

/// A thread asks to be woken while another drops an object of its own.
///
/// Fails if an entry queued before the waker is set goes untold.
fn waker_is_set_while_another_drops<S: WeakCounts>() {
    let fate = Fate::new();
    let one = Shared::<_, S>::new(fate.payload(7));
    let other = spawn(move || drop(one));
    let wakings = Count::new();
    wakings.set::<S>();
    other.join().unwrap();
    if wakings.get() > 0 {
        Shared::<(), S>::collect();
    }
    fate.assert_destroyed_once();
    Shared::<(), S>::wake_when_queued(None);
    Shared::<(), S>::step_aside();
}

/// Another thread has taken the only entry out of the maker's queue, with the object. Then the
/// maker asks to be woken.
///
/// Fails if the signal stays raised over the empty queue, or counts as telling.
fn another_has_emptied_the_queue<S: WeakCounts>() {
    emptied_by_another::<S>(false);
}

/// The same; the maker has asked before, and has been woken for the entry.
///
/// Fails if one waking counts for an entry that comes after the queue has been emptied.
fn another_has_emptied_the_queue_of_the_woken<S: WeakCounts>() {
    emptied_by_another::<S>(true);
}

fn emptied_by_another<S: WeakCounts>(asks_before: bool) {
    let fates = [Fate::new(), Fate::new()];
    let [one, two] = fates.each_ref().map(|fate| Shared::<_, S>::new(fate.payload(7)));
    let wakings = Count::new();
    if asks_before {
        wakings.set::<S>();
    }
    let theirs = one.clone();
    spawn(move || {
        drop(one);
        assert!(Shared::into_inner(theirs).is_some(), "the only reference");
    })
    .join()
    .unwrap();
    if !asks_before {
        wakings.set::<S>();
    }
    assert_told_of(two, &fates[1], &wakings);
    Shared::<(), S>::wake_when_queued(None);
    Shared::<(), S>::step_aside();
    fates.iter().for_each(Fate::assert_destroyed_once);
}
