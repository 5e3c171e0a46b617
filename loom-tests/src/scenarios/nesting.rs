//! Destructors inside destructors: what has ended when one goes on, in which order, and what others
//! do meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use keyway::{Guarded, Ref, Strategy, Thread, attach};
use keyway_object_model::ContentsLock;
use keyway_object_model::testing::at_the_deepest;
use keyway_sync::Mutex;

use super::Signal;
use crate::backend::spawn;
use crate::model::{Model, scenarios};
use crate::payload::{Fate, Payload, panic_quietly, panics};

pub(super) fn models<S: Strategy>() -> Vec<Model> {
    let mut models = scenarios!(S;
        2: destructor_releases_what_another_releases, destructor_drops_and_waits, fields_end_in_their_order,
           too_deep_and_released_by_another;
        1: released_in_a_section_and_destroyed_in_order, too_deep_and_destroyed_in_order, too_deep_and_a_panic,
           destructor_panics_inside_another, destructions_of_one_thread_one_after_the_other;
    );
    // In a crowd of copies others may carry a part of the queue out.
    #[cfg(loom)]
    models.extend(scenarios!(S; 2: queued_and_destroyed_in_order));
    // Elsewhere the destructor's thread would wait for another to attach.
    if <S::Lock as ContentsLock>::LOCKS {
        models.extend(scenarios!(S; 2: destructor_in_a_destructor_runs_outside_sections));
    }
    models
}

/// Contents that do something at their end, and are whole afterwards.
struct OnDrop<F: FnOnce() + Send + Sync> {
    end: Option<F>,
    payload: Payload,
}

impl<F: FnOnce() + Send + Sync> OnDrop<F> {
    fn new(fate: &Fate, end: F) -> Self {
        OnDrop { end: Some(end), payload: fate.payload(7) }
    }
}

impl<F: FnOnce() + Send + Sync> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.end.take().expect("dropped once"))();
        self.payload.write();
    }
}

/// Numbers of those that have ended, in order.
#[derive(Clone)]
struct Order(Arc<Mutex<Vec<u32>>>);

impl Order {
    fn new() -> Self {
        Order(Arc::new(Mutex::new(Vec::new())))
    }

    fn part(&self, number: u32) -> Part {
        Part { number, order: self.clone() }
    }

    fn parts<S: Strategy, const N: usize>(&self, numbers: [u32; N], thread: &Thread<S>) -> [Ref<Part, S>; N] {
        numbers.map(|number| thread.alloc(self.part(number)))
    }

    #[track_caller]
    fn assert_is(&self, expected: &[u32]) {
        let order = self.0.lock();
        assert!(*order == expected, "rule broken: ended in the order {:?}, and not {expected:?}", *order);
    }
}

/// See [`Order::part`].
struct Part {
    number: u32,
    order: Order,
}

impl Drop for Part {
    fn drop(&mut self) {
        self.order.0.lock().push(self.number);
    }
}

/// The destructor of one object releases a second, which another thread has, too, and releases
/// meanwhile.
///
/// Fails if a release in a destructor is another than elsewhere: an object is destroyed twice,
/// never, or while somebody has it.
fn destructor_releases_what_another_releases<S: Strategy>() {
    let fates = [Fate::new(), Fate::new()];
    let other = attach::<S, _>(|thread| {
        let inner = thread.alloc(fates[0].payload(7));
        let theirs = inner.clone_ref(thread);
        let outer = thread.alloc(OnDrop::new(&fates[1], move || drop(inner)));
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                assert_eq!(theirs.read(), 7, "an object is seen whole");
                theirs.release(thread);
            });
        });
        outer.release(thread);
        fates[1].assert_destroyed_once();
        other
    });
    other.join().unwrap();
    super::attach_once_more::<S>();
    fates.iter().for_each(Fate::assert_destroyed_once);
}

