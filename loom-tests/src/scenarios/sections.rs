//! Sections: nested, in pairs, suspended.
//!
//! Contents are a cell that loom watches, so that a section without its lock is a race; a cycle of
//! waiting threads is a deadlock, which loom reports; an update that is lost shows in the sum.

use keyway::{Guarded, Ref, Strategy, Thread, attach};
use keyway_object_model::ContentsLock;

use crate::backend::spawn;
use crate::model::{Explorer, Model, scenarios};
use crate::payload::{panic_quietly, panics};

pub(super) fn models<S: Strategy>() -> Vec<Model> {
    let mut models = scenarios!(S;
        2: opposite_nesting, pair_against_nested, nested_entry_of_the_same_object,
           suspended_section_is_retaken, suspension_inside_a_nested_section, suspension_inside_opposite_nesting,
           panic_inside_a_nested_section, three_deep_in_opposite_orders, panic_in_a_suspended_section,
           same_object_inside_itself_and_another_inside, outer_object_again_inside_another, nested_twice_in_one_section;
        3: nesting_in_a_cycle_of_three, opposite_nesting_of_three, pairs_in_a_cycle_of_three, pair_against_two_nested,
           same_object_nested_by_three, suspension_among_three, panic_among_three;
    );
    models.extend([
        Model::of::<S>("pairs_in_opposite_orders", 2, |explorer| {
            pairs_that_meet(explorer, pairs_in_opposite_orders::<S>);
        }),
        Model::of::<S>("panic_inside_a_pair", 2, |explorer| {
            pairs_that_meet(explorer, panic_inside_a_pair::<S>);
        }),
    ]);
    // Under other strategies there is nothing to give up, and a thread that waits for another keeps
    // it out.
    if <S::Lock as ContentsLock>::LOCKS {
        models.extend(scenarios!(S; 2: suspended_section_is_given_up));
    }
    models
}

type Counter<S> = Ref<Guarded<Twice, S>, S>;

/// What one thread does with `N` counters.
type Program<S, const N: usize> = fn(&[Counter<S>; N], &mut Thread<S>);

/// A number that is kept twice, so that contents which are half written can be told from whole
/// ones.
#[derive(Debug, Default)]
pub(crate) struct Twice {
    one: u32,
    two: u32,
}

impl Twice {
    pub(crate) fn add(&mut self, more: u32) {
        self.one = self.get() + more;
        self.two += more;
    }

    pub(crate) fn get(&self) -> u32 {
        assert_eq!(self.one, self.two, "rule broken: contents were seen half written");
        self.one
    }
}

/// `a` then `b` inside it, against `b` then `a` inside it: no deadlock, and the outer section is
/// held again when the inner one has ended.
///
/// Fails if a thread keeps one lock while it waits for another, or goes on without the lock that it
/// gave up.
pub(crate) fn opposite_nesting<S: Strategy>() {
    two_counters::<S>(|[a, b], thread| nested(a, b, thread), |[a, b], thread| nested(b, a, thread));
}

/// Explores two threads that each want both of two objects at once, in opposite orders. Never
/// without a bound: a thread that finds its second lock taken gives up the first and tries again,
/// and two that are stopped in between can make each other do so for ever.
fn pairs_that_meet(explorer: &mut Explorer, program: fn()) {
    explorer.lower_bound_to(4);
    explorer.explore(program);
}

/// Both at once, asked for in opposite orders.
///
/// Fails if a pair waits for its second lock while it holds the first.
fn pairs_in_opposite_orders<S: Strategy>() {
    two_counters::<S>(|[a, b], thread| pair(a, b, thread), |[a, b], thread| pair(b, a, thread));
}

/// A pair against a nested entry in the opposite order.
fn pair_against_nested<S: Strategy>() {
    two_counters::<S>(|[a, b], thread| pair(a, b, thread), |[a, b], thread| nested(b, a, thread));
}

