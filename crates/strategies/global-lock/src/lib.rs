#![doc = include_str!("../PROTOCOL.md")]

// More than every strategy has: `runtime`, since there may be several, and the lock and its
// policies, a file each, in `access`.

mod access;
mod count;
mod reclaim;
mod runtime;
mod strategy;
#[cfg(feature = "testing")]
pub mod testing;
mod thread;
mod word;

pub use access::{Interval, Lock, Policy, QueueLock, ReturningFirst, Ticks, Timed};
pub use runtime::{Isolate, Main, State};
pub use strategy::GlobalLock;

/// What [`runtime!`] expands to; not for direct use.
#[doc(hidden)]
pub mod __private {
    pub use keyway_object_model::Runtime;
    pub use keyway_sync::global;

    pub use crate::runtime::before_fork;
}
