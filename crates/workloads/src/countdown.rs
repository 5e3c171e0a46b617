//! The article's countdown, as an interpreter would run it: `while n > 0: n -= 1`, with `n` a boxed
//! integer.
//!
//! Each iteration is a checkpoint, a new boxed integer, the release of the old one, and a
//! comparison. Several threads share the iterations out between them and share nothing else, so
//! what their time says is what the strategy costs.
//!
//! The *floor* is the same loop on a plain `Box`, with no runtime: the speed of the machine's cores
//! and its allocator.
//!
//! Key source files: this one, and `together.rs`, which times it.

use std::hint::black_box;
use std::mem;

use keyway::{Strategy, Thread, attach};

use crate::together::{Together, share, together};

/// Counts down from `count` on `threads` threads, each of which takes its share and attaches by
/// itself, inside the time.
///
/// The results are the iterations that each thread has made; they add up to `count`.
///
/// # Panics
/// If a thread cannot be started.
///
/// # Examples
/// ```
/// use keyway::BiasedCounts;
/// use keyway_workloads::countdown;
///
/// let done = countdown::run::<BiasedCounts>(1001, 2);
/// assert_eq!(done.results, [501, 500]);
/// ```
pub fn run<S: Strategy>(count: u64, threads: usize) -> Together<u64> {
    together(threads, |number| attach::<S, _>(|thread| steps(share(count, threads, number), thread)))
}

/// The expected sum of the iterations of all threads.
pub fn expected(count: u64) -> u64 {
    count
}

/// [`run`] without a runtime, on plain boxes.
///
/// # Panics
/// If a thread cannot be started.
pub fn run_floor(count: u64, threads: usize) -> Together<u64> {
    together(threads, |number| floor_steps(share(count, threads, number)))
}

/// Counts down from `n` on this thread. Returns how many iterations that took: `n`.
pub fn steps<S: Strategy>(n: u64, thread: &mut Thread<S>) -> u64 {
    let mut iterations = 0;
    // Each allocation goes through a black box: otherwise the compiler may see that nobody looks,
    // and allocate nothing.
    let mut current = black_box(thread.alloc(n));
    while *current > 0 {
        thread.checkpoint();
        let next = black_box(thread.alloc(*current - 1));
        mem::replace(&mut current, next).release(thread);
        iterations += 1;
    }
    current.release(thread);
    iterations
}

/// [`steps`] on plain boxes.
pub fn floor_steps(n: u64) -> u64 {
    let mut iterations = 0;
    let mut current = black_box(Box::new(n));
    while *current > 0 {
        let next = black_box(Box::new(*current - 1));
        drop(mem::replace(&mut current, next));
        iterations += 1;
    }
    iterations
}
