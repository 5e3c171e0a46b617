//! E0500, E0501: a checkpoint inside a section. Property 1: nothing guarded is held across a
//! switch.

use keyway::{GlobalLock, Guarded, Interval, Thread};

type S = GlobalLock<Interval>;

fn program(thread: &mut Thread<S>, items: &Guarded<Vec<u8>, S>) {
    items.enter(thread, |section| {
        section.push(1);
        #[cfg(not(control))]
        thread.checkpoint(); //~ error
    });
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(Vec::new())));
}
