//! The experiment `cost`: what every operation costs under every strategy, beside what it is compared with.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, value_parser};
use keyway_benches as benches;
use serde::Serialize;

use crate::cost_table;
use crate::machine::Machine;
use crate::output::Output;
use crate::progress::Progress;
use crate::rounds::{Figure, Rounds};

/// The version of the document: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-lab/cost/1";

/// What a row is compared with: the reference, and the operation in which it is measured, if that is not the row's own.
const REFERENCES: [(&str, Option<&str>); 4] =
    [("rc", None), ("arc", None), ("box", None), ("parking-lot-raw", Some("section"))];

/// Operations that are compared with one raw lock and unlock.
const COMPARED_WITH_A_LOCK: [&str; 4] = ["owner-pair", "section", "section-pair", "blocking-region"];

/// Rows that are measured once more under another name: how much two measurements of the same thing differ.
const AGAIN: [(&str, &str, &str); 3] = [
    ("owner-pair", "rc", "rc-again"),
    ("owner-pair", "arc", "arc-again"),
    ("section", "parking-lot-raw", "parking-lot-raw-again"),
];

/// The part of its time that each thread must have spent on a core.
const ENOUGH_CPU: f64 = 0.9;

/// Operations that are stepped through for the count of instructions.
const STEPPED: u64 = 8;

/// What each operation costs under each strategy, beside Rc, Arc, Box, locks and pointers of other crates: the figures to cite
///
/// Every row is measured once a round, and ratios are formed within a round: to `rc`, `arc` and `box` doing the same operation,
/// and to one lock and unlock of `parking-lot-raw`. Shown are medians over the rounds, with the 95 % bootstrap interval of the
/// median. The rows `...-again` measure the same thing twice: a difference as small as theirs means nothing.
///
/// Instructions, and locked ones among them, are counted by stepping through the operation in a child process; they do not depend
/// on how busy the machine is. What several threads do is not stepped through.
#[derive(Args, Clone, Debug, PartialEq)]
pub(crate) struct Arguments {
    /// How often everything is measured
    #[arg(long, value_name = "N", default_value_t = 41, value_parser = value_parser!(u32).range(1..=100_000))]
    rounds: u32,

    /// Milliseconds that each row takes in a round, about
    #[arg(long, value_name = "MS", default_value_t = 2, value_parser = value_parser!(u16).range(1..=10_000))]
    milliseconds: u16,

    /// Measure this operation only, and what it is compared with; may be given several times
    #[arg(long = "operation", value_name = "ID", value_parser = operations())]
    operations: Vec<String>,
}

fn operations() -> PossibleValuesParser {
    let mut ids: Vec<&'static str> = benches::rows().iter().map(|row| row.operation).collect();
    ids.dedup();
    ids.into()
}

/// What is measured once in each round.
#[derive(Clone, Copy, Debug)]
struct Cell {
    row: benches::Row,
    /// The subject's name in this cell.
    subject: &'static str,
    /// Operations a sample.
    operations: u64,
}

/// A figure with its least value.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Cost {
    #[serde(flatten)]
    pub(crate) figure: Figure,
    pub(crate) min: f64,
}

/// One row of the document.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) operation: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) threads: usize,
    /// Nanoseconds an operation.
    pub(crate) ns: Cost,
    /// This row's time by that of each reference, in the same rounds.
    pub(crate) ratio: BTreeMap<&'static str, Cost>,
    /// Instructions an operation, in user mode; null where it is not stepped through.
    pub(crate) instructions: Option<f64>,
    /// Locked ones among them.
    pub(crate) locked_instructions: Option<f64>,
    /// Bytes in front of an object's contents; null where they are not a fact of the type.
    pub(crate) header_bytes: Option<usize>,
    /// For several threads: the least part of its time that one of them spent on a core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on_cpu_share: Option<Figure>,
    /// Whether that was enough. If not, the row does not show what the strategy can do.
    pub(crate) cores_were_free: bool,
}

/// Runs the experiment and prints its results.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<()> {
    let rows = chosen(arguments);
    let mut machine = Machine::before_run(rows.iter().map(|(row, _)| row.threads).max().unwrap_or(1));
    // Before anything else runs: stepping forks this process.
    let steps: Vec<_> = rows.iter().map(|(row, _)| steps(row)).collect();
    let goal = Duration::from_millis(arguments.milliseconds.into());
    let cells: Vec<Cell> = rows
        .iter()
        .map(|&(row, subject)| Cell { row, subject, operations: operations_in(goal, &row) })
        .collect();
    let (times, shares) = measure(arguments.rounds as usize, &cells);
    machine.after_run();

    let bytes = benches::header_bytes();
    let rows: Vec<Row> =
        (0..cells.len()).map(|cell| row(cell, &cells, &times, &shares, steps[cell], &bytes)).collect();
    let mut notes = notes(&rows);
    notes.extend(machine.shortage());
    output.print(SCHEMA, &machine, &rows, || cost_table::text(arguments.rounds, &rows), &notes)
}

