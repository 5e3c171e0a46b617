//! Sections: exclusion, nesting, pairs, suspension.

use std::sync::{Arc, Barrier};
use std::thread;

use keyway_object_model::testing::suspend_every_nested_entry;
use keyway_object_model::{Guarded, Ref, SameObject, Section, Thread, attach};

use crate::subject::Subject;
use crate::{elsewhere, groups};

/// An object whose contents are a number.
type Number<U> = Ref<Guarded<u64, <U as Subject>::Strategy>, <U as Subject>::Strategy>;

/// How often each thread does what threads might disturb each other in.
const ROUNDS: u64 = if cfg!(debug_assertions) { 2_000 } else { 20_000 };

fn numbers<U: Subject, const N: usize>() -> [Number<U>; N] {
    attach(|thread| groups::apart(thread))
}

fn clone_all<U: Subject, const N: usize>(numbers: &[Number<U>; N]) -> [Number<U>; N] {
    attach(|thread| std::array::from_fn(|place| numbers[place].clone_ref(thread)))
}

/// Runs `f` on `threads` attached threads, with the numbers rotated by the thread's place; returns
/// what the numbers are after. Fails if the threads stand in each other's way for good.
fn together<U: Subject, const N: usize>(
    threads: usize,
    f: fn(&[Number<U>; N], &mut Thread<U::Strategy>),
) -> [u64; N] {
    let numbers = numbers::<U, N>();
    let start = Arc::new(Barrier::new(threads));
    let running: Vec<_> = (0..threads)
        .map(|place| {
            let mut mine = clone_all::<U, N>(&numbers);
            mine.rotate_left(place % N);
            let start = start.clone();
            elsewhere::start(move || {
                start.wait();
                attach(|thread| {
                    for round in 0..ROUNDS {
                        f(&mine, thread);
                        if round % 16 == 0 {
                            thread.checkpoint();
                        }
                    }
                });
            })
        })
        .collect();
    running.into_iter().for_each(elsewhere::Elsewhere::finish);
    attach(|thread| numbers.map(|number| number.enter(thread, |section| **section)))
}

/// Reads and writes of contents are never torn apart by another thread's section.
pub fn exclude_each_other<U: Subject>() {
    let sums = together::<U, 1>(4, |[number], thread| {
        number.enter(thread, |section| {
            let before = **section;
            if before % 16 == 0 {
                // A thread that could get in would get in here.
                thread::yield_now();
            }
            **section = before + 1;
        });
    });
    assert_eq!(sums, [4 * ROUNDS]);
}

fn nest_two<U: Subject>([outer, inner]: &[Number<U>; 2], thread: &mut Thread<U::Strategy>) {
    outer.enter(thread, |section| {
        **section += 1;
        section.enter(inner, |section| **section += 1);
        **section += 1;
    });
}

/// One thread goes from a to b, the other from b to a: nobody waits for ever, nothing is lost.
pub fn nested_in_opposite_orders<U: Subject>() {
    assert_eq!(together::<U, 2>(2, nest_two::<U>), [3 * ROUNDS; 2]);
    assert_eq!(together::<U, 2>(4, nest_two::<U>), [6 * ROUNDS; 2]);
}

/// Three threads, each from one object through the next to the one after.
pub fn nested_in_a_ring_of_three<U: Subject>() {
    let sums = together::<U, 3>(3, |[outer, middle, inner], thread| {
        outer.enter(thread, |section| {
            section.enter(middle, |section| {
                section.enter(inner, |section| **section += 1);
                **section += 1;
            });
            **section += 1;
        });
    });
    assert_eq!(sums, [3 * ROUNDS; 3]);
}

/// Pairs (a, b) and (b, a) at the same time, and nested sections among them.
pub fn paired_in_opposite_orders<U: Subject>() {
    let sums = together::<U, 2>(4, |[one, other], thread| {
        let sum = one.enter_pair(other, thread, |one, other, _| {
            *one += 1;
            *other += 1;
        });
        sum.expect("two objects");
        nest_two::<U>(&[one.clone_ref(thread), other.clone_ref(thread)], thread);
    });
    assert_eq!(sums, [10 * ROUNDS; 2]);
}

