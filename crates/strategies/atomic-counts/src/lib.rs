#![doc = include_str!("../PROTOCOL.md")]

mod strategy;
mod weak;
mod word;

pub use strategy::AtomicCounts;
