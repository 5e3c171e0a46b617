//! Programs generic over the strategy, as an interpreter would run them; and the list of all
//! strategies.
//!
//! [`STRATEGIES`], [`Job`], [`run_on`] and [`for_each`] let a command line, a bench or a test run
//! one generic piece of code on strategies that are named at run time; [`WORKLOADS`] and
//! [`run_workload`] do the same for programs. Each program says what an interpreter does there, and
//! checks its result: it is the same under every strategy. [`together()`] times what several
//! threads do.
//!
//! Which file may use which, bottom to top: `strategies`, `crew`; `together`; `value`, `name`; one
//! file a program; `isolated`, `list`.

pub mod attributes;
pub mod countdown;
mod crew;
pub mod dictionary;
pub mod echo;
pub mod fib;
mod isolated;
mod list;
mod name;
pub mod producer_consumer;
pub mod shared_counter;
pub mod shared_table;
mod strategies;
mod together;
pub mod trees;
mod value;

pub use crew::{CannotStart, Crew, Member, beside, crew_of};
pub use isolated::{ISOLATED_RUNTIMES, countdown_in_isolated_runtimes, has_isolated_runtimes};
pub use list::{WORKLOADS, WorkloadInfo, run_workload};
pub use strategies::{Job, STRATEGIES, StrategyInfo, ThreadsRun, for_each, run_on};
pub use together::{Done, Together, share, together, together_with};
