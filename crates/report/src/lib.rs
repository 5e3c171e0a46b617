//! Results of the lab as a page to read and sentences to cite.
//!
//! This crate knows no strategy and measures nothing. It reads the documents that the lab's commands print with `--json`, so that it
//! works as well on results of another machine, and is built in seconds.

pub mod plot;
mod results;

pub use results::{Claim, Error, Figure, Kind, Machine, Part, Results, SCHEMA};
