//! The ledger: every model of every strategy, and the mutants that the models must find.

mod budget;
mod ledger;
mod mutants;
mod pace;
mod page;
mod run;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use keyway_report::KeptLedger;
use keyway_workloads::STRATEGIES;

use crate::file;
use crate::machine::Machine;
use crate::models::Models;
use crate::output::Output;
use crate::streams::tell;
use budget::Budget;
use ledger::Ledger;

/// What kind of document this experiment makes, and its version.
const SCHEMA: &str = "keyway-lab/verify/1";

/// Run the models of every strategy, and the mutants that they must find; write one table of it
/// all, the ledger
///
/// The exit status is 1 if a model failed, was cut short or was not run at all, or if a mutant
/// survived. The models and mutants that run, and the time that is likely to be left, are told on
/// standard error.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How far to go
    #[arg(long, value_enum, default_value_t = Budget::Ci)]
    budget: Budget,

    /// Only the models and mutants of this strategy; may be given several times
    #[arg(long = "strategy", value_name = "ID", value_parser = strategy_ids())]
    strategies: Vec<String>,

    /// Also write the ledger to this file, as a page of the documentation, and next to it, with the
    /// extension json, each strategy's results in short; the folder is made if need be
    #[arg(long, value_name = "FILE", value_parser = page_place())]
    docs: Option<PathBuf>,
}

impl Arguments {
    /// Whether what belongs to this strategy is run.
    fn wants(&self, strategy: &str) -> bool {
        self.strategies.is_empty() || self.strategies.iter().any(|wanted| wanted == strategy)
    }
}

fn strategy_ids() -> PossibleValuesParser {
    let ids = STRATEGIES.iter().map(|strategy| PossibleValue::new(strategy.id).help(strategy.summary));
    ids.collect::<Vec<_>>().into()
}

/// A place for the page. Its folder may still have to be made, so that nothing is looked up here.
fn page_place() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|path| page_at(path.into()))
}

/// The place itself, unless what stands beside the page would take it.
fn page_at(page: PathBuf) -> Result<PathBuf, String> {
    match page.extension() {
        // The ends of names may not be told apart by their case.
        Some(end) if end.eq_ignore_ascii_case("json") => {
            Err("the page needs another ending: its figures in short go to a file that ends in .json"
                .to_owned())
        }
        _ => Ok(page),
    }
}

/// Where the figures in short stand, beside the page.
fn beside(page: &Path) -> PathBuf {
    page.with_extension("json")
}

/// Runs everything that the arguments name and shows the ledger.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    // Before anything is run: not to find out after half an hour that there is nowhere to write to.
    if let Some(Err(error)) = arguments.docs.as_deref().map(make_room) {
        tell!("error: {error}");
        return Ok(ExitCode::FAILURE);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut machine = Machine::before_run(cores);
    let ledger = match collect(arguments, cores) {
        Ok(ledger) => ledger,
        Err(error) => {
            tell!("error: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    machine.after_run();
    let complaints = ledger.complaints();
    let page = arguments.docs.as_ref().map(|path| {
        let in_short = in_short(&ledger, &machine, output.command());
        file::write(path, &page::page(&ledger, &complaints, &machine, output.command()))
            .and_then(|()| file::write(&beside(path), &in_short))
    });
    let mut notes = vec![ledger.in_short()];
    notes.extend(complaints.iter().cloned());
    output.print_results(SCHEMA, &machine, &ledger, || ledger.text(), &notes)?;
    if let Some(Err(error)) = page {
        tell!("{error}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The ledger in short, which stands next to its page, so that other pages can show what it found.
fn in_short(ledger: &Ledger, machine: &Machine, command: &str) -> String {
    let document = serde_json::json!({
        "command": command, "machine": machine, "models": ledger.models, "mutants": ledger.mutants,
    });
    KeptLedger::of(&document).to_json()
}

/// Makes the folder of a page, if need be, and makes sure that the page and what stands beside it
/// can be written. What they hold already is left alone, and no file is made.
fn make_room(page: &Path) -> Result<(), String> {
    if let Some(folder) = page.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("cannot write {}: {error}", page.display()))?;
    }
    for path in [page, &beside(page)] {
        keyway_report::can_write(path)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(())
}

fn collect(arguments: &Arguments, cores: usize) -> Result<Ledger, String> {
    tell!("building the models");
    let models = Models::build()?;
    let mut listed = models.list(arguments.budget.word())?;
    listed.retain(|model| arguments.wants(&model.strategy));
    let limits = arguments.budget.limits();
    let mut rows = run::all(&models, listed.iter().map(|model| (model, limits)).collect(), cores)?;
    if let Some(unbounded) = arguments.budget.without_a_bound() {
        let small = listed.iter().filter(|model| {
            let is_of_it =
                |row: &&crate::models::Row| row.name == model.name && row.strategy == model.strategy;
            rows.iter().find(is_of_it).is_some_and(budget::is_small)
        });
        let unbounded = run::all(&models, small.map(|model| (model, unbounded)).collect(), cores)?;
        rows.extend(unbounded.into_iter().filter(budget::is_news));
    }
    rows.sort_by(|one, two| {
        (&one.strategy, &one.name, one.bound.is_none()).cmp(&(&two.strategy, &two.name, two.bound.is_none()))
    });
    let mutants = if arguments.budget.has_mutants() {
        Some(mutants::judge(|strategy| arguments.wants(strategy))?)
    } else {
        None
    };
    Ok(Ledger::new(rows, mutants))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_does_not_take_the_name_of_what_stands_beside_it() {
        for page in ["ledger.json", "docs/ledger.JSON"] {
            let refused = page_at(page.into());
            assert!(refused.as_ref().is_err_and(|why| why.contains(".json")), "{refused:?}");
        }
        assert_eq!(page_at("json".into()), Ok(PathBuf::from("json")));
    }

    #[test]
    fn a_folder_in_the_way_of_either_file_is_found_before_anything_is_run() {
        let place = tempfile::tempdir().expect("a folder");
        let page = place.path().join("new/ledger.md");
        make_room(&page).expect("there is room");
        fs::create_dir(beside(&page)).expect("a folder in the way");
        let refused = make_room(&page);
        assert!(refused.as_ref().is_err_and(|why| why.contains("ledger.json")), "{refused:?}");
        assert!(!page.exists());
    }
}
