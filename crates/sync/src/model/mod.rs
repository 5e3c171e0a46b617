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
#[path = "../modelled/fork.rs"]
pub mod fork;
pub mod futex;
pub mod grave;
mod lock;
#[path = "../modelled/os_thread.rs"]
pub mod os_thread;
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

    /// Looks after which a wait is no longer explored.
    const LOOKS: u32 = 3;

    /// As the ordinary backend's.
    ///
    /// loom knows no fairness: of two threads that wait it would let one run after the other for
    /// ever, in more and more interleavings, and the third, for which they wait, never. But a
    /// thread that has looked again in vain is where it was before; its possible continuations are
    /// explored from an earlier look, with no more preemptions. So after a few looks the rest of
    /// the interleaving is run in the one way in which the thread that has waited least goes on,
    /// and not explored.
    ///
    /// That holds as long as a look only reads, without ordering anything but the value that it
    /// reads, and the loop does the same whichever look it is: then an interleaving with fewer
    /// looks leaves all threads where this one does.
    pub fn yield_after(looks: &mut u32) {
        *looks = looks.saturating_add(1);
        if *looks >= LOOKS {
            loom::skip_branch();
        }
        yield_now();
    }
}

/// Stands for the type of a static; under loom [`global!`](crate::global) declares a type of its
/// own for each.
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
