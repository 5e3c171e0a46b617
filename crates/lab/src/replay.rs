//! The experiment `replay`: recorded reference-count traffic under every strategy.

mod row;
mod show;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, value_parser};
use keyway::Strategy;
use keyway_traces::Trace;
use keyway_traces::replay::{CHECKPOINT_EVERY, Plan, Replay, Sights};
use keyway_workloads::{Job, STRATEGIES, StrategyInfo, ThreadsRun, run_on};

use crate::file;
use crate::machine::Machine;
use crate::output::Output;
use crate::progress::Progress;
use crate::rounds::Rounds;
use crate::streams::tell;
use crate::trace::{LimitArguments, failed, short_names};
use row::Row;

/// The version of the document: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-lab/replay/1";

/// What each strategy is measured in, once a round: whole, and without counts twice.
const KINDS: [Kind; 3] = [Kind::Whole, Kind::Life, Kind::Life];

/// Replay recorded programs under every strategy: what their reference counts would cost, and when
/// their objects would die
///
/// One OS thread for each recorded one carries out the recorded operations through the object
/// model, in its own order, and waits only before an operation on an object whose operation before
/// was another thread's. The time in count operations is that of the whole replay less that of the
/// life replay: the same events, waits, allocations and destructions, without counts. The life
/// replay is measured twice a round; a time that is not above the difference of the two is below
/// the noise floor. After every replay each count is compared with the trace's, and it is checked
/// that the objects that died there were destroyed here, once, and no others. A difference is told,
/// with exit status 1.
///
/// single-thread replays a recording of several threads on one, in the order of the file. Without a
/// file, the recordings of this repository.
#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// Traces, compressed with zstd or not
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Replay under this strategy only; may be given several times
    #[arg(long = "strategy", value_name = "ID", value_parser = strategy_ids())]
    strategies: Vec<String>,

    /// How often everything is measured
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = value_parser!(u32).range(1..=100_000))]
    rounds: u32,

    /// Events of a thread from one checkpoint to the next
    #[arg(long, value_name = "N", default_value_t = CHECKPOINT_EVERY, value_parser = value_parser!(u32).range(1..))]
    checkpoint_every: u32,

    /// Also write the results to this file, as a page of the documentation
    #[arg(long, value_name = "FILE", value_parser = file::place())]
    docs: Option<PathBuf>,

    #[command(flatten)]
    limits: LimitArguments,
}

fn strategy_ids() -> PossibleValuesParser {
    let ids = STRATEGIES.iter().map(|strategy| PossibleValue::new(strategy.id).help(strategy.summary));
    ids.collect::<Vec<_>>().into()
}

/// A kind of replay that is timed.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Whole,
    Life,
}