/// A section inside a section of the same object is the same right again, and does not wait for
/// itself.
pub fn nested_in_the_same_object<U: Subject>() {
    for suspends in [false, true] {
        suspend_every_nested_entry(suspends);
        let [number] = numbers::<U, 1>();
        attach(|thread| {
            number.enter(thread, |outer| {
                **outer += 1;
                outer.enter(&number, |inner| {
                    **inner += 1;
                    inner.enter(&number, |inner| **inner += 1);
                    **inner += 1;
                });
                **outer += 1;
                assert_eq!(**outer, 5);
            });
        });
    }
    suspend_every_nested_entry(false);
}

/// The same object twice is an error value, and nothing runs; the object is free afterwards.
pub fn a_pair_of_the_same_object_is_an_error<U: Subject>() {
    let [number] = numbers::<U, 1>();
    attach(|thread| {
        let clone = number.clone_ref(thread);
        let result = number.enter_pair(&clone, thread, |_, _, _| unreachable!("there is no pair"));
        assert_eq!(result, Err(SameObject));
        number.enter(thread, |section| **section += 1);
    });
}

/// Two contents without bytes may share an address, and are two all the same.
pub fn what_has_no_bytes_is_not_the_same_object<U: Subject>() {
    struct Two<U: Subject>(Guarded<(), U::Strategy>, Guarded<(), U::Strategy>);

    attach::<U::Strategy, _>(|thread| {
        let two = thread.alloc(Two::<U>(Guarded::new(()), Guarded::new(())));
        assert_eq!(two.0.enter_pair(&two.1, thread, |(), (), _| 7), Ok(7));
        assert_eq!(two.1.enter_pair(&two.0, thread, |(), (), _| 7), Ok(7));
        let inner = two.0.enter(thread, |section| section.enter(&two.1, |_| 7));
        assert_eq!(inner, 7);
    });
}

/// Where other threads can run now: fails unless one gets into `number`, which this thread has
/// suspended.
#[track_caller]
fn another_gets_in<U: Subject>(number: &Number<U>, thread: &Thread<U::Strategy>) {
    if U::PARALLEL {
        let number = number.clone_ref(thread);
        elsewhere::run(move || attach(|thread| number.enter(thread, |section| **section += 1)));
    }
}

/// Entering another object while a section is suspended does not take the suspended one again.
pub fn suspended_around_enter<U: Subject>() {
    let [suspended, other] = numbers::<U, 2>();
    attach(|thread| {
        suspended.enter(thread, |section| {
            section.suspend(|thread| {
                other.enter(thread, |section| {
                    **section += 1;
                    another_gets_in::<U>(&suspended, section.thread());
                    section.suspend(|thread| another_gets_in::<U>(&suspended, thread));
                });
                another_gets_in::<U>(&suspended, thread);
                // The suspended object itself is like any other.
                suspended.enter(thread, |section| **section += 1);
                another_gets_in::<U>(&suspended, thread);
            });
            assert_eq!(**section, 1 + 4 * u64::from(U::PARALLEL));
        });
    });
}

/// Nor does a pair of other objects.
pub fn suspended_around_a_pair<U: Subject>() {
    let [suspended, one, other] = numbers::<U, 3>();
    attach(|thread| {
        suspended.enter(thread, |section| {
            section.suspend(|thread| {
                let pair = one.enter_pair(&other, thread, |one, other, thread| {
                    *one += 1;
                    *other += 1;
                    another_gets_in::<U>(&suspended, thread);
                });
                pair.expect("two objects");
                another_gets_in::<U>(&suspended, thread);
                let pair = one.enter_pair(&suspended, thread, |_, suspended, _| *suspended += 1);
                pair.expect("two objects");
            });
            assert_eq!(**section, 1 + 2 * u64::from(U::PARALLEL));
        });
    });
}

