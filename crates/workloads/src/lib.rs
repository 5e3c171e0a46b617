//! Programs generic over the strategy, as an interpreter would run them; and the list of all strategies.
//!
//! [`STRATEGIES`], [`Job`], [`run_on`] and [`for_each`] let a command line, a bench or a test run one generic piece of code on
//! strategies that are named at run time. [`countdown`] is the first program; [`together()`] times what several threads do.
//!
//! Which file may use which, bottom to top: `strategies`, `together`, `countdown`.

pub mod countdown;
mod strategies;
mod together;

pub use strategies::{Job, STRATEGIES, StrategyInfo, ThreadsRun, for_each, run_on};
pub use together::{Together, together};
