//! What does it cost to enter an object inside another, and to go from one to the next by cloning
//! out?

mod common;

use keyway_benches::nested;

common::question!(nested::nested_rows(), nested::clone_out_rows());
