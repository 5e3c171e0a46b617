//! A model: what is run, and what is said about it.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use keyway::Strategy;
use keyway_object_model::ContentsLock;

use crate::backend::explore::{self, Limits};
use crate::row::Row;
use crate::settings::{self, Budget};

/// The program that is being explored, if it is one of many that are told apart. Not a word of the
/// model.
static PROGRAM: Mutex<Option<String>> = Mutex::new(None);

/// The program that is being explored, if it is one of many that are told apart.
pub fn program() -> Option<String> {
    PROGRAM.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// One model of one strategy.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// What it shows. The same for all strategies that run it.
    pub name: &'static str,
    /// The strategy's id.
    pub strategy: &'static str,
    /// Threads, the first included. Loom has five at most.
    pub threads: usize,
    /// Runs it.
    pub check: fn(&mut Explorer),
    /// The smallest budget that has it.
    pub budget: Budget,
    /// Attaches once more, where it takes that to destroy what was dropped on unattached threads.
    pub settle: Option<fn()>,
}

impl Model {
    /// A model of strategy `S`.
    pub(crate) fn of<S: Strategy>(name: &'static str, threads: usize, check: fn(&mut Explorer)) -> Model {
        let settle: Option<fn()> =
            if <S::Lock as ContentsLock>::LOCKS { None } else { Some(|| keyway::attach::<S, _>(|_| ())) };
        Model { name, strategy: S::runtime().id, threads, check, budget: Budget::Quick, settle }
    }

    /// The same, but not run within a smaller budget than this: it takes long.
    #[cfg(loom)]
    pub(crate) fn from(self, budget: Budget) -> Model {
        Model { budget, ..self }
    }

    /// The name by which one model is called on the command line: `strategy::name`.
    pub fn id(&self) -> String {
        format!("{}::{}", self.strategy, self.name)
    }

    /// Prints what it is for the parent process.
    pub fn report(&self) {
        let Model { name, strategy, threads, .. } = self;
        println!(
            "keyway-listed: {}",
            serde_json::json!({ "name": name, "strategy": strategy, "threads": threads })
        );
    }

    /// Explores it in this process, within the limits of the [settings].
    pub fn run(&self) -> Row {
        let start = Instant::now();
        let mut explorer = Explorer::new();
        (self.check)(&mut explorer);
        Row {
            name: self.name.to_owned(),
            strategy: self.strategy.to_owned(),
            threads: self.threads,
            programs: explorer.programs,
            start_states: explorer.start_states.max(1),
            bound: explorer.limits.bound,
            iterations: explorer.iterations,
            seconds: start.elapsed().as_secs_f64(),
            complete: explorer.complete && explorer.iterations > 0,
        }
    }
}

/// Runs the programs of one model and adds up what they took.
#[derive(Debug)]
pub struct Explorer {
    limits: Limits,
    start: Instant,
    programs: u64,
    start_states: u64,
    iterations: u64,
    complete: bool,
}

impl Explorer {
    fn new() -> Self {
        let limits = Limits { bound: settings::bound(), time: settings::time() };
        let start = Instant::now();
        Explorer { limits, start, programs: 0, start_states: 0, iterations: 0, complete: true }
    }

    /// From here on, programs start from one more state.
    pub fn count_start_state(&mut self) {
        self.start_states += 1;
    }

    /// Explores every interleaving from here on, whatever the bound is: for models that can afford
    /// it.
    pub fn lift_bound(&mut self) {
        self.limits.bound = None;
    }

    /// Goes no further than this bound from here on, whatever the bound is: for models that can
    /// afford no more.
    pub fn lower_bound_to(&mut self, most: usize) {
        self.limits.bound = Some(self.limits.bound.map_or(most, |bound| bound.min(most)));
    }

    /// As [`explore`](Self::explore), of a program that is told where to note that something has
    /// happened which may happen.
    ///
    /// # Panics
    /// If it has happened in no interleaving. Only loom tries them all; elsewhere this is not
    /// looked at.
    pub(crate) fn explore_until_seen(
        &mut self,
        what: &str,
        program: impl Fn(&Sighting) + Send + Sync + 'static,
    ) {
        let sighting = Arc::new(Sighting { seen: AtomicBool::new(false), alone: is_alone() });
        let noted = Arc::clone(&sighting);
        self.explore(move || program(&sighting));
        assert!(noted.seen.load(Ordering::Relaxed) || !cfg!(loom), "rule broken: {what} in no interleaving");
    }

    /// Says which program of many comes next, for the message if it fails.
    pub fn tell(&mut self, program: &dyn Debug) {
        *PROGRAM.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{program:?}"));
    }

    /// Runs one program in every interleaving within the bound.
    pub fn explore(&mut self, program: impl Fn() + Send + Sync + 'static) {
        self.programs += 1;
        let left = self.limits.time.saturating_sub(self.start.elapsed());
        if left.is_zero() {
            self.complete = false;
            return;
        }
        let explored = explore::explore(Limits { time: left, ..self.limits }, program);
        self.iterations += explored.iterations;
        self.complete &= explored.complete;
    }
}

/// Whether something was seen in any interleaving. Not a word of the model.
#[derive(Debug)]
pub(crate) struct Sighting {
    seen: AtomicBool,
    alone: bool,
}

impl Sighting {
    /// It has happened.
    pub(crate) fn note(&self) {
        self.seen.store(true, Ordering::Relaxed);
    }

    /// Whether no copies of the program run at the same time, whose threads could take what this
    /// one's should have.
    pub(crate) fn is_alone(&self) -> bool {
        self.alone
    }
}

/// Whether programs run one at a time: always under loom, where there are no crowds.
pub(crate) fn is_alone() -> bool {
    #[cfg(loom)]
    return true;
    #[cfg(not(loom))]
    return crate::beside::is_alone();
}

/// Lists scenarios as models: `scenarios!(S; 2: one, another; 3: a_third)` with the number of
/// threads before the colon.
macro_rules! scenarios {
    ($strategy:ident; $($threads:literal: $($name:ident),+ $(,)?);+ $(;)?) => {
        vec![$($(
            $crate::model::Model::of::<$strategy>(
                stringify!($name), $threads, |explorer| explorer.explore($name::<$strategy>),
            )
        ),+),+]
    };
}
pub(crate) use scenarios;
