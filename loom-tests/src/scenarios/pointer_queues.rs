//! The queue of a thread that makes pointers: several objects in it, and the others' operations on
//! them meanwhile. And when that thread looks into it: as it is woken, makes something, drops
//! something, attaches, steps aside.

use std::sync::Arc;
use std::task::{Wake, Waker};

use keyway::attach;
use keyway_brc::{Shared, WeakCounts};
use keyway_object_model::testing::at_the_deepest;
use keyway_sync::Mutex;
use keyway_sync::atomic::{AtomicBool, Ordering};
use keyway_sync::thread::spawn;

use super::pointers::read;
use crate::model::{Model, scenarios};
use crate::payload::{Fate, Payload};

pub(super) fn models<S: WeakCounts>() -> Vec<Model> {
    scenarios!(S;
        2: pointer_upgrade_of_what_is_due, pointer_taken_out_of_a_queue_that_has_more,
           pointer_queue_is_carried_out_on_the_way, pointer_made_before_its_maker_attaches,
           pointer_maker_steps_aside_while_it_is_attached, pointer_waker_drops_another,
           pointer_waker_goes_as_its_thread_steps_aside;
        3: pointer_into_inner_after_others_have_queued, pointer_waker_tells_of_all_that_is_queued;
    )
}

fn make<S: WeakCounts, const N: usize>(fates: &[Fate; N]) -> [Shared<Payload, S>; N] {
    fates.each_ref().map(|fate| Shared::new(fate.payload(7)))
}

/// Has another thread do something, and waits for it.
fn elsewhere<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    spawn(f).join().unwrap()
}

fn assert_destroyed<const N: usize>(fates: &[Fate; N]) {
    fates.iter().for_each(Fate::assert_destroyed_once);
}

/// The last references to two objects go where destructors lie too deep in one another to end them
/// at once. So they wait, the first with the address of the second in its words, while a weak
/// reference to it is upgraded.
///
/// Fails if an address is taken for a count.
fn pointer_upgrade_of_what_is_due<S: WeakCounts>() {
    let fates = [Fate::new(), Fate::new()];
    let two = make::<S, 2>(&fates);
    let weak = Shared::downgrade(&two[0]);
    let other = spawn(move || {
        if let Some(theirs) = weak.upgrade() {
            read(&theirs);
        }
    });
    at_the_deepest(|| drop(two));
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    assert_destroyed(&fates);
}

/// Two objects are in their maker's queue. Another thread, which has the only reference to the
/// first, asks for its contents while the maker carries the queue out.
///
/// Fails if another entry than the object's is taken out of the queue with it, or if a thread that
/// looks for an entry that the maker has taken out finds it neither in the queue nor merged.
fn pointer_taken_out_of_a_queue_that_has_more<S: WeakCounts>() {
    let fates = [Fate::new(), Fate::new()];
    let objects = make::<S, 2>(&fates);
    let first = objects[0].clone();
    elsewhere(move || drop(objects));
    let other = spawn(move || {
        let contents = Shared::into_inner(first);
        contents.expect("rule broken: the only reference but the queue's does not get the contents").write();
    });
    Shared::<(), S>::collect();
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    assert_destroyed(&fates);
}

/// A thread's queue is carried out when it makes an object and when it destroys one.
///
/// Fails if either passes the queue.
fn pointer_queue_is_carried_out_on_the_way<S: WeakCounts>() {
    let fates = [Fate::new(), Fate::new(), Fate::new()];
    let [first, second, third] = make::<S, 3>(&fates);
    elsewhere(move || drop(first));
    drop(second);
    assert_destroyed(&[fates[0].clone(), fates[1].clone()]);
    elsewhere(move || drop(third));
    drop(Shared::<_, S>::new(()));
    assert_destroyed(&fates);
    Shared::<(), S>::step_aside();
}

/// A thread makes an object without a token, and attaches then; another drops the object before, or
/// later.
///
/// Fails if a checkpoint is told nothing of the entries queued before the thread attached, or of
/// those queued since.
fn pointer_made_before_its_maker_attaches<S: WeakCounts>() {
    let fates = [Fate::new(), Fate::new()];
    let before = Shared::<_, S>::new(fates[0].payload(7));
    elsewhere(move || drop(before));
    attach::<S, _>(|thread| {
        thread.checkpoint();
        fates[0].assert_destroyed_once();
    });
    let later = Shared::<_, S>::new(fates[1].payload(7));
    attach::<S, _>(|thread| {
        elsewhere(move || drop(later));
        thread.checkpoint();
        fates[1].assert_destroyed_once();
    });
}

