//! What does an object cost that is made and released by the same thread?

mod common;

use keyway_benches::alloc_free;

common::question!(alloc_free::rows());
