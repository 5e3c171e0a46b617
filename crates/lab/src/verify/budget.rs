//! How far a run goes.

use std::time::Duration;

use clap::ValueEnum;

use crate::models::{Limits, Row};

/// A named extent of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Budget {
    /// Every model at preemption bound 2, no mutants
    Quick,
    /// Every model at bound 3, all mutants
    Ci,
    /// Every model at bound 4, small ones also without a bound, all mutants: hours
    Night,
}

/// Interleavings within bound 4 up to which a model is small enough to be run without a bound.
const SMALL: u64 = 200;

/// Whether a model that has this row is also worth running without a bound.
pub(super) fn is_small(row: &Row) -> bool {
    row.complete && row.iterations <= SMALL
}

/// Whether this row of a run without a bound says anything new: a model that is never without one
/// has only done again what it did before.
pub(super) fn is_news(row: &Row) -> bool {
    row.bound.is_none() || !row.complete
}

impl Budget {
    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Budget::Quick => "quick",
            Budget::Ci => "ci",
            Budget::Night => "night",
        }
    }

    /// How far each model is explored, and when it is cut short: late enough that only a model
    /// which has grown beyond its budget is.
    pub(super) fn limits(self) -> Limits {
        let (bound, minutes) = match self {
            Budget::Quick => (2, 2),
            Budget::Ci => (3, 30),
            Budget::Night => (4, 4 * 60),
        };
        Limits { bound: Some(bound), time: Duration::from_secs(60 * minutes) }
    }

    /// The limits for models that are run without a bound, if any are.
    pub(super) fn without_a_bound(self) -> Option<Limits> {
        (self == Budget::Night).then(|| Limits { bound: None, ..self.limits() })
    }

    /// Whether the mutants are run.
    pub(super) fn has_mutants(self) -> bool {
        self != Budget::Quick
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_keeps_its_bound_is_told_once_unless_it_fails() {
        let row = |bound: Option<usize>, complete| {
            let row = serde_json::json!({
                "name": "m", "strategy": "s", "threads": 2, "programs": 1, "start_states": 1, "bound": bound,
                "iterations": 1, "seconds": 0.0, "complete": complete,
            });
            serde_json::from_value::<Row>(row).unwrap()
        };
        assert!(is_news(&row(None, true)) && is_news(&row(None, false)) && is_news(&row(Some(4), false)));
        assert!(!is_news(&row(Some(4), true)));
    }
}
