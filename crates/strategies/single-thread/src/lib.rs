#![doc = include_str!("../PROTOCOL.md")]

mod access;
mod count;
mod holder;
mod reclaim;
mod strategy;
mod thread;
mod word;

pub use strategy::SingleThread;
