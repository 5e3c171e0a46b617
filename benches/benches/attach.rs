//! What does it cost to attach, to pass a checkpoint, and to hand the global lock over?

mod common;

use keyway_benches::turns;

common::question!(turns::attach_rows(), turns::checkpoint_rows(), turns::hand_over_rows());
