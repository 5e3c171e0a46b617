#![doc = include_str!("../PROTOCOL.md")]

// Two files more than every strategy has: `table`, the attached threads and the queue of each, and `judge`, what is asked of a
// count by pointer types.

mod access;
mod count;
mod judge;
mod reclaim;
mod strategy;
mod table;
mod thread;
mod word;

pub use strategy::BiasedCounts;
