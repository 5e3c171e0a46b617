//! Panics in destructors and inside sections.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

use keyway_object_model::testing::suspend_every_nested_entry;
use keyway_object_model::{Guarded, Ref, Section, Strategy, Thread, attach};

use crate::subject::Subject;
use crate::watch::{Diary, Link, OnDrop, Watch};
use crate::{elsewhere, groups};

const ON_PURPOSE: &str = "a panic on purpose";

/// Whether `f` panics.
fn panics(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// A chain of objects, the first of which is returned; `bad` are those whose destructors panic.
fn chain<S: Strategy>(watch: &Watch, thread: &Thread<S>, length: usize, bad: &[usize]) -> Ref<Link<S>, S> {
    let link =
        |place, next| thread.alloc(Link { witness: watch.witness(), panics: bad.contains(&place), next });
    (0..length).rev().fold(None, |next, place| Some(link(place, next))).expect("not empty")
}

/// After any of these errors the runtime works as before.
#[track_caller]
fn goes_on<S: Strategy>(thread: &mut Thread<S>) {
    let watch = Watch::new();
    let guarded = thread.alloc(Guarded::new(watch.witness()));
    guarded.enter(thread, |section| section.check());
    thread.checkpoint();
    thread.blocking(|| ());
    guarded.release(thread);
    assert_eq!(watch.destroyed(), 1, "destruction goes on");
}

/// The panic of a destructor reaches the thread that released the object, which is destroyed all
/// the same.
pub fn in_a_destructor_alone<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let object = chain(&watch, thread, 1, &[0]);
        assert!(panics(|| object.release(thread)));
        let object = chain(&watch, thread, 1, &[0]);
        assert!(panics(|| drop(object)));
        goes_on(thread);
    });
    let object = attach::<U::Strategy, _>(|thread| chain(&watch, thread, 1, &[0]));
    assert!(panics(|| drop(object)));
    assert_eq!(watch.destroyed(), 3);
}

/// The rest of a chain is destroyed after its head's destructor has panicked.
pub fn in_a_destructor_at_the_head_of_a_chain<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let head = chain(&watch, thread, 10, &[0, 5]);
        assert!(panics(|| head.release(thread)));
        assert_eq!(watch.destroyed(), 10);
        goes_on(thread);
    });
}

/// A panic inside a chain is not whose release set it off.
pub fn in_a_destructor_in_a_chain<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let head = chain(&watch, thread, 10, &[3, 4, 9]);
        assert!(!panics(|| head.release(thread)));
        assert_eq!(watch.destroyed(), 10);
        goes_on(thread);
    });
}

/// As deep as destructors lie in one another and deeper, one in three panics, or none of those and
/// all others.
pub fn in_every_third_destructor_of_a_deep_chain<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let every_third = (1..200).step_by(3).collect::<Vec<_>>();
        let others = (1..200).filter(|place| !every_third.contains(place)).collect::<Vec<_>>();
        for bad in [every_third, others] {
            let head = chain(&watch, thread, 200, &bad);
            assert!(!panics(|| head.release(thread)));
        }
        assert_eq!(watch.destroyed(), 400);
        goes_on(thread);
    });
}

/// A destructor is not told of a panic in the destructor of what it releases, and goes on.
pub fn in_a_destructor_inside_another<U: Subject>() {
    let (watch, diary) = (Watch::new(), Diary::new());
    attach::<U::Strategy, _>(|thread| {
        let bad = [(); 2].map(|()| chain(&watch, thread, 2, &[0]));
        let also = diary.clone();
        let outer = thread.alloc(OnDrop::new(&watch, move || {
            let [one, two] = bad;
            drop(one);
            also.write(1);
            drop(two.erase());
            also.write(2);
        }));
        assert!(!panics(|| outer.release(thread)));
        assert_eq!((watch.destroyed(), diary.told()), (5, vec![1, 2]));
        goes_on(thread);
    });
}

