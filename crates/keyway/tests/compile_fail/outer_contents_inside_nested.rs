//! E0500, E0501: an outer section's contents used inside a nested one. Property 2: no deadlock
//! between sections; the outer one may have been given up by then.

use keyway::{BiasedCounts, Guarded, Thread};

type S = BiasedCounts;

fn program(thread: &mut Thread<S>, one: &Guarded<Vec<u8>, S>, two: &Guarded<Vec<u8>, S>) {
    one.enter(thread, |section| {
        section.enter(two, |inner| {
            inner.push(1);
            #[cfg(not(control))]
            section.push(1); //~ error
        });
        section.push(1);
    });
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(Vec::new()), &Guarded::new(Vec::new())));
}
