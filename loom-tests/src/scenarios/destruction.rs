//! Destructors: where they run, and what they take along.

use std::panic::{AssertUnwindSafe, catch_unwind};

use keyway::{Guarded, Ref, Strategy, Thread, attach};
use keyway_object_model::ContentsLock;
use keyway_object_model::testing::suspend_every_nested_entry;

use crate::backend::spawn;
use crate::model::{Model, scenarios};
use crate::payload::{Fate, Payload, panic_quietly, panics};

pub(super) fn models<S: Strategy>() -> Vec<Model> {
    let mut models = scenarios!(S;
        2: chain_released_from_both_ends, destructor_panics_in_a_queue, released_inside_sections_that_are_given_up;
        1: released_after_a_panic, destructor_panics_before_its_contents_end;
    );
    // Elsewhere a destructor runs on the one thread that is attached, and must not wait for another
    // to attach.
    if <S::Lock as ContentsLock>::LOCKS {
        models.extend(scenarios!(S;
            2: destructor_runs_outside_sections, destructor_runs_outside_pairs, destructor_runs_in_a_suspension,
               nested_entry_destroys_what_is_due, nested_entry_destroys_before_it_takes_its_lock;
        ));
    }
    models
}

/// An object that holds another.
struct Node<S: Strategy> {
    next: Option<Ref<Node<S>, S>>,
    payload: Payload,
}

/// An object that holds a second, which holds a third. One thread releases the first, another the
/// last, and a third reference to the one between is dropped unattached.
///
/// Fails if an object that a destructor releases is not destroyed, or is by two threads, or before
/// its other holders have released it.
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

/// Three objects are dropped elsewhere, and destroyed there or by their maker; the destructor of
/// the one between panics. The others are destroyed all the same, in the same checkpoint, and the
/// maker goes on.
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
            // Whether the panic comes out here depends on which thread destroys the object.
            let _whatever = catch_unwind(AssertUnwindSafe(|| drop(between)));
            drop(last);
        });
        other.join().unwrap();
        thread.checkpoint();
        fates.iter().for_each(Fate::assert_destroyed_once);
    });
}

/// Two objects are released inside nested sections, whose locks another thread wants in the
/// opposite order; the innermost is then suspended. By that time they have been destroyed.
///
/// Fails if destructions that became due in a section are forgotten, or wait longer than the
/// section is held.
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

/// A thread panics inside a section, a nested one, a pair and an exclusive call, and goes on each
/// time. An object that it releases afterwards is destroyed at once.
///
/// Fails if a panic leaves a reason for destructions to wait.
fn released_after_a_panic<S: Strategy>() {
    type Number<S> = Ref<Guarded<u32, S>, S>;
    type Way<S> = fn(&[Number<S>; 2], &mut Thread<S>);
    let ways: [Way<S>; 4] = [
        |[one, _], thread| one.enter(thread, |_| panic_quietly()),
        |[one, two], thread| one.enter(thread, |section| section.enter(two, |_| panic_quietly())),
        |[one, two], thread| {
            let _never = one.enter_pair(two, thread, |_, _, _| panic_quietly());
        },
        |_, thread| thread.exclusive(|_| panic_quietly()),
    ];
    attach::<S, _>(|thread| {
        let numbers = [0, 0].map(|zero| thread.alloc(Guarded::new(zero)));
        for way in ways {
            let fate = Fate::new();
            let object = thread.alloc(fate.payload(7));
            panics(|| way(&numbers, thread));
            object.release(thread);
            fate.assert_destroyed_once();
        }
    });
}

/// Contents whose destructor panics, and which hold another object.
struct PanicsAndHolds<S: Strategy> {
    _held: Ref<Payload, S>,
}

impl<S: Strategy> Drop for PanicsAndHolds<S> {
    fn drop(&mut self) {
        panic_quietly();
    }
}

/// The last reference to an object whose destructor panics is released: its contents are released
/// while the panic goes on, and destroyed before it comes out.
///
/// Fails if a panic leaves what has become due in a destructor on the list.
fn destructor_panics_before_its_contents_end<S: Strategy>() {
    let fate = Fate::new();
    attach::<S, _>(|thread| {
        let held = thread.alloc(fate.payload(7));
        let object = thread.alloc(PanicsAndHolds { _held: held });
        panics(|| object.release(thread));
        fate.assert_destroyed_once();
    });
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

/// An object is released inside a pair, one of which its destructor waits for.
///
/// Fails if a destructor runs while the locks of a pair are held.
fn destructor_runs_outside_pairs<S: Strategy>() {
    let fate = Fate::new();
    attach::<S, _>(|thread| {
        let [one, two] = [0, 0].map(|zero| thread.alloc(Guarded::<u32, S>::new(zero)));
        let theirs = Some(two.clone_ref(thread));
        let waits = thread.alloc(Waits { counter: theirs, _payload: fate.payload(7) });
        let pair = one.enter_pair(&two, thread, |_, two, thread| {
            waits.release(thread);
            *two += 1;
        });
        pair.expect("two objects");
        assert_eq!(two.enter(thread, |section| **section), 2, "the destructor has run");
    });
    fate.assert_destroyed_once();
}

/// An object is released inside a section, whose lock its destructor waits for; then the section is
/// suspended.
///
/// Fails if a due object is destroyed before the section has been given up, or not before the
/// suspension goes on.
fn destructor_runs_in_a_suspension<S: Strategy>() {
    let fate = Fate::new();
    attach::<S, _>(|thread| {
        let counter = thread.alloc(Guarded::<u32, S>::new(0));
        let theirs = Some(counter.clone_ref(thread));
        let waits = thread.alloc(Waits { counter: theirs, _payload: fate.payload(7) });
        counter.enter(thread, |section| {
            waits.release(section.thread());
            section.suspend(|_| fate.assert_destroyed_once());
            assert_eq!(**section, 1, "the destructor's thread has been inside meanwhile");
        });
    });
}

/// An object is released inside a section, whose lock its destructor waits for; then a nested
/// section finds its own lock taken, or is told so, and gives the outer one up. By the time it is
/// inside, the object has been destroyed.
///
/// Fails if a due object waits for longer than the sections are held, or is destroyed before they
/// have been given up.
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

/// As [`nested_entry_destroys_what_is_due`], but the destructor waits for the lock that the nested
/// section is about to take.
///
/// Fails if a due object is destroyed when that lock has been taken: a section that has not begun
/// would keep a destructor out.
fn nested_entry_destroys_before_it_takes_its_lock<S: Strategy>() {
    let fate = Fate::new();
    let before = suspend_every_nested_entry(true);
    attach::<S, _>(|thread| {
        let outer = thread.alloc(Guarded::<u32, S>::new(0));
        let inner = thread.alloc(Guarded::<u32, S>::new(0));
        let theirs = Some(inner.clone_ref(thread));
        let waits = thread.alloc(Waits { counter: theirs, _payload: fate.payload(7) });
        outer.enter(thread, |section| {
            waits.release(section.thread());
            section.enter(&inner, |section| {
                fate.assert_destroyed_once();
                assert_eq!(**section, 1, "the destructor's thread has been inside before");
            });
        });
    });
    suspend_every_nested_entry(before);
}
