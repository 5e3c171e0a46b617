//! The backend for many threads: shuttle, and models built from shuttle's parts where shuttle has
//! none.
//!
//! Every ordering counts as `SeqCst` and a cell is not watched: this finds errors of logic, lost
//! wake-ups and deadlocks, with more threads than loom can have.

/// A cell whose every access is a closure: the ordinary backend's.
#[path = "../real/cell.rs"]
pub mod cell;
pub mod clock;
#[path = "../modelled/cores.rs"]
pub mod cores;
#[path = "../modelled/exit.rs"]
pub mod exit;
#[path = "../modelled/expiry.rs"]
pub mod expiry;
pub mod explore;
#[path = "../modelled/fork.rs"]
pub mod fork;
pub mod futex;
mod global;
pub mod grave;
mod lock;
#[path = "../modelled/os_thread.rs"]
pub mod os_thread;
#[path = "../modelled/place.rs"]
mod place;
mod raw_lock;
#[path = "../modelled/static_lock.rs"]
mod static_lock;

pub use global::Global;
pub use lock::{Condvar, Mutex, MutexGuard};
pub use place::Place;
pub use raw_lock::RawLock;
pub use static_lock::StaticLock;

/// Atomic words.
pub mod atomic {
    pub use shuttle::sync::atomic::{
        AtomicBool, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering,
    };
}

/// Threads.
pub mod thread {
    pub use shuttle::thread::{Builder, JoinHandle, current, panicking, spawn, yield_now};

    /// As the ordinary backend's.
    pub fn yield_after(looks: &mut u32) {
        *looks = looks.saturating_add(1);
        yield_now();
    }
}

/// Declares a thread-local of each modelled thread.
#[macro_export]
macro_rules! thread_local {
    ($($(#[$attribute:meta])* $vis:vis static $name:ident: $type:ty = const { $init:expr };)*) => {
        $crate::__private::shuttle::thread_local! {
            $($(#[$attribute])* $vis static $name: $type = const { $init };)*
        }
    };
}

/// Declares a static of shared state; each run of a model has its own.
#[macro_export]
macro_rules! global {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $init:expr;) => {
        $(#[$attribute])* static $name: $crate::Global<$type> = $crate::Global::new(|| $init);
    };
}
