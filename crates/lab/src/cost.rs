//! The experiment `cost`: what every operation costs under every strategy, next to the subjects
//! that it is compared with.

mod limits;
mod page;
mod plan;
mod row;
mod table;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, value_parser};
use keyway_benches as benches;

use crate::file;
use crate::machine::Machine;
use crate::output::Output;
use crate::progress::Progress;
use crate::rounds::Rounds;
use crate::streams::tell;
use plan::Cell;
use row::{Counted, Measured};

/// The version of the document: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-lab/cost/1";

/// What each operation costs under each strategy, next to Rc, Arc, Box, locks and pointers of other
/// crates: the figures to cite
///
/// Every row is measured once a round, and ratios are formed within a round: to `rc`, `arc` and
/// `box` doing the same operation, and to one lock and unlock of `parking-lot-raw`. Shown are
/// medians over the rounds, with the 95 % bootstrap interval of the median. The rows `...-again`
/// measure the same thing twice: a difference as small as theirs means nothing.
///
/// Instructions, and locked ones among them, are counted by stepping through the operation in a
/// child process; they do not depend on how busy the machine is. Operations of several threads are
/// not stepped through.
///
/// Rows of several threads are marked where the threads were not all on a core, or not at it at the
/// same time.
#[derive(Args, Clone, Debug, PartialEq)]
pub(crate) struct Arguments {
    /// How often everything is measured
    #[arg(long, value_name = "N", default_value_t = 41, value_parser = value_parser!(u32).range(1..=100_000))]
    rounds: u32,

    /// Milliseconds that each row takes in a round, about
    #[arg(long, value_name = "MS", default_value_t = 2, value_parser = value_parser!(u16).range(1..=10_000))]
    milliseconds: u16,

    /// Measure this operation only, and the rows that it is compared with; may be given several
    /// times
    #[arg(long = "operation", value_name = "ID", value_parser = operations())]
    operations: Vec<String>,

    /// Also write the results to this file, as a page of the documentation, with the limits that
    /// were set and which are reached
    #[arg(long, value_name = "FILE", value_parser = file::place())]
    docs: Option<PathBuf>,
}

impl Arguments {
    fn wants(&self, operation: &str) -> bool {
        self.operations.is_empty() || self.operations.iter().any(|asked| asked == operation)
    }
}

fn operations() -> PossibleValuesParser {
    let mut ids: Vec<&'static str> = benches::rows().iter().map(|row| row.operation).collect();
    ids.dedup();
    ids.into()
}

/// Runs the experiment and prints its results.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    let plan = plan::chosen(|operation| arguments.wants(operation));
    let mut machine = Machine::before_run(plan.iter().map(|(row, _)| row.threads).max().unwrap_or(1));
    // Before anything else runs: stepping forks this process.
    let counted: Vec<Counted> = plan.iter().map(|(row, _)| Counted::of(row)).collect();
    let goal = Duration::from_millis(arguments.milliseconds.into());
    let cells: Vec<Cell> = plan.iter().map(|&(row, subject)| Cell::new(row, subject, goal)).collect();
    let measured = measure(arguments.rounds as usize, &cells);
    machine.after_run();

    let rows = row::rows(&cells, &measured, &counted);
    let judged = limits::judged(&rows);
    let page = arguments.docs.as_ref().map(|path| {
        file::write(path, &page::page(arguments.rounds, &rows, &judged, &machine, output.command()))
    });
    let mut notes = row::notes(&rows);
    notes.extend(machine.shortage());
    output.print(SCHEMA, &machine, &rows, || table::text(arguments.rounds, &rows, &judged), &notes)?;
    if let Some(Err(error)) = page {
        tell!("{error}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// How often a sample of several threads is taken anew because they were not at it at once.
const ATTEMPTS: usize = 5;

/// A sample; if it is of several threads that were not together, the next one, and the last one in
/// any case. What the threads do to each other is not looked at.
fn together_if_possible(cell: &Cell) -> benches::Sample {
    let mut sample = cell.row.sample(cell.operations);
    for _ in 1..ATTEMPTS {
        if sample.together.as_ref().is_none_or(row::was_together) {
            break;
        }
        sample = cell.row.sample(cell.operations);
    }
    sample
}

/// Measures each cell in each round, after one round that does not count.
fn measure(rounds: usize, cells: &[Cell]) -> Measured {
    let progress = Progress::new((rounds + 1) * cells.len());
    let mut together = vec![vec![None; cells.len()]; rounds + 1];
    let mut sample = |round: usize, number: usize| {
        let cell = &cells[number];
        progress.begin(format!("round {round} of {rounds}: {} {}", cell.row.operation, cell.subject));
        let sample = together_if_possible(cell);
        progress.end();
        together[round][number] = sample.together;
        // Not zero, however coarse the clock: it is divided by.
        (sample.time.as_secs_f64() * 1e9 / cell.operations as f64).max(1e-6)
    };
    for number in 0..cells.len() {
        sample(0, number);
    }
    let times = Rounds::measure(rounds, cells.len(), |round, number| sample(round + 1, number));
    together.remove(0);
    Measured { times, together }
}
