//! E0308: contents of one strategy entered with the token of another.

use keyway::{AtomicCounts, BiasedCounts, Guarded, Thread};

fn program(items: &Guarded<u8, BiasedCounts>, biased: &mut Thread<BiasedCounts>, atomic: &mut Thread<AtomicCounts>) {
    items.enter(biased, |section| **section += 1);
    atomic.checkpoint();
    #[cfg(not(control))]
    items.enter(atomic, |section| **section += 1); //~ error
}

fn main() {
    let _: fn(&Guarded<u8, BiasedCounts>, &mut Thread<BiasedCounts>, &mut Thread<AtomicCounts>) = program;
}
