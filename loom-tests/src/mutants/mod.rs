//! Mutants: seeded bugs, each a small patch, that the models must find for the stated reason.
//!
//! A mutant is a file in `loom-tests/mutants/`: a header of `key: value` lines, then a unified
//! diff. It is applied to a copy of the workspace, the models are built there, and those that the
//! header names are run. The mutant is *killed* if each of them fails for the reason in the header.
//! No mutation points in shipped code.

#[cfg(test)]
mod orderings;
mod patch;
mod tree;
mod verdict;

pub use patch::Mutant;
pub use tree::{Program, Tree};
pub use verdict::{Killed, Reason};