/// The rows that are asked for and their references, with their names.
fn chosen(arguments: &Arguments) -> Vec<(benches::Row, &'static str)> {
    let is_asked_for = |operation: &str| {
        arguments.operations.is_empty() || arguments.operations.iter().any(|asked| asked == operation)
    };
    let needs_lock = COMPARED_WITH_A_LOCK.iter().any(|operation| is_asked_for(operation));
    let mut chosen = Vec::new();
    for row in benches::rows() {
        let is_the_lock = (row.operation, row.subject) == ("section", "parking-lot-raw");
        let is_wanted = is_asked_for(row.operation) || is_the_lock && needs_lock;
        if !is_wanted {
            continue;
        }
        chosen.push((row, row.subject));
        let again = AGAIN
            .iter()
            .find(|(operation, subject, _)| (*operation, *subject) == (row.operation, row.subject));
        chosen.extend(again.map(|(_, _, name)| (row, *name)));
    }
    chosen
}

/// How many operations take about so long.
fn operations_in(goal: Duration, row: &benches::Row) -> u64 {
    if let Some(fixed) = row.fixed {
        return fixed;
    }
    let mut operations = 1_000;
    loop {
        let took = (row.sample)(operations);
        if took * 4 >= goal || operations > 1 << 40 {
            let each = took.as_secs_f64() / operations as f64;
            return ((goal.as_secs_f64() / each) as u64).max(1);
        }
        operations *= 2;
    }
}

/// Instructions and locked instructions of one operation.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn steps(row: &benches::Row) -> Option<(f64, f64)> {
    if !row.alone || row.fixed.is_some() {
        return None;
    }
    let steps = benches::steps::per_operation(row.sample, STEPPED).ok()?;
    Some((steps.instructions, steps.locked))
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn steps(_: &benches::Row) -> Option<(f64, f64)> {
    let _ = STEPPED;
    None
}

/// Nanoseconds an operation and shares of a core, for each cell in each round, after one round that does not count.
fn measure(rounds: usize, cells: &[Cell]) -> (Rounds, Rounds) {
    let progress = Progress::new((rounds + 1) * cells.len());
    let mut shares = vec![vec![1.0; cells.len()]; rounds + 1];
    let mut sample = |round: usize, number: usize| {
        let cell = &cells[number];
        progress.begin(format!("round {round} of {rounds}: {} {}", cell.row.operation, cell.subject));
        let nanoseconds = (cell.row.sample)(cell.operations).as_secs_f64() * 1e9 / cell.operations as f64;
        if cell.row.threads > 1 {
            shares[round][number] = benches::on_cpu_share();
        }
        progress.end();
        // Not zero, however coarse the clock: it is divided by.
        nanoseconds.max(1e-6)
    };
    (0..cells.len()).for_each(|number| {
        sample(0, number);
    });
    let times = Rounds::measure(rounds, cells.len(), |round, number| sample(round + 1, number));
    let shares = Rounds::measure(rounds, cells.len(), |round, number| shares[round + 1][number]);
    (times, shares)
}

fn row(
    number: usize,
    cells: &[Cell],
    times: &Rounds,
    shares: &Rounds,
    steps: Option<(f64, f64)>,
    bytes: &HashMap<&'static str, usize>,
) -> Row {
    let cell = cells[number];
    let cost = |value: &dyn Fn(&[f64]) -> f64| Cost { figure: times.figure(value), min: times.min(value) };
    let references = references(cell.row.operation, cells);
    let ratio = |of: usize| cost(&|round| round[number] / round[of]);
    let on_cpu_share = (cell.row.threads > 1).then(|| shares.figure(|round| round[number]));
    Row {
        operation: cell.row.operation,
        subject: cell.subject,
        threads: cell.row.threads,
        ns: cost(&|round| round[number]),
        ratio: references.into_iter().map(|(reference, of)| (reference, ratio(of))).collect(),
        instructions: steps.map(|(instructions, _)| instructions),
        locked_instructions: steps.map(|(_, locked)| locked),
        header_bytes: bytes.get(cell.row.subject).copied(),
        on_cpu_share,
        cores_were_free: on_cpu_share.is_none_or(|share| share.median >= ENOUGH_CPU),
    }
}

/// What an operation's rows are compared with: references, and the cells in which they are measured.
fn references(operation: &'static str, cells: &[Cell]) -> Vec<(&'static str, usize)> {
    // Its second half does the same for them.
    let own = if operation == "owner-pair-by-drop" { "owner-pair" } else { operation };
    let find = |&(reference, elsewhere): &(&'static str, Option<&str>)| {
        if elsewhere.is_some() && !COMPARED_WITH_A_LOCK.contains(&operation) {
            return None;
        }
        let measured_in = elsewhere.unwrap_or(own);
        let is_it = |cell: &Cell| cell.row.operation == measured_in && cell.subject == reference;
        Some((reference, cells.iter().position(is_it)?))
    };
    REFERENCES.iter().filter_map(find).collect()
}

/// What a reader must know of these rows.
fn notes(rows: &[Row]) -> Vec<String> {
    let mut notes = Vec::new();
    let crowded: Vec<_> = rows.iter().filter(|row| !row.cores_were_free).collect();
    if !crowded.is_empty() {
        let names: Vec<_> = crowded.iter().map(|row| format!("{} {}", row.operation, row.subject)).collect();
        notes.push(format!(
            "Not to be cited, marked !: a thread was off its core for more than {:.0} % of the time in {}.",
            100.0 * (1.0 - ENOUGH_CPU),
            names.join(", ")
        ));
    }
    if rows.iter().all(|row| row.instructions.is_none()) {
        notes.push("Instructions were not counted: this machine does not allow stepping.".to_owned());
    }
    notes
}
