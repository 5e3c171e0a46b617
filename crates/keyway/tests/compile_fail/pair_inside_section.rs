//! E0500, E0501: a pair inside a section. Property 2: no deadlock between sections; a pair waits,
//! so no section may be held then.

use keyway::{BiasedCounts, Guarded, Thread};

type S = BiasedCounts;

fn program(thread: &mut Thread<S>, one: &Guarded<u8, S>, two: &Guarded<u8, S>) {
    one.enter(thread, |section| {
        **section += 1;
        #[cfg(not(control))]
        drop(one.enter_pair(two, thread, |one, two, _| std::mem::swap(one, two))); //~ error
        section.suspend(|thread| drop(one.enter_pair(two, thread, |one, two, _| std::mem::swap(one, two))));
    });
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(1), &Guarded::new(2)));
}
