//! E0597: an object whose contents borrow from a frame. A reference may outlive every frame of the
//! thread that made it.

use keyway::{AtomicCounts, Thread};

fn program(thread: &Thread<AtomicCounts>) {
    let local = 1;
    #[cfg(not(control))]
    thread.alloc(&local); //~ error
    #[cfg(control)]
    thread.alloc(local);
}

fn main() {
    keyway::attach(|thread| program(thread));
}
