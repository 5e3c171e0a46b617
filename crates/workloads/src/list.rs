//! The list of all workloads. A new one is one line here, and a file with `run` and `expected`.

use keyway::Strategy;

use crate::together::Done;
use crate::{attributes, countdown, dictionary, fib, producer_consumer, shared_counter, shared_table, trees};

/// One workload of the list.
#[derive(Clone, Copy, Debug)]
pub struct WorkloadInfo {
    /// Its id.
    pub id: &'static str,
    /// Whether its threads share objects. Otherwise each does its part for itself.
    pub shares: bool,
    /// A size that takes some milliseconds where counts are plain words: longer than the start of a
    /// thread, short enough for many rounds.
    pub size: u64,
    /// Its purpose, in a few words.
    pub summary: &'static str,
    /// The expected result, by the size.
    pub expected: fn(u64) -> u64,
}

macro_rules! workloads {
    ($($id:literal: $module:ident, $shares:literal, $size:literal, $summary:literal;)*) => {
        /// All workloads, in the order in which tables show them.
        ///
        /// ```
        /// use keyway::BiasedCounts;
        /// use keyway_workloads::{WORKLOADS, run_workload};
        ///
        /// for workload in WORKLOADS {
        ///     let done = run_workload::<BiasedCounts>(workload.id, 100, 2).unwrap();
        ///     assert_eq!(done.result, (workload.expected)(100));
        /// }
        /// ```
        pub const WORKLOADS: &[WorkloadInfo] = &[
            $(WorkloadInfo {
                id: $id, shares: $shares, size: $size, summary: $summary, expected: $module::expected,
            },)*
        ];

        /// Runs the workload that has this id on `threads` new threads; none if no workload has it.
        /// A larger size is as much more work.
        ///
        /// The calling thread must not be attached to `S`. Under a strategy that lets one thread be
        /// attached at a time, from its attach to its detach, a workload whose threads share
        /// objects must be run on one.
        ///
        /// # Panics
        /// If a thread cannot be started.
        pub fn run_workload<S: Strategy>(id: &str, size: u64, threads: usize) -> Option<Done> {
            match id {
                $($id => Some($module::run::<S>(size, threads).into()),)*
                _ => None,
            }
        }
    };
}

workloads! {
    "countdown": countdown, false, 1_000_000, "the article's loop: a boxed integer an iteration";
    "fib": fib, false, 100, "calls: a recursive function of boxed integers";
    "attributes": attributes, false, 200_000, "an object graph: four sections a step";
    "dictionary": dictionary, false, 100_000, "counting words: entries come and go";
    "trees": trees, false, 400, "objects made, followed and freed";
    "producer-consumer": producer_consumer, true, 200_000, "objects handed on through a bounded queue";
    "shared-counter": shared_counter, true, 300_000, "one object that all threads change";
    "shared-table": shared_table, true, 300_000, "one table that all threads read and seldom change";
}
