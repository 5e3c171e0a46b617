#![doc = include_str!("../PROTOCOL.md")]

// Six files more than every strategy has: `anywhere`, counting without a token; `bits`, what the
// bits of the words mean; `judge`, what is asked of a count by pointer types; `divert`, how
// releases find out about a queue; `layout`, where the words lie; `table`, the attached threads and
// the queue of each.

// Generic code is compiled where it is used. A function that is not on a fast path is marked
// `inline(never)`, so that it stays out of the way there.

mod access;
mod anywhere;
mod bits;
mod count;
mod divert;
mod judge;
mod layout;
mod reclaim;
mod strategy;
mod table;
#[cfg(feature = "testing")]
pub mod testing;
mod thread;
mod word;

pub use layout::{Apart, Compact, Layout};
pub use strategy::BiasedCounts;
