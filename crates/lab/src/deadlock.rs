//! The experiment `deadlock`: two threads, two objects, opposite orders; naive locks against
//! sections.

mod board;
mod program;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum, value_parser};
use keyway_workloads::{STRATEGIES, StrategyInfo, ThreadsRun, run_on};
use serde::Serialize;

use crate::machine::Machine;
use crate::output::{Output, not_measured, table_of_words};
use crate::progress::Progress;
use crate::streams::tell;
use board::Waits;
use program::{Ended, Program};

/// The version of the document: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-lab/deadlock/1";

/// Two threads that each need two objects, in opposite orders: with a naive lock in each object,
/// and with sections
///
/// Each thread takes its first object, waits a moment for the other to have done so, too, takes its
/// second, changes both, and gives them up, over and over. A naive lock is held until it is given
/// up, and waited for in a blocking region, as CPython's `Lock.acquire` does it. A section that
/// finds its object taken gives up those around it while it waits.
///
/// A watchdog looks which thread waits for which. If that is a circle for as long as its patience,
/// it tells the circle and lets the threads go. The exit status is 0 if the experiment ran,
/// whatever the naive locks did, and 1 if sections came to a standstill.
#[derive(Args, Clone, Debug, PartialEq)]
pub(crate) struct Arguments {
    /// How often each thread takes both objects
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u32).range(1..=10_000_000))]
    rounds: u32,

    /// Milliseconds that the watchdog watches a circle before it is a deadlock
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = value_parser!(u32).range(1..=3_600_000))]
    patience: u32,

    /// What guards the objects; both, one after the other, if not given
    #[arg(long, value_enum)]
    locks: Option<Locks>,

    /// Run under this strategy only; may be given several times
    #[arg(long = "strategy", value_name = "ID", value_parser = strategy_ids())]
    strategies: Vec<String>,
}

/// What guards an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
enum Locks {
    /// A lock in each object, held until it is given up
    Naive,
    /// Sections
    Sections,
}

impl Locks {
    fn id(self) -> &'static str {
        match self {
            Locks::Naive => "naive",
            Locks::Sections => "sections",
        }
    }
}

fn strategy_ids() -> PossibleValuesParser {
    let ids = STRATEGIES.iter().map(|strategy| PossibleValue::new(strategy.id).help(strategy.summary));
    ids.collect::<Vec<_>>().into()
}

/// One row of the document.
#[derive(Debug, Serialize)]
struct Row {
    strategy: &'static str,
    locks: Locks,
    /// How often each thread was to take both objects, and how often both threads together did.
    rounds: u32,
    completed: u64,
    /// How often each thread had its first object at the same time.
    met: u64,
    deadlock: bool,
    /// From the moment at which the circle was closed until the watchdog told it, patience
    /// included.
    #[serde(skip_serializing_if = "Option::is_none")]
    noticed_after_ms: Option<f64>,
    /// Which thread waits for which; empty without a deadlock.
    waits: Vec<Waits>,
}

/// Runs the experiment and prints its results.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    let wanted = |strategy: &&StrategyInfo| {
        let is_named = arguments.strategies.iter().any(|id| id == strategy.id);
        (arguments.strategies.is_empty() || is_named) && strategy.threads != ThreadsRun::Alone
    };
    let kinds = arguments.locks.map_or(vec![Locks::Naive, Locks::Sections], |locks| vec![locks]);
    let strategies: Vec<_> = STRATEGIES.iter().filter(wanted).collect();
    let mut machine = Machine::before_run(2);
    let progress = Progress::new(strategies.len() * kinds.len());
    let mut rows = Vec::new();
    for (strategy, locks) in
        strategies.iter().flat_map(|strategy| kinds.iter().map(move |locks| (strategy, *locks)))
    {
        progress.begin(format!("{}: {}", strategy.id, locks.id()));
        let patience = Duration::from_millis(arguments.patience.into());
        let mut program = Program { locks, rounds: arguments.rounds, patience };
        let ended = run_on(strategy.id, &mut program).expect("only listed strategies are run");
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => {
                drop(progress);
                tell!("error: {error}");
                return Ok(ExitCode::FAILURE);
            }
        };
        progress.end();
        rows.push(row(strategy.id, &program, ended));
    }
    drop(progress);
    machine.after_run();
    let notes: Vec<String> = stories(&rows);
    output.print(SCHEMA, &machine, &rows, || text(arguments, &rows), &notes)?;
    let sections_stand_still = rows.iter().any(|row| row.locks == Locks::Sections && row.deadlock);
    if sections_stand_still {
        tell!("error: threads in sections wait for each other, which must not happen");
        // They cannot be told to go: a thread that waits for a section waits for ever.
        std::process::exit(1);
    }
    Ok(ExitCode::SUCCESS)
}

fn row(strategy: &'static str, program: &Program, ended: Ended) -> Row {
    Row {
        strategy,
        locks: program.locks,
        rounds: program.rounds,
        completed: ended.completed,
        met: ended.met,
        deadlock: ended.circle.is_some(),
        noticed_after_ms: ended.circle.as_ref().map(|circle| circle.lasted.as_secs_f64() * 1e3),
        waits: ended.circle.map(|circle| circle.waits).unwrap_or_default(),
    }
}

fn text(arguments: &Arguments, rows: &[Row]) -> String {
    let heading = ["strategy", "locks", "both taken", "met", "deadlock"].map(str::to_owned).to_vec();
    let line = |row: &Row| {
        let deadlock = match row.noticed_after_ms {
            Some(after) => format!("yes, told after {after:.0} ms"),
            None => "no".to_owned(),
        };
        let of = 2 * u64::from(row.rounds);
        vec![
            row.strategy.to_owned(),
            row.locks.id().to_owned(),
            format!("{} of {of}", row.completed),
            if row.met == 0 { not_measured() } else { row.met.to_string() },
            deadlock,
        ]
    };
    let lines: Vec<_> = [heading].into_iter().chain(rows.iter().map(line)).collect();
    format!(
        "Two threads that take two objects in opposite orders, {} times each.\n\n{}",
        arguments.rounds,
        table_of_words(&lines, 2)
    )
}

/// Which thread waits for which, in words.
fn stories(rows: &[Row]) -> Vec<String> {
    let story = |row: &Row| {
        let waits: Vec<String> = row.waits.iter().map(ToString::to_string).collect();
        format!("{}, {}: {}.", row.strategy, row.locks.id(), waits.join("; "))
    };
    rows.iter().filter(|row| row.deadlock).map(story).collect()
}
