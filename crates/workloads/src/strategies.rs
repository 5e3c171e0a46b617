//! All strategies by their ids: the list is
//! [`keyway::for_each_strategy!`](keyway::for_each_strategy).

use keyway::Strategy;

/// How the threads attached to one runtime run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadsRun {
    /// One thread is attached at a time, from its attach to its detach: there is nothing to run on
    /// two.
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

/// Something to do with a strategy that is named at run time: a closure that is generic over the
/// strategy.
pub trait Job {
    /// The result.
    type Output;

    /// Does it with `S`.
    fn run<S: Strategy>(&mut self) -> Self::Output;
}

macro_rules! strategies {
    ([] $($id:literal: $strategy:ty, $threads:ident, $summary:literal;)*) => {
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

keyway::for_each_strategy!(strategies);

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
