//! E0500, E0501: a second `enter` on the thread inside a section. Property 2: no deadlock between
//! sections; an object entered inside a section is entered through that section, which can be given
//! up.

use keyway::{BiasedCounts, Guarded, Thread};

type S = BiasedCounts;

fn program(thread: &mut Thread<S>, one: &Guarded<u8, S>, two: &Guarded<u8, S>) {
    one.enter(thread, |section| {
        #[cfg(not(control))]
        two.enter(thread, |inner| **inner += 1); //~ error
        section.enter(two, |inner| **inner += 1);
    });
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(1), &Guarded::new(2)));
}
