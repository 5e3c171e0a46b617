//! The list of all strategies. A new one is one line here.

use keyway::{
    Apart, AtomicCounts, BiasedCounts, GlobalLock, GroupLocks, Interval, ObjectLocks, ReturningFirst,
    SingleThread, Strategy, Ticks,
};

/// How the threads attached to one runtime run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadsRun {
    /// One thread is attached at a time, from its attach to its detach: there is nothing to run on two.
    Alone,
    /// Many are attached, and one of them runs at a time.
    InTurns,
    /// All run at once: the strategy is free-threaded.
    InParallel,
}

/// One strategy of the list.
#[derive(Clone, Copy, Debug)]
pub struct StrategyInfo {
    /// The id, as in [`Runtime::id`](keyway::Strategy::runtime).
    pub id: &'static str,
    /// How its threads run.
    pub threads: ThreadsRun,
    /// Who may change a count, in a few words.
    pub summary: &'static str,
}

impl StrategyInfo {
    /// Whether threads run in parallel under it.
    pub fn is_free_threaded(&self) -> bool {
        self.threads == ThreadsRun::InParallel
    }
}

/// Something to do with a strategy that is named at run time: a closure that is generic over the strategy.
pub trait Job {
    /// What comes of it.
    type Output;

    /// Does it with `S`.
    fn run<S: Strategy>(&mut self) -> Self::Output;
}

macro_rules! strategies {
    ($($id:literal: $strategy:ty, $threads:ident, $summary:literal;)*) => {
        /// All strategies, in the order in which tables show them.
        pub const STRATEGIES: &[StrategyInfo] = &[
            $(StrategyInfo { id: $id, threads: ThreadsRun::$threads, summary: $summary },)*
        ];

        /// Does `job` with the strategy that has this id; none if no strategy has it.
        pub fn run_on<J: Job>(id: &str, job: &mut J) -> Option<J::Output> {
            match id {
                $($id => Some(job.run::<$strategy>()),)*
                _ => None,
            }
        }

        /// Does `job` with every strategy, in the order of [`STRATEGIES`].
        pub fn for_each<J: Job>(job: &mut J) -> Vec<J::Output> {
            vec![$(job.run::<$strategy>()),*]
        }
    };
}

strategies! {
    "single-thread": SingleThread, Alone, "the one attached thread, a plain word";
    "global-lock-interval": GlobalLock<Interval>, InTurns, "whoever holds the global lock, handed over when asked (CPython 3.2+)";
    "global-lock-ticks": GlobalLock<Ticks>, InTurns, "whoever holds the global lock, let go every 100 checkpoints (CPython 2)";
    "global-lock-returning-first": GlobalLock<ReturningFirst>, InTurns, "whoever holds the global lock, who comes back from blocking goes first";
    "object-locks": ObjectLocks, InParallel, "whoever holds the object's count lock";
    "group-locks": GroupLocks, InParallel, "whoever holds the count lock of the object's group";
    "atomic-counts": AtomicCounts, InParallel, "anyone, one atomic word";
    "biased-counts": BiasedCounts, InParallel, "the owner on a plain word, others on an atomic one";
    "biased-counts-apart": BiasedCounts<Apart>, InParallel, "the same, on cache lines of their own";
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Id;

    impl Job for Id {
        type Output = &'static str;

        fn run<S: Strategy>(&mut self) -> &'static str {
            S::runtime().id
        }
    }

    #[test]
    fn every_line_names_the_id_of_its_own_strategy() {
        let listed: Vec<_> = STRATEGIES.iter().map(|strategy| strategy.id).collect();
        assert_eq!(for_each(&mut Id), listed);
        for id in listed {
            assert_eq!(run_on(id, &mut Id), Some(id));
        }
    }

    #[test]
    fn an_unknown_id_runs_nothing() {
        assert_eq!(run_on("no-such-strategy", &mut Id), None);
    }
}