/// Nor does a blocking region, at its start or at its end; nor a checkpoint.
pub fn suspended_around_a_blocking_region<U: Subject>() {
    let [suspended, other] = numbers::<U, 2>();
    attach(|thread| {
        suspended.enter(thread, |section| {
            section.suspend(|thread| {
                let clone = suspended.clone_ref(thread);
                thread.blocking(|| {
                    let enter = move || attach(|thread| clone.enter(thread, |section| **section += 1));
                    if U::KEEPS_CLAIM {
                        enter()
                    } else {
                        elsewhere::run(enter)
                    }
                    // This OS thread under another token: sections that the first one holds or has
                    // given up do not count for it.
                    attach(|thread| other.enter(thread, |section| nest_in::<U>(section, &suspended)));
                });
                another_gets_in::<U>(&suspended, thread);
                thread.checkpoint();
                another_gets_in::<U>(&suspended, thread);
            });
            assert_eq!(**section, 2 + 2 * u64::from(U::PARALLEL));
        });
    });
}

fn nest_in<U: Subject>(section: &mut Section<'_, u64, U::Strategy>, number: &Number<U>) {
    section.enter(number, |inner| **inner += 1);
}

/// Suspending an inner section gives up the outer ones too; coming back takes each again when
/// control reaches it.
pub fn suspended_around_a_nested_section<U: Subject>() {
    let [outer, inner, other] = numbers::<U, 3>();
    attach(|thread| {
        outer.enter(thread, |section| {
            section.enter(&inner, |section| {
                section.suspend(|thread| {
                    another_gets_in::<U>(&outer, thread);
                    another_gets_in::<U>(&inner, thread);
                    other.enter(thread, |section| {
                        section.enter(&inner, |section| {
                            **section += 1;
                            another_gets_in::<U>(&outer, section.thread());
                        });
                    });
                });
                // `inner` is held again; `outer` is not before this closure ends.
                another_gets_in::<U>(&outer, section.thread());
                assert_eq!(**section, 1 + u64::from(U::PARALLEL));
            });
            assert_eq!(**section, 3 * u64::from(U::PARALLEL));
            stays_held::<U>(&outer, section);
        });
    });
}

/// Fails if another thread gets into the section that this one is in.
fn stays_held<U: Subject>(number: &Number<U>, section: &mut Section<'_, u64, U::Strategy>) {
    if !U::PARALLEL {
        return;
    }
    let number = number.clone_ref(section.thread());
    **section = 0;
    let other = elsewhere::start(move || attach(|thread| number.enter(thread, |section| **section += 1)));
    for _ in 0..1000 {
        thread::yield_now();
        assert_eq!(**section, 0, "the section was not held");
    }
    section.suspend(|_| other.finish());
    assert_eq!(**section, 1);
}

/// Sections and suspensions inside each other are undone in their order.
pub fn suspended_twice<U: Subject>() {
    let [one, two, three] = numbers::<U, 3>();
    attach(|thread| {
        one.enter(thread, |section| {
            section.suspend(|thread| {
                two.enter(thread, |section| {
                    section.enter(&three, |section| {
                        section.suspend(|thread| {
                            for number in [&one, &two, &three] {
                                another_gets_in::<U>(number, thread);
                            }
                            thread.checkpoint();
                        });
                        stays_held::<U>(&three, section);
                    });
                    stays_held::<U>(&two, section);
                    another_gets_in::<U>(&one, section.thread());
                });
            });
            stays_held::<U>(&one, section);
        });
    });
}

/// Changes that others make while a section is suspended are there afterwards.
pub fn contents_follow_a_suspension<U: Subject>() {
    let sums = together::<U, 2>(3, |[one, other], thread| {
        one.enter(thread, |section| {
            let before = **section;
            section.suspend(|thread| other.enter(thread, |section| **section += 1));
            assert!(**section >= before, "an old value came back after a suspension");
            **section += 1;
        });
    });
    assert_eq!(sums.iter().sum::<u64>(), 6 * ROUNDS);
}