/// An object goes while a panic unwinds its holder. A panic in the destructor of what the object
/// holds does not end the process.
pub fn in_a_destructor_inside_another_while_unwinding<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let held = chain(&watch, thread, 10, &[1, 2, 5]);
        assert!(panics(|| {
            let _held = held;
            panic!("{ON_PURPOSE}");
        }));
        let panics_and_holds = chain(&watch, thread, 10, &[0, 1, 2, 5]);
        assert!(panics(|| panics_and_holds.release(thread)));
        assert_eq!(watch.destroyed(), 20);
        goes_on(thread);
    });
}

/// A panic out of a queue hits neither the thread that empties it nor the rest of the queue.
pub fn in_a_destructor_in_a_queue<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        for bad in 0..3 {
            let queued: Vec<_> =
                (0..3).map(|place| chain(&watch, thread, 2, if place == bad { &[0] } else { &[] })).collect();
            elsewhere::run(|| {
                queued.into_iter().for_each(|object| drop(catch_unwind(AssertUnwindSafe(|| drop(object)))))
            });
            assert!(!panics(|| thread.checkpoint()));
            assert_eq!(watch.destroyed(), 6 * (bad + 1));
        }
        goes_on(thread);
    });
}

/// A panic out of what a section has put off does not leave the section's end.
pub fn in_a_destructor_due_in_a_section<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let guarded = thread.alloc(Guarded::new(0));
        let heads = [0, 1, 2].map(|_| chain(&watch, thread, 3, &[0, 2]));
        assert!(!panics(|| guarded.enter(thread, |_| drop(heads))));
        assert_eq!(watch.destroyed(), 9);
        goes_on(thread);
    });
}

/// A payload that panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{ON_PURPOSE}");
    }
}

/// A panic's payload that panics in turn stays where the panic was caught.
pub fn with_a_payload_that_panics_when_dropped<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let guarded = thread.alloc(Guarded::new(0));
        let objects = [0, 1].map(|_| thread.alloc(OnDrop::new(&watch, || panic_any(Bomb))));
        assert!(!panics(|| guarded.enter(thread, |_| drop(objects))));
        assert_eq!(watch.destroyed(), 2);
        goes_on(thread);
    });
}

/// A destructor that panics while a section unwinds is not a panic in a panic, which would abort.
pub fn in_a_destructor_while_unwinding_from_a_section<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let guarded = thread.alloc(Guarded::new(0));
        let head = chain(&watch, thread, 3, &[0, 1]);
        assert!(panics(|| guarded.enter(thread, |_| {
            let _dropped_while_unwinding = head;
            panic!("{ON_PURPOSE}");
        })));
        assert_eq!(watch.destroyed(), 3);
        goes_on(thread);
    });
}

/// Adds one to the contents in another thread; fails if it cannot get in. Only where threads run in
/// parallel.
#[track_caller]
fn others_get_in<U: Subject>(
    guarded: &Ref<Guarded<u64, U::Strategy>, U::Strategy>,
    thread: &Thread<U::Strategy>,
) {
    if U::PARALLEL {
        let guarded = guarded.clone_ref(thread);
        elsewhere::run(move || attach(|thread| guarded.enter(thread, |section| **section += 1)));
    }
}

fn others<U: Subject>() -> u64 {
    u64::from(U::PARALLEL)
}

/// The contents are not poisoned: changes stay, this thread and others get in.
pub fn inside_a_section<U: Subject>() {
    attach::<U::Strategy, _>(|thread| {
        let guarded = thread.alloc(Guarded::new(0));
        assert!(panics(|| guarded.enter(thread, |section| {
            **section = 10;
            panic!("{ON_PURPOSE}");
        })));
        others_get_in::<U>(&guarded, thread);
        guarded.enter(thread, |section| assert_eq!(**section, 10 + others::<U>()));
        goes_on(thread);
    });
}

