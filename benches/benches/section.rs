//! What does it cost to enter an object, and two at once; and the lock below, by itself?

mod common;

use keyway_benches::section;

common::question!(section::rows(), section::lock_rows(), section::pair_rows());
