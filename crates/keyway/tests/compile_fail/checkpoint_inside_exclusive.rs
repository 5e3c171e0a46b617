//! E0596: a checkpoint inside an exclusive call. Foreign code that relies on the global lock relies
//! on nothing changing hands.

use keyway::{GlobalLock, Interval, Thread};

type S = GlobalLock<Interval>;

fn program(thread: &mut Thread<S>) {
    thread.exclusive(|thread| {
        let _alone = thread;
        #[cfg(not(control))]
        thread.checkpoint(); //~ error
    });
    thread.checkpoint();
}

fn main() {
    keyway::attach(program);
}
