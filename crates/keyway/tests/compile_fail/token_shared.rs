//! E0277: the token shared with another thread. A thread that has a token is attached: the other
//! thread is not.

use keyway::{BiasedCounts, Thread};

fn program(thread: &Thread<BiasedCounts>) {
    let object = thread.alloc(1);
    std::thread::scope(|scope| {
        scope.spawn(|| *object);
        #[cfg(not(control))]
        scope.spawn(|| object.count(thread)); //~ error
    });
}

fn main() {
    keyway::attach(|thread| program(thread));
}
