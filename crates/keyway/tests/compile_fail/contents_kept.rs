//! E0521: a borrow of a section's contents kept outside its closure. Property 3: leaking cannot
//! make it unsound.

use keyway::{BiasedCounts, Guarded, Thread};

type S = BiasedCounts;

fn program(thread: &mut Thread<S>, items: &Guarded<Vec<u8>, S>) {
    let mut kept = None;
    items.enter(thread, |section| {
        #[cfg(not(control))]
        (kept = section.first_mut()); //~ error
        #[cfg(control)]
        (kept = section.first().copied());
    });
    drop(kept);
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(vec![1])));
}
