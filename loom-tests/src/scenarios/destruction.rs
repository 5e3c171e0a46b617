//! Destructors: where they run, and what they take along.

use std::panic::{AssertUnwindSafe, catch_unwind};

use keyway::{Guarded, Ref, Strategy, attach};
use keyway_object_model::ContentsLock;
use keyway_object_model::testing::suspend_every_nested_entry;

use crate::backend::spawn;
use crate::model::{Model, scenarios};
use crate::payload::{Fate, Payload, panic_quietly};

pub(super) fn models<S: Strategy>() -> Vec<Model> {
    let mut models = scenarios!(S;
        2: chain_released_from_both_ends, destructor_panics_in_a_queue, released_inside_sections_that_are_given_up;
    );
    // Elsewhere a destructor runs on the one thread that is attached, and must not wait for another to attach.
    if <S::Lock as ContentsLock>::LOCKS {
        models.extend(scenarios!(S; 2: destructor_runs_outside_sections, nested_entry_destroys_what_is_due));
    }
    models
}

/// An object that holds another.
struct Node<S: Strategy> {
    next: Option<Ref<Node<S>, S>>,
    payload: Payload,
}

/// An object that holds a second, which holds a third. One thread releases the first, another the last, and a third reference to
/// the one between is dropped unattached.
///
/// Fails if what a destructor releases is not destroyed, or by two threads, or before its other holders have released it.
fn chain_released_from_both_ends<S: Strategy>() {
    let fates = [Fate::new(), Fate::new(), Fate::new()];
    let (middle, other) = attach::<S, _>(|thread| {
        let [first, second, third] = fates.each_ref();
        let last = thread.alloc(Node { next: None, payload: third.payload(7) });
        let next = Some(last.clone_ref(thread));
        let middle = thread.alloc(Node { next, payload: second.payload(7) });
        let next = Some(middle.clone_ref(thread));
        let head: Ref<Node<S>, S> = thread.alloc(Node { next, payload: first.payload(7) });
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                let middle = head.next.as_ref().expect("three objects");
                assert_eq!(middle.payload.read(), 7, "an object is seen whole");
                head.release(thread);
            });
        });
        last.release(thread);
        (middle, other)
    });
    drop(middle);
    other.join().unwrap();
    super::attach_once_more::<S>();
    fates.iter().for_each(Fate::assert_destroyed_once);
}

/// Contents whose destructor panics, after they have been dropped.
struct Panics {
    _payload: Payload,
}

impl Drop for Panics {
    fn drop(&mut self) {
        panic_quietly();
    }
}

/// Three objects are dropped elsewhere, and destroyed there or by their maker; the destructor of the one between panics. The others
/// are destroyed all the same, in the same checkpoint, and the maker goes on.
///
/// Fails if a destructor's panic ends the destruction of the rest.
fn destructor_panics_in_a_queue<S: Strategy>() {
    let fates = [Fate::new(), Fate::new(), Fate::new()];
    attach::<S, _>(|thread| {
        let [first, between, last] = fates.each_ref();
        let (first, last) = (thread.alloc(first.payload(7)), thread.alloc(last.payload(7)));
        let between = thread.alloc(Panics { _payload: between.payload(7) });
        let other = spawn(move || {
            drop(first);
            // Whether the panic comes out here depends on who destroys the object.
            let _whatever = catch_unwind(AssertUnwindSafe(|| drop(between)));
            drop(last);
        });
        other.join().unwrap();
        thread.checkpoint();
        fates.iter().for_each(Fate::assert_destroyed_once);
    });
}

/// Two objects are released inside nested sections, whose locks another thread wants in the opposite order; the innermost is then
/// suspended. By that time they have been destroyed.
///
/// Fails if destructions that became due in a section are forgotten, or wait longer than the section is held.
fn released_inside_sections_that_are_given_up<S: Strategy>() {
    let fates = [Fate::new(), Fate::new()];
    let other = attach::<S, _>(|thread| {
        let outer = thread.alloc(Guarded::<u32, S>::new(0));
        let inner = thread.alloc(Guarded::<u32, S>::new(0));
        let [one, two] = fates.each_ref().map(|fate| thread.alloc(fate.payload(7)));
        let theirs = [inner.clone_ref(thread), outer.clone_ref(thread)];
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                let [outer, inner] = &theirs;
                outer.enter(thread, |section| {
                    section.enter(inner, |section| **section += 1);
                    **section += 1;
                });
            });
        });
        outer.enter(thread, |section| {
            one.release(section.thread());
            section.enter(&inner, |section| {
                two.release(section.thread());
                **section += 1;
                section.suspend(|_| fates.iter().for_each(Fate::assert_destroyed_once));
            });
            **section += 1;
        });
        other
    });
    other.join().unwrap();
}

/// Contents whose destructor waits for another thread, which enters a section.
struct Waits<S: Strategy> {
    counter: Option<Ref<Guarded<u32, S>, S>>,
    _payload: Payload,
}

impl<S: Strategy> Drop for Waits<S> {
    fn drop(&mut self) {
        let counter = self.counter.take().expect("dropped once");
        let other = spawn(move || attach::<S, _>(|thread| counter.enter(thread, |section| **section += 1)));
        other.join().unwrap();
    }
}

/// An object is released inside a section of the very object that its destructor waits for.
///
/// Fails if a destructor runs while a lock is held.
fn destructor_runs_outside_sections<S: Strategy>() {
    let fate = Fate::new();
    attach::<S, _>(|thread| {
        let counter = thread.alloc(Guarded::<u32, S>::new(0));
        let theirs = Some(counter.clone_ref(thread));
        let waits = thread.alloc(Waits { counter: theirs, _payload: fate.payload(7) });
        counter.enter(thread, |section| {
            waits.release(section.thread());
            **section += 1;
        });
        assert_eq!(counter.enter(thread, |section| **section), 2, "the destructor has run");
    });
    fate.assert_destroyed_once();
}

/// An object is released inside a section, whose lock its destructor waits for; then a nested section finds its own lock taken, or is
/// told so, and gives the outer one up. By the time it is inside, the object has been destroyed.
///
/// Fails if what is due waits for longer than the sections are held, or is destroyed before they have been given up.
fn nested_entry_destroys_what_is_due<S: Strategy>() {
    let fate = Fate::new();
    let before = suspend_every_nested_entry(true);
    attach::<S, _>(|thread| {
        let outer = thread.alloc(Guarded::<u32, S>::new(0));
        let inner = thread.alloc(Guarded::<u32, S>::new(0));
        let theirs = Some(outer.clone_ref(thread));
        let waits = thread.alloc(Waits { counter: theirs, _payload: fate.payload(7) });
        outer.enter(thread, |section| {
            waits.release(section.thread());
            section.enter(&inner, |_| fate.assert_destroyed_once());
            assert_eq!(**section, 1, "the destructor's thread has been inside meanwhile");
        });
    });
    suspend_every_nested_entry(before);
}
