//! E0499: a borrow of an outer section's contents kept across a nested section. Property 2: no
//! deadlock between sections; others may change the outer contents while it is given up.

use keyway::{BiasedCounts, Guarded, Thread};

type S = BiasedCounts;

fn program(thread: &mut Thread<S>, one: &Guarded<Vec<u8>, S>, two: &Guarded<Vec<u8>, S>) {
    one.enter(thread, |section| {
        #[cfg(not(control))]
        let first = &mut section[0];
        section.enter(two, |inner| inner.push(1)); //~ error
        #[cfg(control)]
        let first = &mut section[0];
        *first += 1;
    });
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(vec![1]), &Guarded::new(Vec::new())));
}
