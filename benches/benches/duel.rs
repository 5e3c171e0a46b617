//! What does one more reference cost when another thread is at the same object at the same time?

mod common;

use keyway_benches::duel;

common::question!(duel::owner_rows(), duel::other_rows());