/// Replays everything that the arguments name, and shows what it cost.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    let files = match arguments.files.as_slice() {
        [] => match recordings() {
            Ok(files) => files,
            Err(error) => {
                tell!("error: cannot find the recordings of this repository: {error}");
                return Ok(ExitCode::FAILURE);
            }
        },
        files => files.to_vec(),
    };
    let wanted = |info: &&StrategyInfo| {
        arguments.strategies.is_empty() || arguments.strategies.iter().any(|id| id == info.id)
    };
    let strategies: Vec<&StrategyInfo> = STRATEGIES.iter().filter(wanted).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut machine = Machine::before_run(cores);
    let steps = files.len() * strategies.len() * (1 + KINDS.len() * arguments.rounds as usize);
    let progress = Progress::new(steps);
    let mut rows = Vec::new();
    for (file, name) in files.iter().zip(short_names(&files)) {
        let trace = match arguments.limits.open_to_keep(file).and_then(|mut reader| Trace::read(&mut reader))
        {
            Ok(trace) => trace,
            Err(error) => return Ok(failed(&error)),
        };
        match replays(arguments, &name, file, &trace, &strategies, &progress) {
            Ok(more) => rows.extend(more),
            Err(error) => {
                drop(progress);
                tell!("error: {}: {error}", file.display());
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    drop(progress);
    machine.after_run();
    let mut notes = show::notes(&rows, cores);
    notes.extend(machine.shortage());
    let text = || show::text(arguments.rounds, &rows);
    let page = |path: &PathBuf| {
        file::write(path, &show::page(arguments.rounds, &rows, &notes, &machine, output.command()))
    };
    let written = arguments.docs.as_ref().map(page);
    output.print(SCHEMA, &machine, &rows, text, &notes)?;
    if let Some(Err(error)) = written {
        tell!("{error}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// The recordings of this repository.
fn recordings() -> io::Result<Vec<PathBuf>> {
    let folder = crate::models::workspace().join("crates/traces/recordings");
    let mut files = Vec::new();
    for build in ["ft", "gil"] {
        for file in std::fs::read_dir(folder.join(build))? {
            let file = file?.path();
            if file.extension().is_some_and(|extension| extension == "zst") {
                files.push(file);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A replay with the strategy it is meant for.
struct Cell<'p> {
    info: &'static StrategyInfo,
    replay: Replay<'p>,
}

impl Cell<'_> {
    fn do_with<J: Job>(&self, job: &mut J) -> J::Output {
        run_on(self.info.id, job).expect("it is one of the list")
    }

    fn seconds(&self, kind: Kind) -> Result<f64, String> {
        struct Timed<'a>(&'a Replay<'a>, Kind);
        impl Job for Timed<'_> {
            type Output = Result<f64, String>;

            fn run<S: Strategy>(&mut self) -> Self::Output {
                let time = match self.1 {
                    Kind::Whole => self.0.whole::<S>(),
                    Kind::Life => self.0.life::<S>(),
                };
                // Not zero, however short the trace: it is divided by.
                time.map(|time| time.as_secs_f64().max(1e-9))
            }
        }
        self.do_with(&mut Timed(&self.replay, kind)).map_err(|error| format!("{}: {error}", self.info.id))
    }

    fn sights(&self) -> Result<Sights, String> {
        struct Watch<'a>(&'a Replay<'a>);
        impl Job for Watch<'_> {
            type Output = Result<Sights, String>;

            fn run<S: Strategy>(&mut self) -> Self::Output {
                self.0.watched::<S>()
            }
        }
        self.do_with(&mut Watch(&self.replay)).map_err(|error| format!("{}: {error}", self.info.id))
    }
}

/// All replays of one trace.
fn replays(
    arguments: &Arguments,
    name: &str,
    file: &Path,
    trace: &Trace,
    strategies: &[&'static StrategyInfo],
    progress: &Progress,
) -> Result<Vec<Row>, String> {
    let every = arguments.checkpoint_every;
    let (plan, in_file_order) = (Plan::new(trace, every), Plan::in_file_order(trace, every));
    let cell = |&info: &&'static StrategyInfo| {
        let plan = if info.threads == ThreadsRun::Alone { &in_file_order } else { &plan };
        Cell { info, replay: Replay::new(plan, info.threads == ThreadsRun::InParallel) }
    };
    let cells: Vec<Cell<'_>> = strategies.iter().map(cell).collect();
    let mut sights = Vec::new();
    for cell in &cells {
        progress.begin(format!("{name}: {}", cell.info.id));
        sights.push(cell.sights()?);
        progress.end();
    }
    let (total, kinds) = (arguments.rounds as usize, KINDS.len());
    let rounds = Rounds::try_measure(total, cells.len() * kinds, |round, number| {
        let cell = &cells[number / kinds];
        progress.begin(format!("{name}, round {} of {total}: {}", round + 1, cell.info.id));
        let seconds = cell.seconds(KINDS[number % kinds]);
        progress.end();
        seconds
    })?;
    let row = |(number, sights): (usize, &Sights)| {
        let plan = if strategies[number].threads == ThreadsRun::Alone { &in_file_order } else { &plan };
        row::row(name, file, trace, plan, strategies, number, sights, &rounds)
    };
    Ok(sights.iter().enumerate().map(row).collect())
}
