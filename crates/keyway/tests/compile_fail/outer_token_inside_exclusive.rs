//! E0500, E0501: the token from around an exclusive call, used inside it to block.

use keyway::{GlobalLock, Interval, Thread};

type S = GlobalLock<Interval>;

fn program(outer: &mut Thread<S>) {
    outer.exclusive(|_| {
        #[cfg(not(control))]
        outer.blocking(|| std::thread::yield_now()); //~ error
    });
}

fn main() {
    keyway::attach(program);
}
