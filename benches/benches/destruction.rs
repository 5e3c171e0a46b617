//! What does it cost to destroy a chain, a tree, and an object that holds many others, object by
//! object?

mod common;

use keyway_benches::{chain, tree};

common::question!(chain::rows(), tree::rows(), tree::fan_rows());
