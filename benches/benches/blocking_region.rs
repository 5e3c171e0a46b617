//! What does a blocking region cost when nobody waits?

mod common;

use keyway_benches::blocking_region;

common::question!(blocking_region::rows());
