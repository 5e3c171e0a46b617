//! The experiment `scaling`: how much threads get done under contention, how evenly, with which
//! delays; and how long a released object waits for its destruction.

mod row;
mod show;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, value_parser};
use keyway_benches::delay::{Delay, delays};
use keyway_benches::meeting::{Meeting, Outcome, Shape, meetings};

use crate::file;
use crate::machine::Machine;
use crate::output::Output;
use crate::progress::Progress;
use crate::streams::tell;
use row::{Cell, Sample};

/// The version of the document: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-lab/scaling/1";

/// How much 1 to N threads get done that contend for one object or for the allocator, how evenly,
/// and with which delays
///
/// Each thread carries out an operation and passes a checkpoint, again and again: a pair at one
/// object (its owner is among them), a section of one object, an object of its own made and
/// released. Shown are operations a second of all threads together, Jain's index of fairness (1:
/// all did as much; one by the number of threads: one did everything), and the 50th, 99th and
/// 99.9th percentile of the time of a single operation, in runs of their own.
///
/// Besides: the time from an object's last release, by a thread that is attached or not, to its
/// destruction, while the object's maker passes checkpoints.
///
/// Everything is measured once a round; shown are medians over the rounds with 95 % bootstrap
/// intervals.
#[derive(Args, Clone, Debug, PartialEq)]
pub(crate) struct Arguments {
    /// Up to this many threads; without it, as many as there are cores, and two at least
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    /// How often everything is measured
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = value_parser!(u32).range(1..=100_000))]
    rounds: u32,

    /// How long the threads run together, in milliseconds, twice a round
    #[arg(long, value_name = "MS", default_value_t = 50, value_parser = value_parser!(u16).range(1..=10_000))]
    milliseconds: u16,

    /// Objects whose destruction is waited for, in each round
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = value_parser!(u32).range(1..=10_000_000))]
    objects: u32,

    /// Measure this operation only; may be given several times
    #[arg(long = "operation", value_name = "ID", value_parser = operations())]
    operations: Vec<String>,

    /// Also draw throughput and delays over the number of threads, as SVG
    #[arg(long, value_name = "FILE", value_parser = file::place())]
    plot: Option<PathBuf>,

    /// Also write the results to this file, as a page of the documentation
    #[arg(long, value_name = "FILE", value_parser = file::place())]
    docs: Option<PathBuf>,
}

fn operations() -> PossibleValuesParser {
    let mut ids: Vec<&'static str> = meetings().iter().map(|meeting| meeting.operation).collect();
    ids.extend(delays().iter().map(|delay| delay.operation));
    ids.dedup();
    ids.into()
}

/// What is measured once a round.
#[derive(Clone, Copy, Debug)]
enum Work {
    Meeting { meeting: Meeting, threads: usize },
    Delay(Delay),
}

/// Runs the experiment and prints its results.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments.threads.map_or(cores.max(2), usize::from);
    let work = plan(arguments, threads);
    let cells: Vec<Cell> = work.iter().map(Work::cell).collect();
    let wanted = cells.iter().map(|cell| cell.threads).max().unwrap_or(1);
    let mut machine = Machine::before_run(wanted.min(cores));
    let rounds = measure(arguments, &work);
    machine.after_run();

    let rows = row::rows(&cells, &rounds);
    let mut notes = show::notes(&rows, cores);
    notes.extend(machine.shortage());
    let page = |path: &PathBuf| {
        file::write(path, &show::page(arguments.rounds, &rows, &notes, &machine, output.command(), arguments))
    };
    let plot = |path: &PathBuf| file::write(path, &show::plot(&rows).svg());
    let written = [arguments.docs.as_ref().map(page), arguments.plot.as_ref().map(plot)];
    output.print(SCHEMA, &machine, &rows, || show::text(arguments.rounds, &rows), &notes)?;
    let mut failed = false;
    for error in written.into_iter().flatten().filter_map(Result::err) {
        tell!("{error}");
        failed = true;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Work {
    fn cell(&self) -> Cell {
        match *self {
            Work::Meeting { meeting, threads } => {
                Cell { operation: meeting.operation, subject: meeting.subject, threads, has_throughput: true }
            }
            Work::Delay(delay) => {
                Cell { operation: delay.operation, subject: delay.subject, threads: 2, has_throughput: false }
            }
        }
    }

    fn sample(&self, arguments: &Arguments) -> Sample {
        match *self {
            Work::Meeting { meeting, threads } => {
                let time = Duration::from_millis(arguments.milliseconds.into());
                let run = |times_each| meeting.run(&Shape { threads, time, times_each });
                let (counted, timed): (Outcome, Outcome) = (run(false), run(true));
                Sample {
                    throughput: counted.throughput(),
                    fairness: counted.fairness(),
                    together: Some(counted.together),
                    delays: row::percentiles(&timed.nanoseconds),
                }
            }
            Work::Delay(delay) => Sample {
                throughput: f64::NAN,
                fairness: f64::NAN,
                together: None,
                delays: row::percentiles(&delay.run(arguments.objects)),
            },
        }
    }
}

/// What is asked for, in the order of the table.
fn plan(arguments: &Arguments, threads: usize) -> Vec<Work> {
    let wants = |operation: &str| {
        arguments.operations.is_empty() || arguments.operations.iter().any(|asked| asked == operation)
    };
    let of = |meeting: Meeting| (1..=threads).map(move |threads| Work::Meeting { meeting, threads });
    let meetings = meetings().into_iter().filter(|meeting| wants(meeting.operation)).flat_map(of);
    let delays = delays().into_iter().filter(|delay| wants(delay.operation)).map(Work::Delay);
    meetings.chain(delays).collect()
}

/// Measures everything in interleaved rounds: for each round, one sample for each piece of work.
fn measure(arguments: &Arguments, work: &[Work]) -> Vec<Vec<Sample>> {
    let rounds = arguments.rounds;
    let progress = Progress::new(rounds as usize * work.len());
    let sample = |round: u32, work: &Work| {
        let Cell { operation, subject, threads, .. } = work.cell();
        progress.begin(format!("round {round} of {rounds}: {operation} {subject} on {threads}"));
        let sample = work.sample(arguments);
        progress.end();
        sample
    };
    (1..=rounds).map(|round| work.iter().map(|work| sample(round, work)).collect()).collect()
}
