//! The experiment `countdown`: the article's loop under every strategy, with one thread and with
//! several: threads, isolated runtimes, processes.

mod cpython;
mod plan;
mod process;
mod show;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, value_parser};
use keyway::Strategy;
use keyway_workloads::{Job, STRATEGIES, Together, countdown, countdown_in_isolated_runtimes, run_on};
use serde::Serialize;

use crate::file;
use crate::intervals::Intervals;
use crate::machine::Machine;
use crate::markdown;
use crate::output::Output;
use crate::progress::Progress;
use crate::rounds::{Figure, Rounds};
use crate::streams::tell;
use plan::{Cell, Mode, Subject, plan};
pub(crate) use process::{PART, Part, part};

/// The version of the document: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-lab/countdown/2";

/// The row without a runtime.
const FLOOR: &str = "floor";

/// The strategy that the others' times are compared with.
const BASE: &str = "single-thread";

/// Count down in a loop, as an interpreter would, under every strategy: what it costs, and what a
/// second thread gains
///
/// Each iteration is a checkpoint, a new boxed integer, the release of the old one and a
/// comparison. The iterations are shared out: between threads of one runtime; between isolated
/// runtimes in one process, a thread and a global lock each; between processes, their start
/// included or not. Those that share them begin together and share nothing else. A ratio of 0.5 for
/// two threads means that they took half the time of one. The row `floor` is the same loop on a
/// plain Box, without any runtime: what this machine's cores and its allocator really give.
/// CPython's figures for the same loop stand next to ours.
///
/// Everything is measured once a round, and ratios are formed within a round. Shown are medians
/// over the rounds, with the 95 % bootstrap interval of the median. single-thread has no figures
/// for several threads, since it never runs two.
#[derive(Args, Clone, Debug, PartialEq)]
pub(crate) struct Arguments {
    /// Iterations, of all threads together
    #[arg(long, value_name = "N", default_value_t = Self::COUNT, value_parser = value_parser!(u64).range(1..))]
    count: u64,

    /// How often everything is measured
    #[arg(long, value_name = "N", default_value_t = Self::ROUNDS, value_parser = value_parser!(u32).range(1..=100_000))]
    rounds: u32,

    /// Threads to compare with one, or as many runtimes or processes
    #[arg(long, value_name = "N", default_value_t = Self::THREADS, value_parser = value_parser!(u16).range(1..=256))]
    threads: u16,

    /// In which way several count down at the same time; may be given several times
    ///
    /// Without it: in all ways. There are up to eight isolated runtimes, of strategies with a
    /// global lock; others have one runtime.
    #[arg(long = "mode", value_name = "MODE", value_enum)]
    modes: Vec<Mode>,

    /// Measure this strategy and the floor only; may be given several times
    #[arg(long = "strategy", value_name = "ID", value_parser = strategy_ids())]
    strategies: Vec<String>,

    /// Also draw the ratios to this file, as SVG
    #[arg(long, value_name = "FILE", value_parser = file::place())]
    plot: Option<PathBuf>,

    /// Also write the tables to this file, as a page of the documentation
    #[arg(long, value_name = "FILE", value_parser = file::place())]
    docs: Option<PathBuf>,

    #[command(flatten)]
    intervals: Intervals,
}

impl Arguments {
    const COUNT: u64 = 5_000_000;
    const ROUNDS: u32 = 21;
    const THREADS: u16 = 2;

    fn wants(&self, mode: Mode) -> bool {
        self.modes.is_empty() || self.modes.contains(&mode)
    }
}

impl Default for Arguments {
    fn default() -> Self {
        Arguments {
            count: Self::COUNT,
            rounds: Self::ROUNDS,
            threads: Self::THREADS,
            modes: Vec::new(),
            strategies: Vec::new(),
            plot: None,
            docs: None,
            intervals: Intervals::default(),
        }
    }
}

fn strategy_ids() -> PossibleValuesParser {
    STRATEGIES
        .iter()
        .map(|strategy| PossibleValue::new(strategy.id).help(strategy.summary))
        .collect::<Vec<_>>()
        .into()
}

/// One row of the document.
#[derive(Debug, Serialize)]
struct Row {
    strategy: &'static str,
    mode: Mode,
    /// How many threads shared the iterations, in one runtime, in one each, or in a process each.
    threads: usize,
    seconds: Figure,
    /// This row's time by that of the same strategy with one thread, in the same rounds.
    ratio_to_one_thread: Figure,
    /// This row's time by that of `single-thread`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio_to_single_thread: Option<Figure>,
    /// `ratio_to_one_thread` by the floor's with as many in the same way, in the same rounds: 1 is
    /// all that the machine has to give. The floor has threads in the place of runtimes; if those
    /// were not measured, this is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio_to_floor: Option<Figure>,
}

