//! E0499: a borrow of a section's contents kept across `suspend`. Property 2: no deadlock between
//! sections; others may change the contents meanwhile.

use keyway::{BiasedCounts, Guarded, Thread};

type S = BiasedCounts;

fn program(thread: &mut Thread<S>, items: &Guarded<Vec<u8>, S>) {
    items.enter(thread, |section| {
        #[cfg(not(control))]
        let first = &mut section[0];
        section.suspend(|thread| thread.checkpoint()); //~ error
        #[cfg(control)]
        let first = &mut section[0];
        *first += 1;
    });
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(vec![1])));
}
