//! Running a model under schedules that shuttle chooses.

use shuttle::scheduler::{PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId};
use shuttle::{Config, Runner};

use super::{futex, global, grave};

/// The seed of every exploration, so that it does the same each time; the environment's
/// `SHUTTLE_RANDOM_SEED` replaces it.
const SEED: u64 = 0x6b65_7977_6179;

/// Bytes of a thread's stack; enough for a panic with a backtrace.
const STACK: usize = 512 * 1024;

/// How the next thread to run is chosen.
#[derive(Clone, Copy, Debug)]
pub enum Schedules {
    /// Any thread that can run, each as likely as another.
    Random,
    /// By priorities drawn at random, which change at `depth` - 1 places drawn at random
    /// (probabilistic concurrency testing): finds a bug that takes `depth` steps in the right order
    /// with a probability that has a lower bound.
    Pct {
        /// See [`Schedules::Pct`].
        depth: usize,
    },
}

/// PCT's schedules; only one if two threads were never ready at once in it: then there is no other
/// schedule, which PCT takes for a mistake.
struct PctIfConcurrent {
    pct: PctScheduler,
    runs: usize,
    is_concurrent: bool,
}

impl Scheduler for PctIfConcurrent {
    fn new_execution(&mut self) -> Option<Schedule> {
        if self.runs > 0 && !self.is_concurrent {
            return None;
        }
        self.runs += 1;
        self.pct.new_execution()
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, yields: bool) -> Option<TaskId> {
        self.is_concurrent |= runnable.len() > 1;
        self.pct.next_task(runnable, current, yields)
    }

    fn next_u64(&mut self) -> u64 {
        self.pct.next_u64()
    }
}

/// Runs `model` in as many interleavings, or in the only one if PCT finds no other. A model that
/// fails panics, after shuttle has printed its schedule.
pub fn explore(schedules: Schedules, iterations: usize, model: impl Fn() + Send + Sync + 'static) -> usize {
    match schedules {
        Schedules::Random => run(RandomScheduler::new_from_seed(SEED, iterations), model),
        Schedules::Pct { depth } => {
            let pct = PctScheduler::new_from_seed(SEED, depth, iterations);
            run(PctIfConcurrent { pct, runs: 0, is_concurrent: false }, model)
        }
    }
}

fn run(scheduler: impl Scheduler + 'static, model: impl Fn() + Send + Sync + 'static) -> usize {
    let mut config = Config::new();
    config.stack_size = STACK;
    // That orderings are not modelled and that statics are dropped after each run: both are known.
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(move || {
        global::prepare();
        futex::prepare();
        grave::prepare();
        model();
    })
}