/// A section of an object inside a section of the same, while another thread wants it.
///
/// Fails if a thread waits for a lock that it holds, gives it up to enter again what it is inside
/// of, or gives it up when the inner section ends.
fn nested_entry_of_the_same_object<S: Strategy>() {
    let both = |[a, b]: &[Counter<S>; 2], thread: &mut Thread<S>| {
        a.enter(thread, |outer| {
            let before = outer.get();
            outer.enter(a, |inner| {
                assert_eq!(
                    inner.get(),
                    before,
                    "rule broken: an object was given up by whoever entered it again"
                );
                inner.add(1);
            });
            outer.add(1);
            outer.enter(b, |inner| inner.add(2));
        });
    };
    two_counters::<S>(both, both);
}

/// A section is suspended and retaken while another thread is inside.
///
/// Fails if the contents are touched before the lock is held again.
fn suspended_section_is_retaken<S: Strategy>() {
    let suspending = |[a, b]: &[Counter<S>; 2], thread: &mut Thread<S>| {
        a.enter(thread, |section| {
            section.add(1);
            section.suspend(|thread| b.enter(thread, |section| section.add(2)));
            section.add(1);
        });
    };
    two_counters::<S>(suspending, |[a, b], thread| {
        a.enter(thread, |section| section.add(2));
        b.enter(thread, |section| section.add(2));
    });
}

/// While its sections are suspended, a thread waits for another that enters both of them.
///
/// Fails if a suspended section is not given up.
fn suspended_section_is_given_up<S: Strategy>() {
    attach::<S, _>(|thread| {
        let [outer, inner]: [Counter<S>; 2] = [0, 1].map(|_| thread.alloc(Guarded::new(Twice::default())));
        let theirs = [&outer, &inner].map(|counter| counter.clone_ref(thread));
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                theirs.iter().for_each(|one| one.enter(thread, |section| section.add(1)))
            });
        });
        outer.enter(thread, |section| {
            section.enter(&inner, |section| {
                section.suspend(|_| other.join().unwrap());
                assert_eq!(section.get(), 1, "an update was lost");
                section.add(1);
            });
            assert_eq!(section.get(), 1, "an update was lost");
            section.add(1);
        });
    });
}

/// A nested section is suspended: both are given up, each is retaken before it is touched.
///
/// Fails if only the innermost section is given up, or if the outer one is not retaken.
fn suspension_inside_a_nested_section<S: Strategy>() {
    two_counters::<S>(|[a, b], thread| suspended(a, b, thread), |[a, b], thread| nested(b, a, thread));
}

/// As [`suspension_inside_a_nested_section`], by both threads, in opposite orders: each takes its
/// inner one again first, and the outer one when the inner has ended.
///
/// Fails if a thread retakes the outer section while it holds the inner one.
fn suspension_inside_opposite_nesting<S: Strategy>() {
    two_counters::<S>(|[a, b], thread| suspended(a, b, thread), |[a, b], thread| suspended(b, a, thread));
}

/// Adds two to each, the nested one first, which is suspended before.
fn suspended<S: Strategy>(outer: &Counter<S>, inner: &Counter<S>, thread: &mut Thread<S>) {
    outer.enter(thread, |section| {
        section.enter(inner, |section| {
            section.suspend(|_| ());
            section.add(2);
        });
        section.add(2);
    });
}

/// Three sections deep, in opposite orders: a thread that waits has given all of them up.
///
/// Fails if only the innermost section is given up before waiting.
fn three_deep_in_opposite_orders<S: Strategy>() {
    counters::<S, 3, 2>([
        |[a, b, c], thread| deep(a, b, c, thread),
        |[a, b, c], thread| deep(c, b, a, thread),
    ]);
}

/// Adds four, in three sections one inside the other.
fn deep<S: Strategy>(a: &Counter<S>, b: &Counter<S>, c: &Counter<S>, thread: &mut Thread<S>) {
    a.enter(thread, |outer| {
        outer.enter(b, |middle| {
            middle.enter(c, |inner| inner.add(2));
            middle.add(1);
        });
        outer.add(1);
    });
}

/// A thread panics inside a nested section and goes on afterwards. Both locks are free for the
/// other.
///
/// Fails if a panic leaves a lock taken, or gives one up that is not held.
fn panic_inside_a_nested_section<S: Strategy>() {
    let panicking = |[a, b]: &[Counter<S>; 2], thread: &mut Thread<S>| {
        panics(|| {
            a.enter(thread, |outer| {
                outer.add(2);
                outer.enter(b, |inner| {
                    inner.add(2);
                    panic_quietly();
                });
            });
        });
    };
    two_counters::<S>(panicking, |[a, b], thread| nested(b, a, thread));
}