/// A destructor drops the last reference to an object that tells another thread by its end that
/// there is no more to do, and waits for that thread to end.
///
/// Fails if an object that a destructor releases is destroyed later than there and then: the two
/// threads wait for each other.
fn destructor_drops_and_waits<S: Strategy>() {
    let fates = [Fate::new(), Fate::new()];
    attach::<S, _>(|thread| {
        let signal = Signal::new();
        let theirs = signal.clone();
        let other = spawn(move || theirs.wait());
        let channel = thread.alloc(OnDrop::new(&fates[0], move || signal.tell()));
        let other = Mutex::new(Some(other));
        let pool = thread.alloc(OnDrop::new(&fates[1], move || {
            drop(channel);
            let other = other.lock().take();
            other.expect("dropped once").join().unwrap();
        }));
        pool.release(thread);
    });
    fates.iter().for_each(Fate::assert_destroyed_once);
}

/// An object has three others; the one between is held by another thread, too, which releases it
/// meanwhile.
///
/// Fails if the two that only the object has do not end in the order of its fields.
fn fields_end_in_their_order<S: Strategy>() {
    let order = Order::new();
    attach::<S, _>(|thread| {
        let [third, first] = order.parts([3, 1], thread);
        let second = thread.alloc(Fate::new().payload(7));
        let theirs = second.clone_ref(thread);
        let window = thread.alloc((first, second, third));
        let other = spawn(move || drop(theirs));
        window.release(thread);
        order.assert_is(&[1, 3]);
        other
    })
    .join()
    .unwrap();
    super::attach_once_more::<S>();
}

/// An object with others, as [`at_the_deepest`] ends it: its contents join the list.
struct Holds<S: Strategy> {
    _held: Vec<Ref<Holds<S>, S>>,
    _payload: Payload,
}

/// The first of a chain goes where destructors lie too deep in one another; another thread has the
/// last of it, and releases it meanwhile.
///
/// Fails if an object that lies too deep is left on the list, or destroyed while a thread has a
/// reference to it.
fn too_deep_and_released_by_another<S: Strategy>() {
    let fates = [Fate::new(), Fate::new(), Fate::new()];
    let other = attach::<S, _>(|thread| {
        let mut held = Vec::new();
        let mut theirs = None;
        for fate in &fates {
            let object: Ref<Holds<S>, S> = thread.alloc(Holds { _held: held, _payload: fate.payload(7) });
            theirs.get_or_insert_with(|| object.clone_ref(thread));
            held = vec![object];
        }
        let other = spawn(move || drop(theirs));
        at_the_deepest(|| drop(held));
        fates[1].assert_destroyed_once();
        fates[2].assert_destroyed_once();
        other
    });
    other.join().unwrap();
    super::attach_once_more::<S>();
    fates[0].assert_destroyed_once();
}

