//! Races on show: what goes wrong without the protection that every strategy gives.
//!
//! Two strategies that are wrong on purpose, and exist here only: counts that nothing protects, and
//! locks that are kept while another one is waited for. They run scenarios that all real strategies
//! pass, and must fail. While they run, a log of plain memory, which loom does not see, keeps the
//! steps of the iteration; when it fails, the log is printed, one JSON object a line. So what is
//! shown is the failing interleaving itself.

mod step;

#[cfg(loom)]
mod log;
#[cfg(loom)]
mod naive_locks;
#[cfg(loom)]
mod unprotected_counts;
#[cfg(loom)]
mod whole_count;

#[cfg(loom)]
pub use log::print as print_steps;
pub use step::{Act, Step};

use crate::mutants::Reason;

/// A race that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Race {
    /// A lost decrement.
    Leak,
    /// A lost increment.
    UseAfterFree,
    /// Nested locks in opposite orders.
    Deadlock,
}

impl Race {
    /// All of them.
    pub const ALL: [Race; 3] = [Race::Leak, Race::UseAfterFree, Race::Deadlock];

    /// The name on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Race::Leak => "leak",
            Race::UseAfterFree => "use-after-free",
            Race::Deadlock => "deadlock",
        }
    }

    /// Why its model fails.
    pub fn reason(self) -> Reason {
        match self {
            Race::Leak => Reason::Leak,
            Race::UseAfterFree => Reason::UseAfterFree,
            Race::Deadlock => Reason::Deadlock,
        }
    }

    /// The model that fails, `strategy::name`.
    pub fn model(self) -> &'static str {
        match self {
            Race::Leak => "unprotected-counts::last_release_races_last_release",
            Race::UseAfterFree => "unprotected-counts::clones_at_the_same_time",
            Race::Deadlock => "naive-locks::opposite_nesting",
        }
    }
}

#[cfg(loom)]
mod modelled {
    use std::env;
    use std::process::Command;

    use super::naive_locks::NaiveLocks;
    use super::unprotected_counts::UnprotectedCounts;
    use super::{Race, Step, log};
    use crate::model::Model;
    use crate::mutants::Reason;
    use crate::scenarios::{counts, sections};
    use crate::settings;

    /// The models that must fail, one for each race.
    pub fn models() -> Vec<Model> {
        vec![
            Model::of::<UnprotectedCounts>("last_release_races_last_release", 2, |explorer| {
                explorer.explore(log::kept(counts::last_release_races_last_release::<UnprotectedCounts>));
            }),
            Model::of::<UnprotectedCounts>("clones_at_the_same_time", 2, |explorer| {
                explorer.explore(log::kept(counts::clones_at_the_same_time::<UnprotectedCounts>));
            }),
            Model::of::<NaiveLocks>("opposite_nesting", 2, |explorer| {
                explorer.explore(log::kept(sections::opposite_nesting::<NaiveLocks>));
            }),
        ]
    }

    impl Race {
        /// Runs the race's model in a process of its own, which must fail for the race's reason and
        /// tell its steps.
        ///
        /// # Errors
        /// The model passed, or failed for another reason, or told nothing.
        pub fn is_found(self) -> Result<(), String> {
            let program = env::current_exe().map_err(|error| format!("this program's path: {error}"))?;
            let mut command = Command::new(program);
            command.env(settings::MODEL, self.model()).env_remove(settings::LEDGER);
            let output = command.output().map_err(|error| error.to_string())?;
            let said = String::from_utf8_lossy(&output.stderr);
            if output.status.success() {
                return Err(format!("{} passed, and must fail: {}", self.model(), self.reason()));
            }
            if Reason::of(&said) != Some(self.reason()) {
                return Err(format!("{} failed, but not by {}:\n{said}", self.model(), self.reason()));
            }
            let steps = Step::find_all(&String::from_utf8_lossy(&output.stdout))?;
            if steps.is_empty() { Err("the failing iteration was not told".to_owned()) } else { Ok(()) }
        }
    }
}
#[cfg(loom)]
pub use modelled::models;
