//! A counter that all threads share: `with lock: counter.value += 1`, again and again.
//!
//! The counter is an object whose contents are a reference to a boxed integer. Each step enters it
//! once, clones the old integer out, boxes the sum, and puts that in the old one's place: reading
//! and writing are in one section, as a program's own lock around the statement would have it. The
//! old integer was made by whichever thread came last, so with several threads many releases are of
//! objects that another thread made. A second thread has nothing to gain here.
//!
//! Key source files: this one, `together.rs` and `value.rs`.

use std::mem;

use keyway::{AnyRef, Guarded, Ref, Strategy, Thread, attach};

use crate::together::{Done, share, together_with};
use crate::value::{binary, integer};

/// The data of a thread: the counter, and the constant 1.
struct Module<S: Strategy> {
    counter: Ref<Guarded<AnyRef<S>, S>, S>,
    one: AnyRef<S>,
}

/// Counts up to `size`; the threads share the steps out. The result is what the counter says in the
/// end.
///
/// # Panics
/// If a thread cannot be started.
pub fn run<S: Strategy>(size: u64, threads: usize) -> Done {
    let make = || attach::<S, _>(|thread| module(thread));
    let (done, module) = together_with(threads, make, |number, module: &Module<S>| {
        attach::<S, _>(|thread| add(module, share(size, threads, number), thread));
    });
    let result = attach::<S, _>(|thread| {
        let value = module.counter.enter(thread, |value| value.clone_ref(value.thread()));
        integer(value).unsigned_abs()
    });
    Done { elapsed: done.elapsed, result }
}

/// The expected result.
pub fn expected(size: u64) -> u64 {
    size
}

fn module<S: Strategy>(thread: &Thread<S>) -> Module<S> {
    let zero = thread.alloc(0_i64).erase();
    Module { counter: thread.alloc(Guarded::new(zero)), one: thread.alloc(1_i64).erase() }
}

fn add<S: Strategy>(module: &Module<S>, times: u64, thread: &mut Thread<S>) {
    for _ in 0..times {
        thread.checkpoint();
        let old = module.counter.enter(thread, |value| {
            let thread = value.thread();
            let sum =
                binary(value.clone_ref(thread), module.one.clone_ref(thread), thread, i64::wrapping_add);
            mem::replace(&mut **value, sum)
        });
        old.release(thread);
    }
}
