//! Values as an interpreter has them: references to objects of any type, of which an operation
//! finds out what they are.

use keyway::{AnyRef, Ref, Strategy, Thread};

/// The boxed integer that this value must be.
///
/// # Panics
/// If it is something else: where an interpreter raises its error of types.
pub(crate) fn integer<S: Strategy>(value: AnyRef<S>) -> Ref<i64, S> {
    value.downcast().unwrap_or_else(|_| panic!("not an integer"))
}

/// A binary instruction: takes two values from the stack, finds their types, and pushes a new one.
pub(crate) fn binary<S: Strategy>(
    left: AnyRef<S>,
    right: AnyRef<S>,
    thread: &Thread<S>,
    operation: impl FnOnce(i64, i64) -> i64,
) -> AnyRef<S> {
    let (left, right) = (integer(left), integer(right));
    let result = thread.alloc(operation(*left, *right)).erase();
    left.release(thread);
    right.release(thread);
    result
}
