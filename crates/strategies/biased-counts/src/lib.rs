#![doc = include_str!("../PROTOCOL.md")]

// One file more than every strategy has: `table`, the attached threads and the queue of each.

mod access;
mod count;
mod reclaim;
mod strategy;
mod table;
mod thread;
mod word;

pub use strategy::BiasedCounts;
