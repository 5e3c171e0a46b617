//! What does one more reference cost a thread that did not make the object?

mod common;

use keyway_benches::non_owner_pair;

common::question!(non_owner_pair::rows(), non_owner_pair::rows_merged());
