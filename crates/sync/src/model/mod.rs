//! The backend for models: loom, and models built from loom's parts where loom has none.

pub mod atomic;
pub mod clock;
#[path = "../modelled/cores.rs"]
pub mod cores;
#[path = "../modelled/exit.rs"]
pub mod exit;
#[path = "../modelled/expiry.rs"]
pub mod expiry;
pub mod explore;
pub mod futex;
pub mod grave;
mod lock;
#[path = "../modelled/place.rs"]
mod place;
mod poison;
mod raw_lock;
#[path = "../modelled/static_lock.rs"]
mod static_lock;

pub use lock::{Condvar, Mutex, MutexGuard};
pub use place::Place;
pub use raw_lock::RawLock;
pub use static_lock::StaticLock;

/// A cell whose every access is a closure that loom sees.
pub mod cell {
    pub use loom::cell::UnsafeCell;
}

/// Threads.
pub mod thread {
    pub use loom::thread::{Builder, JoinHandle, current, panicking, spawn, yield_now};
}

/// Stands for the type of a static; under loom [`global!`](crate::global) declares a type of its own for each.
#[derive(Debug)]
pub enum Global {}

/// Declares a thread-local of each modelled thread.
#[macro_export]
macro_rules! thread_local {
    ($($(#[$attribute:meta])* $vis:vis static $name:ident: $type:ty = const { $init:expr };)*) => {
        $crate::__private::loom::thread_local! {
            $($(#[$attribute])* $vis static $name: $type = $init;)*
        }
    };
}

/// Declares a static of shared state; each iteration of a model has its own.
#[macro_export]
macro_rules! global {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $init:expr;) => {
        $crate::__private::loom::lazy_static! {
            $(#[$attribute])* static ref $name: $type = $init;
        }
    };
}
