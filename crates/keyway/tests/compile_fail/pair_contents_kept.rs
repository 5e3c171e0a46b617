//! E0521: a borrow of a pair's contents kept outside its closure. Property 3: leaking cannot make
//! it unsound.

use keyway::{BiasedCounts, Guarded, Thread};

type S = BiasedCounts;

fn program(thread: &mut Thread<S>, one: &Guarded<u8, S>, two: &Guarded<u8, S>) {
    let mut kept = None;
    let result = one.enter_pair(two, thread, |one, _, _| {
        #[cfg(not(control))]
        (kept = Some(one)); //~ error
        #[cfg(control)]
        (kept = Some(*one));
    });
    drop((result, kept));
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(1), &Guarded::new(2)));
}