/// The inner section panics after the outer one was perhaps suspended; the outer one catches the
/// panic and goes on. It has been retaken before its contents are touched.
///
/// Fails if a panic skips the retaking.
fn panic_in_a_suspended_section<S: Strategy>() {
    let panicking = |[a, b]: &[Counter<S>; 2], thread: &mut Thread<S>| {
        a.enter(thread, |outer| {
            panics(|| {
                outer.enter(b, |inner| {
                    inner.add(2);
                    inner.suspend(|_| panic_quietly());
                });
            });
            outer.add(2);
        });
    };
    two_counters::<S>(panicking, |[a, b], thread| nested(b, a, thread));
}

/// A thread panics while it has both of a pair.
fn panic_inside_a_pair<S: Strategy>() {
    let panicking = |[a, b]: &[Counter<S>; 2], thread: &mut Thread<S>| {
        panics(|| {
            let _ = a.enter_pair(b, thread, |a, b, _| {
                a.add(2);
                b.add(2);
                panic_quietly();
            });
        });
    };
    two_counters::<S>(panicking, |[a, b], thread| pair(b, a, thread));
}

/// Three threads, three objects, nested in a cycle.
fn nesting_in_a_cycle_of_three<S: Strategy>() {
    counters::<S, 3, 3>([
        |[a, b, _], thread| nested(a, b, thread),
        |[_, b, c], thread| nested(b, c, thread),
        |[a, _, c], thread| nested(c, a, thread),
    ]);
}

/// A section of an object inside a section of the same, and in there one of another object, which
/// another thread wants the other way round: the outer two are one lock, which is given up while
/// waiting, and retaken before either goes on.
///
/// Fails if only the section is given up that took no lock of its own, or if it is taken for held
/// afterwards.
fn same_object_inside_itself_and_another_inside<S: Strategy>() {
    let deep = |[a, b]: &[Counter<S>; 2], thread: &mut Thread<S>| {
        a.enter(thread, |outer| {
            outer.enter(a, |same| {
                same.enter(b, |inner| inner.add(2));
                same.add(1);
            });
            outer.add(1);
        });
    };
    two_counters::<S>(deep, |[a, b], thread| nested(b, a, thread));
}

/// Inside an object's section one of another object, and in there one of the first again. If the
/// first was given up meanwhile, it is no longer held, though a section of it is still there.
///
/// Fails if a lock that was given up is taken for held.
fn outer_object_again_inside_another<S: Strategy>() {
    let back = |[a, b]: &[Counter<S>; 2], thread: &mut Thread<S>| {
        a.enter(thread, |outer| {
            outer.enter(b, |middle| {
                middle.enter(a, |again| again.add(1));
                middle.add(2);
            });
            outer.add(1);
        });
    };
    two_counters::<S>(back, |[a, b], thread| nested(b, a, thread));
}

/// Two nested sections in one, one after the other, the second of which the other thread wants the
/// other way round: the outer one is given up for it, though another nested section has ended
/// before.
///
/// Fails if a section is forgotten when one inside it ends.
fn nested_twice_in_one_section<S: Strategy>() {
    counters::<S, 3, 2>([
        |[a, b, c], thread| twice(a, c, b, thread),
        |[a, b, c], thread| twice(b, c, a, thread),
    ]);
}

/// Adds four, in a section and in two nested ones.
fn twice<S: Strategy>(outer: &Counter<S>, first: &Counter<S>, second: &Counter<S>, thread: &mut Thread<S>) {
    outer.enter(thread, |section| {
        section.enter(first, |section| section.add(1));
        section.enter(second, |section| section.add(1));
        section.add(2);
    });
}

/// As [`opposite_nesting`], with two threads that come from one side.
fn opposite_nesting_of_three<S: Strategy>() {
    counters::<S, 2, 3>([
        |[a, b], thread| nested(a, b, thread),
        |[a, b], thread| nested(b, a, thread),
        |[a, b], thread| nested(a, b, thread),
    ]);
}

