//! Sections: nested, in pairs, suspended.
//!
//! Contents are a cell that loom watches, so that a section without its lock is a race; a cycle of waiting threads is a
//! deadlock, which loom reports; an update that is lost shows in the sum.

use std::panic::{self, AssertUnwindSafe};

use keyway::{Guarded, Ref, Strategy, Thread, attach};

use super::join_all;
use crate::backend::spawn;
use crate::model::{Model, scenarios};

pub(super) fn models<S: Strategy>() -> Vec<Model> {
    scenarios!(S;
        2: opposite_nesting, pairs_in_opposite_orders, pair_against_nested, nested_entry_of_the_same_object,
           suspended_section_is_retaken, suspension_inside_a_nested_section,
           panic_inside_a_nested_section, three_deep_in_opposite_orders, panic_in_a_suspended_section, panic_inside_a_pair;
        3: nesting_in_a_cycle_of_three;
    )
}

type Counter<S> = Ref<Guarded<u32, S>, S>;

/// `a` then `b` inside it, against `b` then `a` inside it: no deadlock, and the outer section is held again when the
/// inner one has ended.
///
/// Fails if a thread keeps one lock while it waits for another, or goes on without the lock that it gave up.
pub(crate) fn opposite_nesting<S: Strategy>() {
    two_counters::<S>(|[a, b], thread| nested(&a, &b, thread), |[a, b], thread| nested(&b, &a, thread));
}

/// Both at once, asked for in opposite orders.
///
/// Fails if a pair waits for its second lock while it holds the first.
fn pairs_in_opposite_orders<S: Strategy>() {
    two_counters::<S>(|[a, b], thread| pair(&a, &b, thread), |[a, b], thread| pair(&b, &a, thread));
}

/// A pair against a nested entry in the opposite order.
fn pair_against_nested<S: Strategy>() {
    two_counters::<S>(|[a, b], thread| pair(&a, &b, thread), |[a, b], thread| nested(&b, &a, thread));
}

/// A section of an object inside a section of the same, while another thread wants it.
///
/// Fails if a thread waits for a lock that it holds, or gives it up when the inner section ends.
fn nested_entry_of_the_same_object<S: Strategy>() {
    let both = |[a, b]: [Counter<S>; 2], thread: &mut Thread<S>| {
        a.enter(thread, |outer| {
            outer.enter(&a, |inner| **inner += 1);
            **outer += 1;
            outer.enter(&b, |inner| **inner += 2);
        });
    };
    two_counters::<S>(both, both);
}

/// A section is suspended and retaken while another thread is inside.
///
/// Fails if the contents are touched before the lock is held again.
fn suspended_section_is_retaken<S: Strategy>() {
    let suspending = |[a, b]: [Counter<S>; 2], thread: &mut Thread<S>| {
        a.enter(thread, |section| {
            **section += 1;
            section.suspend(|thread| b.enter(thread, |section| **section += 2));
            **section += 1;
        });
    };
    two_counters::<S>(suspending, |[a, b], thread| {
        a.enter(thread, |section| **section += 2);
        b.enter(thread, |section| **section += 2);
    });
}

/// A nested section is suspended: both are given up, each is retaken before it is touched.
///
/// Fails if only the innermost section is given up, or if the outer one is not retaken.
fn suspension_inside_a_nested_section<S: Strategy>() {
    let suspending = |[a, b]: [Counter<S>; 2], thread: &mut Thread<S>| {
        a.enter(thread, |outer| {
            outer.enter(&b, |inner| {
                inner.suspend(|_| ());
                **inner += 2;
            });
            **outer += 2;
        });
    };
    two_counters::<S>(suspending, |[a, b], thread| nested(&b, &a, thread));
}

/// Three sections deep, in opposite orders: whoever waits has given all of them up.
///
/// Fails if only the innermost section is given up before waiting.
fn three_deep_in_opposite_orders<S: Strategy>() {
    let deep = |[a, b, c]: &[Counter<S>; 3], thread: &mut Thread<S>| {
        a.enter(thread, |outer| {
            outer.enter(b, |middle| {
                middle.enter(c, |inner| **inner += 1);
                **middle += 1;
            });
            **outer += 1;
        });
    };
    let (counters, other) = attach::<S, _>(|thread| {
        let counters = [0, 1, 2].map(|_| thread.alloc(Guarded::<u32, S>::new(0)));
        let reversed = [2, 1, 0].map(|which: usize| counters[which].clone_ref(thread));
        let other = spawn(move || attach::<S, _>(|thread| deep(&reversed, thread)));
        deep(&counters, thread);
        (counters, other)
    });
    other.join().unwrap();
    attach::<S, _>(|thread| {
        let sum: u32 = counters.iter().map(|counter| counter.enter(thread, |section| **section)).sum();
        assert_eq!(sum, 6, "an update was lost");
    });
}

