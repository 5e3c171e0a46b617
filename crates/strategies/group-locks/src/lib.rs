#![doc = include_str!("../PROTOCOL.md")]

// More than every strategy has: `table`, the locks, and `runtime`, since there may be several, each
// with tables of its own.

mod contents;
mod runtime;
mod strategy;
mod table;
mod word;

pub use contents::GroupLock;
pub use runtime::{Main, Tables};
pub use strategy::GroupLocks;
pub use table::Table;

/// What [`runtime!`] expands to; not for direct use.
#[doc(hidden)]
pub mod __private {
    pub use keyway_object_model::Runtime;
    pub use keyway_sync::{Place, RawLock, global};
}