/// A thread that has a token steps aside, which is to do nothing, while another drops what both
/// hold. Detached, it makes one more object and steps aside, which is to do something.
///
/// Fails if a thread loses its place in the table while a token relies on it, or keeps it when none
/// does.
fn pointer_maker_steps_aside_while_it_is_attached<S: WeakCounts>() {
    let fates = [Fate::new(), Fate::new()];
    let other = attach::<S, _>(|thread| {
        let mine = thread.alloc(fates[0].payload(7));
        let theirs = mine.clone_ref(thread);
        let other = spawn(move || drop(theirs));
        Shared::<(), S>::step_aside();
        mine.clone_ref(thread).release(thread);
        mine.release(thread);
        other
    });
    other.join().unwrap();
    let later = Shared::<_, S>::new(fates[1].payload(7));
    Shared::<(), S>::step_aside();
    elsewhere(move || drop(later));
    assert_destroyed(&fates);
}

/// A waker that drops what it has: when it is woken, or with itself.
struct Drops<S: WeakCounts>(Mutex<Option<Shared<Payload, S>>>);

impl<S: WeakCounts> Drops<S> {
    fn waker(pointer: Shared<Payload, S>) -> Waker {
        Waker::from(Arc::new(Drops(Mutex::new(Some(pointer)))))
    }
}

impl<S: WeakCounts> Wake for Drops<S> {
    fn wake(self: Arc<Self>) {
        let pointer = self.0.lock().take();
        drop(pointer);
    }
}

/// The waker of a thread drops the last reference to another of that thread's objects.
///
/// Fails if a waker is woken under the lock that a hand-over takes.
fn pointer_waker_drops_another<S: WeakCounts>() {
    let fates = [Fate::new(), Fate::new()];
    let [one, another] = make::<S, 2>(&fates);
    Shared::<(), S>::wake_when_queued(Some(Drops::waker(another)));
    let other = spawn(move || drop(one));
    Shared::<(), S>::collect();
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    assert_destroyed(&fates);
}

/// A thread steps aside, and with its waker a reference goes to an object that it has made, while
/// another thread drops the other one.
///
/// Fails if a thread that has left the table still counts as an owner when its waker is dropped.
fn pointer_waker_goes_as_its_thread_steps_aside<S: WeakCounts>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let theirs = mine.clone();
    Shared::<(), S>::wake_when_queued(Some(Drops::waker(mine)));
    let other = spawn(move || drop(theirs));
    Shared::<(), S>::step_aside();
    other.join().unwrap();
    fate.assert_destroyed_once();
}

/// Both holders of an object ask for its contents: first another thread, which then drops a second
/// object, and later the maker. While the maker carries out the entries of its queue, some at a
/// time, a third object is queued.
///
/// Fails if the last entry is carried out in place of the entries at the beginning.
fn pointer_into_inner_after_others_have_queued<S: WeakCounts>() {
    let fates = [Fate::new(), Fate::new(), Fate::new()];
    let [mine, second, third] = make::<S, 3>(&fates);
    let theirs = mine.clone();
    let there = elsewhere(move || {
        let there = Shared::into_inner(theirs).is_some();
        drop(second);
        there
    });
    let other = spawn(move || drop(third));
    let here = Shared::into_inner(mine).is_some();
    assert!(here || there, "leaked: of two who ask for the contents, none gets them");
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    assert_destroyed(&fates);
}

/// A thread looks into its queue when it is woken, as an event loop does, and at no other time.
///
/// Fails if something is left in the queue of which nobody is told: later entries do not wake,
/// since the queue is not empty.
fn pointer_waker_tells_of_all_that_is_queued<S: WeakCounts>() {
    struct Bell(AtomicBool);
    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            // Not a store, which loom would take for older than the swap below.
            self.0.swap(true, Ordering::Release);
        }
    }
    let fates = [Fate::new(), Fate::new(), Fate::new()];
    let [first, second, third] = make::<S, 3>(&fates);
    let bell = Arc::new(Bell(AtomicBool::new(false)));
    let collect_if_woken = || {
        while bell.0.swap(false, Ordering::Acquire) {
            Shared::<(), S>::collect();
        }
    };
    Shared::<(), S>::wake_when_queued(Some(Waker::from(Arc::clone(&bell))));
    elsewhere(move || drop((first, second)));
    let other = spawn(move || drop(third));
    collect_if_woken();
    other.join().unwrap();
    collect_if_woken();
    assert_destroyed(&fates);
    Shared::<(), S>::wake_when_queued(None);
    Shared::<(), S>::step_aside();
}
