//! The operations that benches and lab measure, each written once, and how one is counted instead
//! of timed.
//!
//! An operation is a generic function over the strategy, in a file named after it, through the face
//! that users call. Each file has `rows`: the operation under every strategy to which it applies,
//! and the same on the subjects that it is compared with. A [`Row`] runs a given number of
//! operations and says how long they took; criterion and the lab decide how often and in which
//! order.

pub mod alloc_free;
mod apart;
mod beside;
pub mod blocking_region;
pub mod chain;
mod clock;
pub mod delay;
pub mod duel;
pub mod meeting;
pub mod memory;
pub mod nested;
pub mod non_owner_pair;
pub mod owner_pair;
mod peers;
pub mod remote_free;
mod row;
pub mod section;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub mod steps;
pub mod tree;
pub mod turns;

pub use clock::Together;
pub use peers::header_bytes;
pub use row::{Row, Sample};

/// Every operation on every subject.
pub fn rows() -> Vec<Row> {
    [
        owner_pair::rows(),
        owner_pair::rows_by_drop(),
        non_owner_pair::rows(),
        non_owner_pair::rows_merged(),
        alloc_free::rows(),
        remote_free::rows(),
        duel::owner_rows(),
        duel::other_rows(),
        section::rows(),
        section::lock_rows(),
        section::pair_rows(),
        nested::nested_rows(),
        nested::clone_out_rows(),
        turns::attach_rows(),
        turns::checkpoint_rows(),
        blocking_region::rows(),
        turns::hand_over_rows(),
        chain::rows(),
        tree::rows(),
        tree::fan_rows(),
    ]
    .concat()
}