/// Runs the experiment and prints its results.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    arguments.intervals.set();
    let (subjects, cells) = plan(arguments);
    let mut machine = Machine::before_run(arguments.threads.into());
    let rounds = match measure(arguments, &cells) {
        Ok(rounds) => rounds,
        Err(error) => {
            tell!("error: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    machine.after_run();
    let rows = rows(&subjects, &cells, &rounds);
    let shown = show::Shown::new(arguments, &subjects, &rows);
    let notes: Vec<String> = machine.shortage().into_iter().collect();
    // The files first: they are not lost if nobody reads the output to its end.
    let written = write_files(arguments, &shown, &machine, output.command());
    output.print(SCHEMA, &machine, &rows, || shown.text(), &notes)?;
    match written {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            tell!("{error}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Writes the files that the arguments ask for.
fn write_files(
    arguments: &Arguments,
    shown: &show::Shown<'_>,
    machine: &Machine,
    command: &str,
) -> Result<(), String> {
    let (plot, page) = (arguments.plot.as_deref(), arguments.docs.as_deref());
    if let Some(plot) = plot {
        file::write(plot, &shown.plot().svg())?;
    }
    if let Some(page) = page {
        let reading = "[The lab](../lab.md) says how the figures are taken.";
        let mut text = markdown::beginning("The countdown", command, reading, machine);
        machine.shortage().iter().for_each(|shortage| text += &format!("**{shortage}**\n\n"));
        text += &shown.page();
        if let Some(plot) = plot {
            text += &format!("\n{}", markdown::image("Countdown", plot, page));
        }
        file::write(page, &text)?;
    }
    Ok(())
}

/// Measures all cells in interleaved rounds, after a short round that warms up and does not count.
fn measure(arguments: &Arguments, cells: &[Cell]) -> Result<Rounds, String> {
    let rounds = arguments.rounds as usize;
    let progress = Progress::new((rounds + 1) * cells.len());
    let step = |count: u64, what: &str, cell: Cell| {
        progress.begin(format!("{what}: {} on {} {}", cell.id, cell.threads, cell.mode.plural()));
        let time = time(count, cell);
        progress.end();
        // Not zero, however small the count and coarse the clock: it is divided by.
        time.map(|time| time.as_secs_f64().max(1e-9))
    };
    for &cell in cells {
        step(arguments.count / 10, "warming up", cell)?;
    }
    Rounds::try_measure(rounds, cells.len(), |round, number| {
        step(arguments.count, &format!("round {} of {rounds}", round + 1), cells[number])
    })
}

/// The time of one cell.
fn time(count: u64, cell: Cell) -> Result<Duration, String> {
    let done = match cell.mode {
        Mode::Threads => {
            count_down(cell.id, count, cell.threads).expect("only listed strategies are measured")
        }
        Mode::Runtimes => countdown_in_isolated_runtimes(cell.id, count, cell.threads)
            .expect("only what has runtimes is measured with them"),
        Mode::Processes => return process::time(cell.id, count, cell.threads, true),
        Mode::ProcessesWithStart => return process::time(cell.id, count, cell.threads, false),
    };
    assert_eq!(done.results.iter().sum::<u64>(), count, "{} has not counted down", cell.id);
    Ok(done.elapsed)
}

/// The countdown of a strategy, or of the floor, in threads of one runtime.
fn count_down(id: &str, count: u64, threads: usize) -> Option<Together<u64>> {
    match id {
        FLOOR => Some(countdown::run_floor(count, threads)),
        id => run_on(id, &mut Countdown { count, threads }),
    }
}

struct Countdown {
    count: u64,
    threads: usize,
}

impl Job for Countdown {
    type Output = Together<u64>;

    fn run<S: Strategy>(&mut self) -> Self::Output {
        countdown::run::<S>(self.count, self.threads)
    }
}

fn rows(subjects: &[Subject], cells: &[Cell], rounds: &Rounds) -> Vec<Row> {
    let base = subjects.iter().find(|subject| subject.id == BASE).map(|subject| subject.one);
    let floor = subjects.last().expect("the floor is always measured");
    let row = |subject: &Subject, cell: usize| {
        let Cell { mode, threads, .. } = cells[cell];
        let floor_cell = match mode {
            _ if cell == subject.one => Some(floor.one),
            Mode::Runtimes => floor.cell(Mode::Threads),
            mode => floor.cell(mode),
        };
        let to_one = move |round: &[f64]| round[cell] / round[subject.one];
        Row {
            strategy: subject.id,
            mode,
            threads,
            seconds: rounds.figure(|round| round[cell]),
            ratio_to_one_thread: rounds.figure(to_one),
            ratio_to_single_thread: base.map(|base| rounds.figure(|round| round[cell] / round[base])),
            ratio_to_floor: floor_cell.map(|floor_cell| {
                rounds.figure(|round| to_one(round) / (round[floor_cell] / round[floor.one]))
            }),
        }
    };
    let of = |subject: &Subject| {
        let several = subject.several.iter().map(|(_, cell)| *cell);
        [subject.one].into_iter().chain(several).map(|cell| row(subject, cell)).collect::<Vec<_>>()
    };
    subjects.iter().flat_map(of).collect()
}
