//! Actions for a thread's exit.

use std::cell::RefCell;

struct AtExit(RefCell<Vec<fn()>>);

impl Drop for AtExit {
    fn drop(&mut self) {
        for f in self.0.take() {
            f();
        }
    }
}

std::thread_local! {
    static AT_EXIT: AtExit = const { AtExit(RefCell::new(Vec::new())) };
}

/// Has `f` called as this thread's thread-locals are destroyed. False if that has begun, and `f`
/// will not be called.
///
/// The order among destructors of thread-locals is not defined. A model does not call `f`: there a
/// thread must say itself that it exits.
pub fn at_exit(f: fn()) -> bool {
    AT_EXIT.try_with(|exit| exit.0.borrow_mut().push(f)).is_ok()
}
