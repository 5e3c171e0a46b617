//! Scenarios under shuttle.

use std::time::Duration;

use keyway_sync::explore::{Schedules, explore as run};

/// How often each scenario is run under each kind of schedules if nothing else is said.
const USUAL: u64 = 100;

/// Under PCT, how many steps in the right order a bug may take to be found with a known
/// probability.
const DEPTH: usize = 3;

/// As for loom. There is no bound, and the number of iterations ends the run, not the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) bound: Option<usize>,
    pub(crate) time: Duration,
}

/// As for loom.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub(crate) struct Explored {
    pub(crate) iterations: u64,
    pub(crate) complete: bool,
}

/// Runs the program under each kind of schedules, as often as the environment says.
pub(crate) fn explore(_: Limits, program: impl Fn() + Send + Sync + 'static) -> Explored {
    let program = std::sync::Arc::new(super::crowd(program));
    let times = usize::try_from(super::iterations(USUAL)).expect("a number of runs");
    let under = |schedules| {
        let program = std::sync::Arc::clone(&program);
        run(schedules, times, move || program()) as u64
    };
    let (random, pct) = (under(Schedules::Random), under(Schedules::Pct { depth: DEPTH }));
    // A program in which nothing runs at the same time has one schedule.
    let complete = random == times as u64 && (pct == times as u64 || pct == 1);
    Explored { iterations: random + pct, complete }
}
