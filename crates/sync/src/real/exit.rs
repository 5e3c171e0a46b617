//! Actions for a thread's exit.

use std::cell::RefCell;

struct AtExit(RefCell<Vec<fn()>>);

impl Drop for AtExit {
    fn drop(&mut self) {
        self.run();
    }
}

impl AtExit {
    /// Calls what has been asked for, each once.
    fn run(&self) {
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
///
/// On Unix `f` is also called for a thread whose first call of this comes from the destructor of a
/// POSIX key, after the destructors of Rust's thread-locals: but not in the last of the rounds in
/// which the C library calls the destructors of keys, of which there are four or more.
pub fn at_exit(f: fn()) -> bool {
    let is_noted = AT_EXIT.try_with(|exit| exit.0.borrow_mut().push(f)).is_ok();
    #[cfg(unix)]
    return is_noted && late::is_watched();
    #[cfg(not(unix))]
    is_noted
}

/// The exit of a thread that has run the destructors of its thread-locals already when it first
/// asks.
///
/// The C library takes note of the new thread-local's destructor then, and never calls it. It still
/// calls the destructors of POSIX keys.
#[cfg(unix)]
mod late {
    use std::ffi::c_void;
    use std::ptr;
    use std::sync::OnceLock;

    use super::{AT_EXIT, AtExit};

    /// The key; none if the process has no more.
    static KEY: OnceLock<Option<libc::pthread_key_t>> = OnceLock::new();

    /// Whether this thread's exit will be seen by the key's destructor.
    pub(super) fn is_watched() -> bool {
        let key = KEY.get_or_init(|| {
            let mut key = 0;
            // SAFETY: the place is ours, and the destructor a function that lives for ever.
            let failed = unsafe { libc::pthread_key_create(&raw mut key, Some(run)) };
            (failed == 0).then_some(key)
        });
        let Some(key) = *key else { return false };
        // Anything but null, or the destructor is not called.
        let value = ptr::from_ref(&KEY).cast::<c_void>();
        // SAFETY: the key was made above and is never deleted; the value is not read.
        unsafe { libc::pthread_setspecific(key, value) == 0 }
    }

    extern "C" fn run(_: *mut c_void) {
        // Ordinarily the thread-local's destructor has run before, and there is nothing to do: a
        // thread-local that has been destroyed cannot be reached, and has called everything.
        let _ = AT_EXIT.try_with(AtExit::run);
    }
}
