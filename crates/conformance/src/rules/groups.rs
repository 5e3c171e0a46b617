//! Objects whose contents share a lock, under strategies where that happens: they stay several
//! objects behind one lock.
//!
//! Where it does not happen there is nothing to be seen, and each test returns at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keyway_object_model::testing::{share_a_lock, suspend_every_nested_entry};
use keyway_object_model::{Guarded, Ref, SameObject, Thread, attach};

use crate::elsewhere::{self, Elsewhere};
use crate::groups;
use crate::subject::Subject;

type Number<U> = Ref<Guarded<u64, <U as Subject>::Strategy>, <U as Subject>::Strategy>;

/// How often a thread does what would let a waiting thread in, if it gave its lock up.
const ROUNDS: usize = 2_000;

/// Another thread that waits for `number`, which this one is inside of, to add one; it is under way
/// when this returns.
fn waits_for<U: Subject>(number: &Number<U>, thread: &Thread<U::Strategy>) -> Elsewhere<()> {
    let number = number.clone_ref(thread);
    let under_way = Arc::new(AtomicBool::new(false));
    let also = under_way.clone();
    let waiting = elsewhere::start(move || {
        attach(|thread| {
            also.store(true, Ordering::Relaxed);
            number.enter(thread, |section| **section += 1);
        });
    });
    while !under_way.load(Ordering::Relaxed) {
        std::thread::yield_now();
    }
    waiting
}

/// Fails unless another thread gets into `number`.
#[track_caller]
fn another_gets_in<U: Subject>(number: &Number<U>, thread: &Thread<U::Strategy>) {
    let number = number.clone_ref(thread);
    elsewhere::run(move || attach(|thread| number.enter(thread, |section| **section += 1)));
}

/// The outer section is not given up for the inner one, nor when that ends; and is given up when it
/// ends itself.
pub fn an_inner_section_keeps_the_outer_ones_lock<U: Subject>() {
    attach(|thread| {
        let Some([outer, inner]) = groups::together::<U::Strategy, 2>(thread) else { return };
        let waiting = outer.enter(thread, |section| {
            let waiting = waits_for::<U>(&outer, section.thread());
            for _ in 0..ROUNDS {
                section.enter(&inner, |section| **section += 1);
                std::thread::yield_now();
                assert_eq!(**section, 0, "the outer section was given up");
            }
            waiting
        });
        waiting.finish();
        another_gets_in::<U>(&inner, thread);
        inner.enter(thread, |section| assert_eq!(**section, ROUNDS as u64 + 1));
    });
}

/// The same with a section of an object that shares no lock between the two.
pub fn an_inner_section_finds_the_outer_ones_lock_past_another<U: Subject>() {
    attach(|thread| {
        let Some([outer, inner]) = groups::together::<U::Strategy, 2>(thread) else { return };
        let between = groups::apart::<U::Strategy, 2>(thread);
        let between =
            between.iter().find(|one| !share_a_lock(one, &outer)).expect("they do not both share it");
        let waiting = outer.enter(thread, |section| {
            let waiting = waits_for::<U>(&outer, section.thread());
            section.enter(between, |middle| {
                for _ in 0..ROUNDS {
                    middle.enter(&inner, |section| **section += 1);
                    std::thread::yield_now();
                }
            });
            assert_eq!(**section, 0, "the outer section was given up");
            waiting
        });
        waiting.finish();
        for number in [&outer, between, &inner] {
            another_gets_in::<U>(number, thread);
        }
    });
}

/// Suspension gives the one lock up, and it is taken again once for the inner and once for the
/// outer section.
pub fn suspended_in_an_inner_section<U: Subject>() {
    for suspends in [false, true] {
        suspend_every_nested_entry(suspends);
        attach(|thread| {
            let Some([outer, inner]) = groups::together::<U::Strategy, 2>(thread) else { return };
            outer.enter(thread, |section| {
                section.enter(&inner, |section| {
                    section.suspend(|thread| {
                        another_gets_in::<U>(&outer, thread);
                        another_gets_in::<U>(&inner, thread);
                        // Under a new section of the suspended ones' lock, and as a pair.
                        inner.enter(thread, |section| section.enter(&outer, |section| **section += 1));
                        let pair = inner.enter_pair(&outer, thread, |inner, outer, _| *inner += *outer);
                        assert_eq!(pair, Ok(()));
                    });
                    assert_eq!(**section, 3);
                });
                let waiting = waits_for::<U>(&outer, section.thread());
                for _ in 0..1000 {
                    std::thread::yield_now();
                    assert_eq!(**section, 2, "the outer section was not held");
                }
                section.suspend(|_| waiting.finish());
            });
            another_gets_in::<U>(&outer, thread);
        });
    }
    suspend_every_nested_entry(false);
}

/// Two objects count as two, even if they share a lock: a pair takes the lock once, and gives it up
/// once, also by a panic.
pub fn a_pair_takes_the_lock_once<U: Subject>() {
    attach(|thread| {
        let Some([one, other]) = groups::together::<U::Strategy, 2>(thread) else { return };
        let sum = one.enter_pair(&other, thread, |one, other, _| {
            *one += 1;
            *other += 2;
            *one + *other
        });
        assert_eq!(sum, Ok(3));
        assert_eq!(one.enter_pair(&one, thread, |_, _, _| ()), Err(SameObject));
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _never =
                one.enter_pair(&other, thread, |_, _, _| std::panic::resume_unwind(Box::new("on purpose")));
        }));
        assert!(panic.is_err());
        another_gets_in::<U>(&one, thread);
        another_gets_in::<U>(&other, thread);
    });
}
