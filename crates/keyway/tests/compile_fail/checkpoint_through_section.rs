//! E0596: a checkpoint on the token that a section lends. Property 1: nothing guarded is held
//! across a switch; a section lends its thread shared, and a call that switches needs it
//! exclusively.

use keyway::{GlobalLock, Guarded, Interval, Thread};

type S = GlobalLock<Interval>;

fn program(thread: &mut Thread<S>, items: &Guarded<Vec<u8>, S>) {
    items.enter(thread, |section| {
        let thread = section.thread();
        thread.alloc(1);
        #[cfg(not(control))]
        thread.checkpoint(); //~ error
    });
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(Vec::new())));
}
