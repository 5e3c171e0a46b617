//! What does an object cost that one thread makes and another releases for the last time?

mod common;

use keyway_benches::remote_free;

common::question!(remote_free::rows());
