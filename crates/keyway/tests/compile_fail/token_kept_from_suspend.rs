//! E0521: the token kept outside the closure of `suspend`. Property 1: nothing guarded is held
//! across a switch; with the token in hand, the section could checkpoint once it is held again.

use keyway::{BiasedCounts, Guarded, Thread};

type S = BiasedCounts;

fn program(thread: &mut Thread<S>, items: &Guarded<Vec<u8>, S>) {
    items.enter(thread, |section| {
        let mut kept = None;
        section.suspend(|thread| {
            #[cfg(not(control))]
            (kept = Some(thread)); //~ error
            #[cfg(control)]
            (kept = Some(thread.alloc(1)));
        });
        drop(kept);
    });
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(Vec::new())));
}
