//! Exploring a model: every interleaving within a bound, counted.
//!
//! Loom ends a run that has reached its limits silently, as if it had been complete. Here the
//! limits come only from the caller, never from loom's environment variables, and a run that was
//! cut short says so.

use std::env;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tracing_subscriber::EnvFilter;

/// More branch points in one iteration than any model here needs; loom's own default is 1,000.
const MAX_BRANCHES: usize = 20_000;

/// How often loom looks at its clock, in iterations. Its own default of 20,000 is minutes of a slow
/// model.
const LOOK_AT_CLOCK_EVERY: usize = 500;

/// Iterations begun since the process started, of all explorations. Not a word of any model.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// How far an exploration goes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Preemptions in one iteration at most; all if none.
    pub bound: Option<usize>,
    /// After this time the exploration is cut short.
    pub time: Duration,
}

/// The result of an exploration.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Explored {
    /// Interleavings run.
    pub iterations: u64,
    /// Whether these were all within the bound.
    pub complete: bool,
}

/// Runs `model` in every interleaving within the limits. A model that fails panics, or aborts the
/// process.
pub fn explore(limits: Limits, model: impl Fn() + Send + Sync + 'static) -> Explored {
    log_if_asked();
    let before = begun();
    let start = Instant::now();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = limits.bound;
    builder.max_branches = MAX_BRANCHES;
    builder.max_permutations = None;
    builder.max_duration = Some(limits.time);
    if builder.checkpoint_file.is_none() {
        builder.checkpoint_interval = LOOK_AT_CLOCK_EVERY;
    }
    builder.check(move || {
        BEGUN.fetch_add(1, Ordering::Relaxed);
        model();
    });
    Explored { iterations: begun() - before, complete: start.elapsed() < limits.time }
}

/// Has loom's log printed if `LOOM_LOG` says which part of it. `loom::model` does that by itself, a
/// builder does not.
fn log_if_asked() {
    static ONCE: Once = Once::new();
    if env::var_os("LOOM_LOG").is_some() {
        ONCE.call_once(|| {
            let filter = EnvFilter::from_env("LOOM_LOG");
            tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).without_time().init();
        });
    }
}

/// Iterations begun since the process started: says where a model has failed.
pub fn begun() -> u64 {
    BEGUN.load(Ordering::Relaxed)
}
