//! Calls: Fibonacci numbers by recursion, as an interpreter would run
//! `def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)`.
//!
//! Each call is a checkpoint, since that is where interpreters look whether someone wants them to
//! stop. The frame keeps its function alive; constants and locals are pushed as further references,
//! and each instruction takes its operands' references away; each difference and each sum is a new
//! boxed integer. So a call is some ten pairs of retain and release and up to three allocations,
//! and nothing waits for a lock on contents.
//!
//! Key source files: this one, and `value.rs`.

use keyway::{AnyRef, Ref, Strategy, Thread, attach};

use crate::together::{Done, share, together};
use crate::value::{binary, integer};

/// Which Fibonacci number is computed, again and again.
const N: i64 = 15;

/// The function object, with the constants of its code.
struct Function<S: Strategy> {
    one: AnyRef<S>,
    two: AnyRef<S>,
}

/// Where the function finds its own name.
struct Globals<S: Strategy> {
    fib: Ref<Function<S>, S>,
}

/// Computes the fifteenth Fibonacci number `size` times, shared out over the threads. The result is
/// the sum of what all have computed.
///
/// # Panics
/// If a thread cannot be started.
pub fn run<S: Strategy>(size: u64, threads: usize) -> Done {
    together(threads, |number| attach::<S, _>(|thread| repeat(share(size, threads, number), thread))).into()
}

/// The expected result.
pub fn expected(size: u64) -> u64 {
    let (mut current, mut next) = (0_u64, 1_u64);
    for _ in 0..N {
        (current, next) = (next, current + next);
    }
    size * current
}

fn repeat<S: Strategy>(times: u64, thread: &mut Thread<S>) -> u64 {
    let function = Function { one: thread.alloc(1_i64).erase(), two: thread.alloc(2_i64).erase() };
    let globals = Globals { fib: thread.alloc(function) };
    let mut sum = 0;
    for _ in 0..times {
        let n = thread.alloc(N).erase();
        let result = integer(call(&globals, n, thread));
        sum += result.unsigned_abs();
        result.release(thread);
    }
    sum
}

/// One call: takes the argument's reference, returns one to the result.
fn call<S: Strategy>(globals: &Globals<S>, n: AnyRef<S>, thread: &mut Thread<S>) -> AnyRef<S> {
    thread.checkpoint();
    let function = globals.fib.clone_ref(thread);
    let result = if is_less(n.clone_ref(thread), function.two.clone_ref(thread), thread) {
        n
    } else {
        let less_one = binary(n.clone_ref(thread), function.one.clone_ref(thread), thread, i64::wrapping_sub);
        let left = call(globals, less_one, thread);
        let less_two = binary(n, function.two.clone_ref(thread), thread, i64::wrapping_sub);
        let right = call(globals, less_two, thread);
        binary(left, right, thread, i64::wrapping_add)
    };
    function.release(thread);
    result
}

fn is_less<S: Strategy>(left: AnyRef<S>, right: AnyRef<S>, thread: &Thread<S>) -> bool {
    let (left, right) = (integer(left), integer(right));
    let less = *left < *right;
    left.release(thread);
    right.release(thread);
    less
}
