//! The tests that every strategy must pass: one suite, one line a strategy.
//!
//! [`suite!`] expands to named tests for one strategy: random programs against a sequential oracle,
//! and one test for each rule that every strategy keeps. A strategy added later gets all of them by
//! the same line in its `tests/conformance.rs`:
//!
//! ```text
//! keyway_conformance::suite!(AtomicCounts, free_threaded);
//! ```
//!
//! The tests of one strategy share its process-wide runtime, so they run one at a time. No test
//! depends on how long something takes: a wait that should end is given two minutes and a test
//! fifteen, so that a deadlock is a failure and not a hang.
//!
//! | variable | meaning |
//! |---|---|
//! | `KEYWAY_CONFORMANCE_SEED` | the seed of the first random program, as a failure prints it |
//! | `KEYWAY_CONFORMANCE_PROGRAMS` | how many random programs, in place of 100,000 (optimised) or 5,000 (debug) |
//!
//! Files, bottom to top: `subject` (what a strategy tells of itself), `bystander` (a second
//! runtime), `watch`, `elsewhere`, `groups` and `child` (what tests look at and with), `forks`
//! (rules that some strategies keep), `programs/` (generation, oracle, execution), `rules/` (a file
//! a group), `suite` (the list).

mod bystander;
mod child;
mod elsewhere;
#[cfg(unix)]
pub mod forks;
mod groups;
#[doc(hidden)]
pub mod programs;
#[doc(hidden)]
pub mod rules;
mod subject;
mod suite;
mod watch;

pub use bystander::Bystander;
pub use subject::Subject;

/// What [`suite!`] expands to; not for direct use.
#[doc(hidden)]
pub mod __private {
    pub use crate::suite::run;
    pub use keyway_object_model::{Ref, Thread};
}
