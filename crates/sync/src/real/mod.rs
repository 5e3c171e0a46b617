//! The ordinary backend: std, `parking_lot`, `atomic-wait`.

pub mod cell;
pub mod clock;
pub mod cores;
pub mod exit;
pub mod fork;
mod global;
pub mod grave;
pub mod os_thread;
mod place;
mod raw_lock;

pub use global::Global;
pub use parking_lot::{Condvar, Mutex, MutexGuard};
pub use place::Place;
pub use raw_lock::RawLock;

/// A [`RawLock`] in a plain static, which a model cannot make in a constant.
pub type StaticLock = RawLock;

/// Atomic words.
pub mod atomic {
    pub use std::sync::atomic::{
        AtomicBool, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering,
    };
}

/// Waiting for a 32-bit word to change, without a time-out.
///
/// `wake_one` and `wake_all` take an address and never touch the memory: the word may be gone by
/// then.
pub mod futex {
    pub use atomic_wait::{wait, wake_all, wake_one};
}

/// Threads.
pub mod thread {
    pub use std::thread::{Builder, JoinHandle, current, panicking, spawn, yield_now};

    /// Lets others run: the caller waits in a loop for a step that another thread has begun, and
    /// has looked for its end once more in vain. `looks` are its looks of this wait until now.
    ///
    /// A look must only read, and the loop do the same whichever look it is: a model relies on
    /// that.
    pub fn yield_after(looks: &mut u32) {
        *looks = looks.saturating_add(1);
        yield_now();
    }
}

/// Declares a thread-local as std does, in the form without destructor or lazy initialisation:
/// `static NAME: T = const { ... };`. It can be reached at any time in a thread's life.
#[macro_export]
macro_rules! thread_local {
    ($($(#[$attribute:meta])* $vis:vis static $name:ident: $type:ty = const { $init:expr };)*) => {
        $crate::__private::std::thread_local! {
            $($(#[$attribute])* $vis static $name: $type = const { $init };)*
        }
    };
}

/// Declares a static of shared state, reached by dereferencing its name. Under loom each iteration
/// has its own.
#[macro_export]
macro_rules! global {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $init:expr;) => {
        $(#[$attribute])* static $name: $crate::Global<$type> = $crate::Global::new($init);
    };
}
