//! What a run of the models is told from outside.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

/// Names the preemption bound: a number, or `none` for every interleaving. 3 if it is not set.
pub const BOUND: &str = "KEYWAY_LOOM_BOUND";

/// Names the time that one model may take, in seconds; then it is cut short, which is a failure. 600 if it is not set.
pub const SECONDS: &str = "KEYWAY_LOOM_SECONDS";

/// Names the budget: `quick`, `ci` or `night`. The models that take long run from some budget on. `ci` if it is not set.
pub const BUDGET: &str = "KEYWAY_LOOM_BUDGET";

/// Names a file to which each model adds its row of the ledger, one JSON object a line. No file if it is not set.
pub const LEDGER: &str = "KEYWAY_LOOM_LEDGER";

/// Tells a process that it is to run this one model. Set by the harness for its children.
pub const MODEL: &str = "KEYWAY_LOOM_MODEL";

/// What to set [`MODEL`] to for a list of the models, one JSON object a line.
pub const LIST: &str = "list";

/// The preemption bound.
///
/// # Panics
/// If the variable is neither a number nor `none`.
pub fn bound() -> Option<usize> {
    match env::var(BOUND) {
        Err(_) => Some(3),
        Ok(text) if text == "none" => None,
        Ok(text) => {
            Some(text.parse().unwrap_or_else(|_| panic!("{BOUND}={text}: neither a number nor `none`")))
        }
    }
}

/// The time that one model may take.
///
/// # Panics
/// If the variable is not a number.
pub fn time() -> Duration {
    let seconds = env::var(SECONDS).map_or(600, |text| {
        text.parse().unwrap_or_else(|_| panic!("{SECONDS}={text}: not a number of seconds"))
    });
    Duration::from_secs(seconds)
}

/// How far a run goes: which models it has. How far each is explored is said by [`BOUND`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Budget {
    /// Inside `cargo test`.
    Quick,
    /// Inside `.ci/run`.
    Ci,
    /// Now and then.
    Night,
}

/// The budget.
///
/// # Panics
/// If the variable names none.
pub fn budget() -> Budget {
    match env::var(BUDGET).as_deref() {
        Ok("quick") => Budget::Quick,
        Err(_) | Ok("ci") => Budget::Ci,
        Ok("night") => Budget::Night,
        Ok(text) => panic!("{BUDGET}={text}: neither `quick` nor `ci` nor `night`"),
    }
}

/// The file for the rows of the ledger.
pub fn ledger() -> Option<PathBuf> {
    env::var_os(LEDGER).map(PathBuf::from)
}