fn nested<U: Subject>() {
    attach::<U::Strategy, _>(|thread| {
        let [outer, inner] = groups::apart(thread);
        outer.enter(thread, |section| {
            assert!(panics(|| section.enter(&inner, |inside| {
                **inside = 10;
                panic!("{ON_PURPOSE}");
            })));
            others_get_in::<U>(&inner, section.thread());
            keeps_others_out::<U>(&outer, section);
        });
        others_get_in::<U>(&outer, thread);
        inner.enter(thread, |section| assert_eq!(**section, 10 + others::<U>()));
        goes_on(thread);
    });
}

/// Fails if another thread gets into the section that this one is in.
fn keeps_others_out<U: Subject>(
    guarded: &Ref<Guarded<u64, U::Strategy>, U::Strategy>,
    section: &mut Section<'_, u64, U::Strategy>,
) {
    if !U::PARALLEL {
        return;
    }
    let guarded = guarded.clone_ref(section.thread());
    let other = elsewhere::start(move || {
        attach(|thread| {
            guarded.enter(thread, |section| {
                assert_eq!(**section, 77, "the section was not held");
                **section = 78;
            });
        });
    });
    for _ in 0..1000 {
        **section = 76;
        std::thread::yield_now();
        assert_eq!(**section, 76, "the section was not held");
    }
    **section = 77;
    section.suspend(|_| other.finish());
    assert_eq!(**section, 78);
}

/// The outer section, which was never given up, is still held.
pub fn inside_a_nested_section<U: Subject>() {
    nested::<U>();
}

/// The outer section, which was given up, is held again.
pub fn inside_a_nested_section_with_the_outer_suspended<U: Subject>() {
    suspend_every_nested_entry(true);
    nested::<U>();
    suspend_every_nested_entry(false);
}

/// The section is held again after a panic in `suspend`.
pub fn inside_a_suspended_section<U: Subject>() {
    attach::<U::Strategy, _>(|thread| {
        let guarded = thread.alloc(Guarded::new(0));
        guarded.enter(thread, |section| {
            assert!(panics(|| section.suspend(|_| panic!("{ON_PURPOSE}"))));
            keeps_others_out::<U>(&guarded, section);
        });
        goes_on(thread);
    });
}

/// Both contents are free afterwards.
pub fn inside_a_pair<U: Subject>() {
    attach::<U::Strategy, _>(|thread| {
        let [one, other] = [0, 0].map(|zero| thread.alloc(Guarded::new(zero)));
        assert!(panics(|| {
            let _never = one.enter_pair(&other, thread, |_, _, _| panic!("{ON_PURPOSE}"));
        }));
        others_get_in::<U>(&one, thread);
        others_get_in::<U>(&other, thread);
        let sum = one.enter_pair(&other, thread, |one, other, _| *one + *other);
        assert_eq!(sum, Ok(2 * others::<U>()));
        goes_on(thread);
    });
}

/// The thread is attached again after a panic in a blocking region.
pub fn inside_a_blocking_region<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc(watch.witness());
        assert!(panics(|| thread.blocking(|| panic!("{ON_PURPOSE}"))));
        assert_eq!(object.count(thread), 1);
        goes_on(thread);
    });
    assert_eq!(watch.destroyed(), 1);
}

/// A panic detaches.
pub fn inside_an_attachment<U: Subject>() {
    let watch = Watch::new();
    assert!(panics(|| attach::<U::Strategy, _>(|thread| {
        let guarded = thread.alloc(Guarded::new(watch.witness()));
        guarded.enter(thread, |section| {
            section.check();
            panic!("{ON_PURPOSE}");
        })
    })));
    assert_eq!(watch.destroyed(), 1);
    elsewhere::run(|| attach::<U::Strategy, _>(|thread| goes_on(thread)));
    attach::<U::Strategy, _>(|thread| goes_on(thread));
}
