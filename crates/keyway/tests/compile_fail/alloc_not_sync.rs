//! E0277: an object whose contents are not `Sync`. References are read on several threads at once,
//! under `SingleThread` too, so that a program can change its strategy and still compile.

use std::cell::Cell;

use keyway::{Guarded, SingleThread, Thread};

fn program(thread: &Thread<SingleThread>) {
    #[cfg(not(control))]
    thread.alloc(Cell::new(1)); //~ error
    #[cfg(control)]
    thread.alloc(Guarded::<_, SingleThread>::new(Cell::new(1)));
}

fn main() {
    keyway::attach(|thread| program(thread));
}