/// A thread panics inside a nested section and goes on afterwards. Both locks are free for the other.
///
/// Fails if a panic leaves a lock taken, or gives one up that is not held.
fn panic_inside_a_nested_section<S: Strategy>() {
    let panicking = |[a, b]: [Counter<S>; 2], thread: &mut Thread<S>| {
        panics(|| {
            a.enter(thread, |outer| {
                **outer += 2;
                outer.enter(&b, |inner| {
                    **inner += 2;
                    panic_quietly();
                });
            });
        });
    };
    two_counters::<S>(panicking, |[a, b], thread| nested(&b, &a, thread));
}

/// The inner section panics after the outer one was perhaps suspended; the outer one catches the panic and goes on. It has
/// been retaken before its contents are touched.
///
/// Fails if a panic skips the retaking.
fn panic_in_a_suspended_section<S: Strategy>() {
    let panicking = |[a, b]: [Counter<S>; 2], thread: &mut Thread<S>| {
        a.enter(thread, |outer| {
            panics(|| {
                outer.enter(&b, |inner| {
                    **inner += 2;
                    inner.suspend(|_| panic_quietly());
                });
            });
            **outer += 2;
        });
    };
    two_counters::<S>(panicking, |[a, b], thread| nested(&b, &a, thread));
}

/// A thread panics while it has both of a pair.
fn panic_inside_a_pair<S: Strategy>() {
    let panicking = |[a, b]: [Counter<S>; 2], thread: &mut Thread<S>| {
        panics(|| {
            let _ = a.enter_pair(&b, thread, |a, b, _| {
                *a += 2;
                *b += 2;
                panic_quietly();
            });
        });
    };
    two_counters::<S>(panicking, |[a, b], thread| pair(&b, &a, thread));
}

/// Three threads, three objects, nested in a cycle.
fn nesting_in_a_cycle_of_three<S: Strategy>() {
    let (counters, others) = attach::<S, _>(|thread| {
        let counters = [0, 1, 2].map(|_| thread.alloc(Guarded::<u32, S>::new(0)));
        let others = [1, 2].map(|first| {
            let outer = counters[first].clone_ref(thread);
            let inner = counters[(first + 1) % 3].clone_ref(thread);
            spawn(move || attach::<S, _>(|thread| nested(&outer, &inner, thread)))
        });
        nested(&counters[0], &counters[1], thread);
        (counters, others)
    });
    join_all(others);
    attach::<S, _>(|thread| {
        let sum: u32 = counters.iter().map(|counter| counter.enter(thread, |section| **section)).sum();
        assert_eq!(sum, 12, "an update was lost");
    });
}

/// Two counters; two threads run their programs, each of which adds two to each counter.
fn two_counters<S: Strategy>(
    mine: impl FnOnce([Counter<S>; 2], &mut Thread<S>),
    theirs: impl FnOnce([Counter<S>; 2], &mut Thread<S>) + Send + 'static,
) {
    let (counters, other) = attach::<S, _>(|thread| {
        let counters = [0, 1].map(|_| thread.alloc(Guarded::<u32, S>::new(0)));
        let for_them = [0, 1].map(|which: usize| counters[which].clone_ref(thread));
        let for_me = [0, 1].map(|which: usize| counters[which].clone_ref(thread));
        let other = spawn(move || attach::<S, _>(|thread| theirs(for_them, thread)));
        mine(for_me, thread);
        (counters, other)
    });
    other.join().unwrap();
    attach::<S, _>(|thread| {
        for counter in &counters {
            assert_eq!(counter.enter(thread, |section| **section), 4, "an update was lost");
        }
    });
}

/// Adds two to each, one half of it in `inner` inside `outer`, the other half after it.
fn nested<S: Strategy>(outer: &Counter<S>, inner: &Counter<S>, thread: &mut Thread<S>) {
    outer.enter(thread, |section| {
        **section += 1;
        section.enter(inner, |section| **section += 2);
        **section += 1;
    });
}

fn pair<S: Strategy>(one: &Counter<S>, two: &Counter<S>, thread: &mut Thread<S>) {
    one.enter_pair(two, thread, |one, two, _| {
        *one += 2;
        *two += 2;
    })
    .expect("two objects");
}

/// Runs `f`, which panics.
pub(super) fn panics(f: impl FnOnce()) {
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    assert!(result.is_err_and(|payload| payload.is::<Quiet>()), "the panic that was meant");
}

/// The payload of a panic that belongs to the program of a model.
struct Quiet;

/// Panics without a word to the hook, which would count it as the model's failure.
pub(super) fn panic_quietly() {
    panic::resume_unwind(Box::new(Quiet));
}
