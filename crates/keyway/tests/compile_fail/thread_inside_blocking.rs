//! E0502: the thread used inside its own blocking region. Property 1: nothing guarded is held
//! across a switch; inside the region the OS thread is not attached.

use keyway::{GlobalLock, Interval, Thread};

fn program(thread: &mut Thread<GlobalLock<Interval>>) {
    let object = thread.alloc(1);
    thread.blocking(|| {
        #[cfg(not(control))]
        drop(object.clone_ref(thread)); //~ error
        assert_eq!(*object, 1);
    });
}

fn main() {
    keyway::attach(program);
}
