//! E0502: entering an object through a reference inside the outer section's contents. Property 2:
//! no deadlock between sections; the reference may be gone while the outer section is given up, so
//! it is cloned out first.

use keyway::{BiasedCounts, Guarded, Ref, Thread};

type S = BiasedCounts;
type Items = Ref<Guarded<Vec<u8>, S>, S>;

fn program(thread: &mut Thread<S>, parent: &Guarded<Items, S>) {
    parent.enter(thread, |section| {
        #[cfg(not(control))]
        section.enter(&***section, |inner| inner.push(1)); //~ error
        #[cfg(control)]
        let child = section.clone_ref(section.thread());
        #[cfg(control)]
        section.enter(&child, |inner| inner.push(1));
    });
}

fn main() {
    keyway::attach(|thread| {
        let child: Items = thread.alloc(Guarded::new(Vec::new()));
        program(thread, &Guarded::new(child));
    });
}
