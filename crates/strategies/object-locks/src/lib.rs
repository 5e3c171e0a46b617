#![doc = include_str!("../PROTOCOL.md")]

mod strategy;
mod word;

pub use strategy::ObjectLocks;
