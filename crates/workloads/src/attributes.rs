//! An object graph with attribute access:
//! `node.total = node.total + node.weight; node = node.next`, along a chain.
//!
//! An instance is an object with slots, which its class's attributes have been resolved to. To load
//! an attribute, an interpreter enters the instance, clones the reference in the slot out, and
//! leaves; to store one, it enters, puts the new reference in the place of the old, leaves, and
//! releases the old. So each step is four sections, three references cloned out, and one boxed
//! integer. (CPython's free-threaded build reads slots without the lock, with retains that may
//! fail, and locks for stores only. Here every load pays for a section.)
//!
//! Key source files: this one, and `value.rs`.

use std::array::from_fn;
use std::mem;

use keyway::{AnyRef, Guarded, Ref, Strategy, Thread, attach};

use crate::together::{Done, share, together};
use crate::value::{binary, integer};

/// Instances in a thread's chain. The n-th one weighs n.
const CHAIN: u64 = 64;

const TOTAL: usize = 0;
const WEIGHT: usize = 1;
const NEXT: usize = 2;

/// The slots of an instance.
struct Slots<S: Strategy>([AnyRef<S>; 3]);

type Instance<S> = Ref<Guarded<Slots<S>, S>, S>;

/// The end of a chain.
struct Nothing;

/// Goes along chains of instances for `size` steps, shared out over the threads, each of which has
/// a chain of its own. The result is what the totals of all instances add up to.
///
/// # Panics
/// If a thread cannot be started.
pub fn run<S: Strategy>(size: u64, threads: usize) -> Done {
    // Whole chains, so that the sum does not depend on the number of threads.
    let turns = size.div_ceil(CHAIN);
    together(threads, |number| attach::<S, _>(|thread| go_round(share(turns, threads, number), thread)))
        .into()
}

/// The expected result.
pub fn expected(size: u64) -> u64 {
    size.div_ceil(CHAIN) * (0..CHAIN).sum::<u64>()
}

fn go_round<S: Strategy>(turns: u64, thread: &mut Thread<S>) -> u64 {
    let first = chain(thread);
    for _ in 0..turns {
        each(&first, thread, |node, thread| {
            let total = load(node, TOTAL, thread);
            let weight = load(node, WEIGHT, thread);
            let total = binary(total, weight, thread, i64::wrapping_add);
            store(node, TOTAL, total, thread);
        });
    }
    let mut sum = 0;
    each(&first, thread, |node, thread| {
        let total = integer(load(node, TOTAL, thread));
        sum += total.unsigned_abs();
        total.release(thread);
    });
    sum
}

/// A chain of instances; returns its first.
fn chain<S: Strategy>(thread: &Thread<S>) -> Instance<S> {
    let mut next = thread.alloc(Nothing).erase();
    let mut first = None;
    for weight in (0..CHAIN as i64).rev() {
        let mut values = [thread.alloc(0_i64).erase(), thread.alloc(weight).erase(), next].into_iter();
        let slots = Slots(from_fn(|_| values.next().expect("three")));
        let instance = thread.alloc(Guarded::new(slots));
        next = instance.clone_ref(thread).erase();
        first = Some(instance);
    }
    first.expect("a chain is not empty")
}

/// Does `f` for each instance, from the first to where there is nothing next.
fn each<S: Strategy>(
    first: &Instance<S>,
    thread: &mut Thread<S>,
    mut f: impl FnMut(&Instance<S>, &mut Thread<S>),
) {
    let mut node = first.clone_ref(thread);
    loop {
        thread.checkpoint();
        f(&node, thread);
        let next = load(&node, NEXT, thread);
        node.release(thread);
        match next.downcast() {
            Ok(instance) => node = instance,
            Err(nothing) => return nothing.release(thread),
        }
    }
}

fn load<S: Strategy>(instance: &Instance<S>, slot: usize, thread: &mut Thread<S>) -> AnyRef<S> {
    instance.enter(thread, |slots| slots.0[slot].clone_ref(slots.thread()))
}

fn store<S: Strategy>(instance: &Instance<S>, slot: usize, value: AnyRef<S>, thread: &mut Thread<S>) {
    let old = instance.enter(thread, |slots| mem::replace(&mut slots.0[slot], value));
    old.release(thread);
}
