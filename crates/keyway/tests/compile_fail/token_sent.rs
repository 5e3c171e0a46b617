//! E0277: the token sent to another thread. A thread that has a token is attached: the other thread
//! is not.

use keyway::{BiasedCounts, Thread};

fn program(thread: &mut Thread<BiasedCounts>) {
    let object = thread.alloc(1);
    std::thread::scope(|scope| {
        scope.spawn(|| *object);
        #[cfg(not(control))]
        scope.spawn(move || thread.checkpoint()); //~ error
    });
}

fn main() {
    keyway::attach(program);
}
