//! E0277: an object whose contents are not `Send`. The last reference may be released on any
//! thread, which then destroys them.

use keyway::{SingleThread, Thread};

struct NotSend(std::marker::PhantomData<std::sync::MutexGuard<'static, u8>>);

fn program(thread: &Thread<SingleThread>) {
    let contents = NotSend(std::marker::PhantomData);
    #[cfg(not(control))]
    thread.alloc(contents); //~ error
    #[cfg(control)]
    (thread.alloc(1), drop(contents));
}

fn main() {
    keyway::attach(|thread| program(thread));
}
