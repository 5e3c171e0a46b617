//! What does one more reference cost the thread that made the object?

mod common;

use keyway_benches::owner_pair;

common::question!(owner_pair::rows(), owner_pair::rows_by_drop());