/// Three pairs of three objects, each thread's first object the next one's second.
fn pairs_in_a_cycle_of_three<S: Strategy>() {
    counters::<S, 3, 3>([
        |[a, b, _], thread| pair(a, b, thread),
        |[_, b, c], thread| pair(b, c, thread),
        |[a, _, c], thread| pair(c, a, thread),
    ]);
}

/// A pair against two that nest in opposite orders.
fn pair_against_two_nested<S: Strategy>() {
    counters::<S, 2, 3>([
        |[a, b], thread| pair(a, b, thread),
        |[a, b], thread| nested(b, a, thread),
        |[a, b], thread| nested(a, b, thread),
    ]);
}

/// As [`nested_entry_of_the_same_object`], against two threads.
fn same_object_nested_by_three<S: Strategy>() {
    counters::<S, 2, 3>([
        |[a, b], thread| {
            a.enter(thread, |outer| {
                outer.enter(a, |same| same.enter(b, |inner| inner.add(2)));
                outer.add(2);
            });
        },
        |[a, b], thread| nested(b, a, thread),
        |[a, b], thread| {
            a.enter(thread, |section| section.add(2));
            b.enter(thread, |section| section.add(2));
        },
    ]);
}

/// As [`suspension_inside_a_nested_section`], against two threads.
fn suspension_among_three<S: Strategy>() {
    counters::<S, 2, 3>([
        |[a, b], thread| suspended(a, b, thread),
        |[a, b], thread| nested(b, a, thread),
        |[a, b], thread| pair(a, b, thread),
    ]);
}

/// As [`panic_in_a_suspended_section`], against two threads.
fn panic_among_three<S: Strategy>() {
    counters::<S, 2, 3>([
        |[a, b], thread| {
            a.enter(thread, |outer| {
                panics(|| {
                    outer.enter(b, |inner| {
                        inner.add(2);
                        panic_quietly();
                    });
                });
                outer.add(2);
            });
        },
        |[a, b], thread| nested(b, a, thread),
        |[a, b], thread| pair(a, b, thread),
    ]);
}

/// Two counters; two threads run their programs, each of which adds two to each counter.
fn two_counters<S: Strategy>(mine: Program<S, 2>, theirs: Program<S, 2>) {
    counters::<S, 2, 2>([mine, theirs]);
}

/// `N` counters and `M` threads, each of which runs its program and adds four to them in all.
fn counters<S: Strategy, const N: usize, const M: usize>(programs: [Program<S, N>; M]) {
    let (counters, others) = attach::<S, _>(|thread| {
        let counters: [Counter<S>; N] = std::array::from_fn(|_| thread.alloc(Guarded::new(Twice::default())));
        let copies = || std::array::from_fn(|which: usize| counters[which].clone_ref(thread));
        let [mine, theirs @ ..] = programs.as_slice() else { unreachable!("at least one thread") };
        let others: Vec<_> = theirs
            .iter()
            .map(|&program| {
                let copies: [Counter<S>; N] = copies();
                spawn(move || {
                    attach::<S, _>(|thread| program(&copies, thread));
                    copies
                })
            })
            .collect();
        mine(&counters, thread);
        (counters, others)
    });
    // Their references are dropped here, not there: how counts change is the affair of other
    // models.
    for other in others {
        drop(other.join().expect("the thread has not panicked"));
    }
    attach::<S, _>(|thread| {
        let sum: u32 = counters.iter().map(|counter| counter.enter(thread, |section| section.get())).sum();
        assert_eq!(sum as usize, 4 * M, "an update was lost");
    });
}

/// Adds two to each, one half of it in `inner` inside `outer`, the other half after it.
fn nested<S: Strategy>(outer: &Counter<S>, inner: &Counter<S>, thread: &mut Thread<S>) {
    outer.enter(thread, |section| {
        section.add(1);
        section.enter(inner, |section| section.add(2));
        section.add(1);
    });
}

fn pair<S: Strategy>(one: &Counter<S>, two: &Counter<S>, thread: &mut Thread<S>) {
    one.enter_pair(two, thread, |one, two, _| {
        one.add(2);
        two.add(2);
    })
    .expect("two objects");
}
