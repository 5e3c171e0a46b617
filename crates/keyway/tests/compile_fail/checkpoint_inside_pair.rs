//! E0596: a checkpoint inside a pair. Property 1: nothing guarded is held across a switch.

use keyway::{GlobalLock, Guarded, Interval, Thread};

type S = GlobalLock<Interval>;

fn program(thread: &mut Thread<S>, one: &Guarded<u8, S>, two: &Guarded<u8, S>) {
    let result = one.enter_pair(two, thread, |one, two, thread| {
        std::mem::swap(one, two);
        thread.alloc(1);
        #[cfg(not(control))]
        thread.checkpoint(); //~ error
    });
    drop(result);
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(1), &Guarded::new(2)));
}
