//! E0500, E0501: a section's contents used while it is suspended. Property 2: no deadlock between
//! sections; its lock is somebody else's then.

use keyway::{BiasedCounts, Guarded, Thread};

type S = BiasedCounts;

fn program(thread: &mut Thread<S>, items: &Guarded<Vec<u8>, S>) {
    items.enter(thread, |section| {
        section.suspend(|thread| {
            thread.checkpoint();
            #[cfg(not(control))]
            section.push(1); //~ error
        });
        section.push(1);
    });
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(Vec::new())));
}