/// Three objects are released in a section, each with two more.
///
/// Fails if they are not destroyed in the order in which they were released, each before its
/// contents, and its contents before the next.
fn released_in_a_section_and_destroyed_in_order<S: Strategy>() {
    let order = Order::new();
    attach::<S, _>(|thread| {
        let guarded = thread.alloc(Guarded::<u32, S>::new(0));
        let three = [1, 4, 7].map(|first| {
            let below = order.parts([first + 1, first + 2], thread);
            thread.alloc((order.part(first), below))
        });
        guarded.enter(thread, |_| drop(three));
        order.assert_is(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });
}

/// The same where destructors lie too deep in one another.
///
/// Fails if the order depends on how deep that is.
fn too_deep_and_destroyed_in_order<S: Strategy>() {
    let order = Order::new();
    attach::<S, _>(|thread| {
        let two = [1, 4].map(|first| {
            let below = order.parts([first + 1, first + 2], thread);
            thread.alloc((order.part(first), below))
        });
        let root = thread.alloc((order.part(0), two));
        at_the_deepest(|| drop(root));
        order.assert_is(&[0, 1, 2, 3, 4, 5, 6]);
    });
}

/// A destructor that lies too deep to have anything destroyed releases an object, and panics.
///
/// Fails if a panic leaves on the list what has joined it before.
fn too_deep_and_a_panic<S: Strategy>() {
    let fate = Fate::new();
    attach::<S, _>(|thread| {
        let object = thread.alloc(fate.payload(7));
        panics(|| {
            at_the_deepest(|| {
                drop(object);
                panic_quietly();
            });
        });
        fate.assert_destroyed_once();
    });
}

/// Another thread drops three objects one after the other, and their maker passes a checkpoint.
///
/// Fails if they are not destroyed in the order in which they were dropped, by whichever thread.
#[cfg(loom)]
fn queued_and_destroyed_in_order<S: Strategy>() {
    let order = Order::new();
    attach::<S, _>(|thread| {
        let parts = order.parts([1, 2, 3], thread);
        spawn(move || parts.into_iter().for_each(drop)).join().unwrap();
        thread.checkpoint();
        order.assert_is(&[1, 2, 3]);
    });
}

/// Contents whose destructor panics.
struct Panics(#[expect(dead_code, reason = "its end is watched")] Payload);

impl Drop for Panics {
    fn drop(&mut self) {
        panic_quietly();
    }
}

/// A destructor releases an object whose destructor panics, and goes on.
///
/// Fails if the panic of one destructor comes out in another.
fn destructor_panics_inside_another<S: Strategy>() {
    let fates = [Fate::new(), Fate::new()];
    let order = Order::new();
    attach::<S, _>(|thread| {
        let panics = thread.alloc(Panics(fates[0].payload(7)));
        let part = order.part(1);
        let outer = thread.alloc(OnDrop::new(&fates[1], move || {
            let part = std::mem::ManuallyDrop::new(part);
            drop(panics);
            drop(std::mem::ManuallyDrop::into_inner(part));
        }));
        let released = catch_unwind(AssertUnwindSafe(|| outer.release(thread)));
        assert!(released.is_ok(), "rule broken: the panic of a destructor comes out of another");
        order.assert_is(&[1]);
    });
    fates.iter().for_each(Fate::assert_destroyed_once);
}

/// One thread destroys more objects one after the other than could lie inside one another.
///
/// Fails if a destruction leaves less room for the next.
fn destructions_of_one_thread_one_after_the_other<S: Strategy>() {
    attach::<S, _>(|thread| {
        for _ in 0..10 {
            let fates = [Fate::new(), Fate::new()];
            let inner = thread.alloc(fates[0].payload(7));
            let also = fates[0].clone();
            let outer = OnDrop::new(&fates[1], move || {
                drop(inner);
                also.assert_destroyed_once();
            });
            thread.alloc(outer).release(thread);
            fates[1].assert_destroyed_once();
        }
    });
}

/// A destructor enters a section and releases there an object, whose destructor waits for another
/// thread that enters the same.
///
/// Fails if a destructor runs while a lock is held, or not before the section's end in the
/// destructor goes on.
fn destructor_in_a_destructor_runs_outside_sections<S: Strategy>() {
    let fates = [Fate::new(), Fate::new()];
    let outer = attach::<S, _>(|thread| {
        let counter = thread.alloc(Guarded::<u32, S>::new(0));
        let theirs = counter.clone_ref(thread);
        let inner = thread.alloc(OnDrop::new(&fates[0], move || {
            spawn(move || attach::<S, _>(|thread| theirs.enter(thread, |section| **section += 1)))
                .join()
                .unwrap();
        }));
        let also = fates[0].clone();
        thread.alloc(OnDrop::new(&fates[1], move || {
            attach::<S, _>(|thread| {
                counter.enter(thread, |section| {
                    inner.release(section.thread());
                    **section += 1;
                });
                also.assert_destroyed_once();
                assert_eq!(counter.enter(thread, |section| **section), 2, "the destructor has run");
            });
        }))
    });
    drop(outer);
    fates.iter().for_each(Fate::assert_destroyed_once);
}
