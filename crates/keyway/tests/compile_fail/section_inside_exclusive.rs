//! E0308: a section inside an exclusive call. The lock of foreign code comes before every
//! section's, so the call lends `&Thread` only.

use keyway::{BiasedCounts, Guarded, Thread};

type S = BiasedCounts;

fn program(thread: &mut Thread<S>, items: &Guarded<Vec<u8>, S>) {
    thread.exclusive(|thread| {
        let _alone = thread;
        #[cfg(not(control))]
        items.enter(thread, |section| section.push(1)); //~ error
    });
    items.enter(thread, |section| section.push(1));
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(Vec::new())));
}
