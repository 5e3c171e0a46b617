//! E0521: a section kept outside its closure. Property 3: leaking cannot make it unsound; a section
//! is lent, so there is nothing to forget.

use keyway::{BiasedCounts, Guarded, Thread};

type S = BiasedCounts;

fn program(thread: &mut Thread<S>, items: &Guarded<Vec<u8>, S>) {
    let mut kept = None;
    items.enter(thread, |section| {
        #[cfg(not(control))]
        (kept = Some(section)); //~ error
        #[cfg(control)]
        (kept = Some(section.len()));
    });
    drop(kept);
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(Vec::new())));
}
