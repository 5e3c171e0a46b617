//! Races on show: what goes wrong without the protection that every strategy gives, step by step.
//!
//! Nothing is told here that was not read off a run: the model of a strategy that is wrong on
//! purpose is run until it fails, and tells the steps of the iteration in which it did.

mod steps;
mod story;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

use crate::machine::Machine;
use crate::models::{Failure, Limits, Models};
use crate::output::Output;
use crate::progress::Progress;
use crate::streams::tell;
use steps::Step;

/// What kind of document this experiment makes, and its version.
const SCHEMA: &str = "keyway-lab/race/1";

/// More preemptions than one are needed for none of the races, and would only make the
/// interleavings harder to read.
const LIMITS: Limits = Limits { bound: Some(1), time: Duration::from_secs(60) };

/// Show how an unprotected count, or naive nested locks, go wrong: one interleaving that fails,
/// step by step
///
/// Runs a model under loom, which tries the interleavings of its threads one after the other, on a
/// strategy that is wrong on purpose, and prints the first that fails. The exit status is 0 if one
/// was found, 1 if not. The first run builds the models, which takes a minute or two.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What is to go wrong
    race: Race,
}

/// A race that can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Race {
    /// Two releases at the same time, one of which is lost: the object is never destroyed
    Leak,
    /// Two retains at the same time, one of which is lost: the object is destroyed while it is in
    /// use
    UseAfterFree,
    /// Two threads that lock two objects in opposite orders
    Deadlock,
}

impl Race {
    fn model(self) -> &'static str {
        match self {
            Race::Leak => "unprotected-counts::last_release_races_last_release",
            Race::UseAfterFree => "unprotected-counts::clones_at_the_same_time",
            Race::Deadlock => "naive-locks::opposite_nesting",
        }
    }

    /// The word for it in a model's failure.
    fn reason(self) -> &'static str {
        match self {
            Race::Leak => "leak",
            Race::UseAfterFree => "use after free",
            Race::Deadlock => "deadlock",
        }
    }
}

/// What the document holds besides.
#[derive(Debug, Serialize)]
struct Found {
    model: &'static str,
    reason: &'static str,
    /// In which interleaving it was found, counted from 1.
    iterations: u64,
    rows: Vec<Step>,
    /// What went wrong, in sentences.
    conclusion: Vec<String>,
}

/// Runs the race's model and shows how it fails.
pub(crate) fn run(arguments: Arguments, output: &Output) -> io::Result<ExitCode> {
    let race = arguments.race;
    let mut machine = Machine::before_run(1);
    let found = match find(race) {
        Ok(found) => found,
        Err(error) => {
            tell!("error: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    machine.after_run();
    let text = || {
        let introduction = story::introduction(race, found.iterations);
        let conclusion = found.conclusion.join("\n");
        format!("{introduction}\n\n{}\nWhat went wrong\n\n{conclusion}\n", steps::table(&found.rows))
    };
    output.print_results(SCHEMA, &machine, &found, text, &[])?;
    Ok(ExitCode::SUCCESS)
}

fn find(race: Race) -> Result<Found, String> {
    let progress = Progress::new(2);
    progress.begin("building the models".to_owned());
    let models = Models::build()?;
    progress.end();
    progress.begin(format!("running {}", race.model()));
    let said = models.run(race.model(), LIMITS)?;
    if said.passed() {
        return Err(format!("{} passed: no interleaving with a {}", race.model(), race.reason()));
    }
    let Failure { iteration, reason, message } =
        said.failure().ok_or_else(|| format!("{} ended without saying why", race.model()))?;
    if reason.as_deref() != Some(race.reason()) {
        return Err(format!("{} failed, but not by a {}: {message}", race.model(), race.reason()));
    }
    let rows: Vec<Step> = said.marked("keyway-step: ")?;
    let conclusion = story::conclusion(race, &rows)?;
    Ok(Found { model: race.model(), reason: race.reason(), iterations: iteration, rows, conclusion })
}
