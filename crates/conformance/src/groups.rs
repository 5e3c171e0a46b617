//! Objects of which it is known whether they share a lock.
//!
//! A strategy may guard the contents of several objects by one lock. A thread inside one of them
//! then keeps others out of all of them, so a test that waits, inside a section, for another
//! thread's section must take objects that share none.

use keyway_object_model::testing::share_a_lock;
use keyway_object_model::{Guarded, Ref, Strategy, Thread};

type Contents<S> = Ref<Guarded<u64, S>, S>;

/// At most this many objects are made to find objects that share no lock, or share one.
const TRIES: usize = 20_000;

/// Objects that hold zero, no two of which share a lock.
pub(crate) fn apart<S: Strategy, const N: usize>(thread: &Thread<S>) -> [Contents<S>; N] {
    find(thread, |found, next| found.iter().all(|one| !share_a_lock(one, next)))
        .expect("objects that share no lock")
}

/// Objects that hold zero, all of which share one lock; none if that does not happen under this
/// strategy.
pub(crate) fn together<S: Strategy, const N: usize>(thread: &Thread<S>) -> Option<[Contents<S>; N]> {
    find(thread, |found, next| found.iter().all(|one| share_a_lock(one, next)))
}

/// Makes objects and keeps those that fit to the ones found before.
fn find<S: Strategy, const N: usize>(
    thread: &Thread<S>,
    fits: impl Fn(&[Contents<S>], &Contents<S>) -> bool,
) -> Option<[Contents<S>; N]> {
    let mut found = Vec::new();
    // Kept until the end, so that the next one lies elsewhere.
    let mut others = Vec::new();
    while found.len() < N {
        if others.len() == TRIES {
            return None;
        }
        let next = thread.alloc(Guarded::new(0));
        if fits(&found, &next) { found.push(next) } else { others.push(next) }
    }
    found.try_into().ok()
}
