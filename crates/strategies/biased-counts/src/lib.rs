#![doc = include_str!("../PROTOCOL.md")]

// Three files more than every strategy has: `anywhere`, counting without a token; `judge`, what is asked of a count by pointer types;
// `table`, the attached threads and the queue of each.

mod access;
mod anywhere;
mod count;
mod judge;
mod reclaim;
mod strategy;
mod table;
mod thread;
mod word;

pub use strategy::BiasedCounts;
