//! The experiment `countdown`: the article's loop under every strategy, with one thread and with several.

use std::io;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, value_parser};
use keyway::Strategy;
use keyway_workloads::{Job, STRATEGIES, StrategyInfo, ThreadsRun, countdown, run_on};
use serde::Serialize;

use crate::machine::Machine;
use crate::output::{Output, not_measured, shown, table};
use crate::progress::Progress;
use crate::rounds::{Figure, Rounds};

/// The version of the document: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-lab/countdown/1";

/// The row without a runtime.
const FLOOR: &str = "floor";

/// The strategy that the others' times are compared with.
const BASE: &str = "single-thread";

/// Count down in a loop, as an interpreter would, under every strategy: what it costs, and what a second thread gains
///
/// Each iteration is a checkpoint, a new boxed integer, the release of the old one and a comparison. The iterations are shared
/// out between the threads, which start together and share nothing else. A ratio of 0.5 for two threads means that they took half
/// the time of one. The row `floor` is the same loop on a plain Box, without any runtime: what this machine's cores and its allocator
/// really give.
///
/// Everything is measured once a round, and ratios are formed within a round. Shown are medians over the rounds, with the 95 %
/// bootstrap interval of the median. single-thread has no figures for several threads, since it never runs two.
#[derive(Args, Clone, Debug, PartialEq)]
pub(crate) struct Arguments {
    /// Iterations, of all threads together
    #[arg(long, value_name = "N", default_value_t = Self::COUNT, value_parser = value_parser!(u64).range(1..))]
    count: u64,

    /// How often everything is measured
    #[arg(long, value_name = "N", default_value_t = Self::ROUNDS, value_parser = value_parser!(u32).range(1..=100_000))]
    rounds: u32,

    /// Threads to compare with one
    #[arg(long, value_name = "N", default_value_t = Self::THREADS, value_parser = value_parser!(u16).range(1..=256))]
    threads: u16,

    /// Measure this strategy and the floor only; may be given several times
    #[arg(long = "strategy", value_name = "ID", value_parser = strategy_ids())]
    strategies: Vec<String>,
}

impl Arguments {
    const COUNT: u64 = 10_000_000;
    const ROUNDS: u32 = 31;
    const THREADS: u16 = 2;
}

impl Default for Arguments {
    fn default() -> Self {
        Arguments { count: Self::COUNT, rounds: Self::ROUNDS, threads: Self::THREADS, strategies: Vec::new() }
    }
}

fn strategy_ids() -> PossibleValuesParser {
    STRATEGIES
        .iter()
        .map(|strategy| PossibleValue::new(strategy.id).help(strategy.summary))
        .collect::<Vec<_>>()
        .into()
}

/// One line of the table: a strategy, or the floor.
#[derive(Clone, Copy, Debug)]
struct Subject {
    id: &'static str,
    /// The number of the cell with one thread.
    one: usize,
    /// The number of the cell with all threads, if there is one.
    all: Option<usize>,
}

/// What is measured once in each round: a subject with a number of threads.
#[derive(Clone, Copy, Debug)]
struct Cell {
    id: &'static str,
    threads: usize,
}

/// One row of the document.
#[derive(Debug, Serialize)]
struct Row {
    strategy: &'static str,
    threads: usize,
    seconds: Figure,
    /// This row's time by that of the same strategy with one thread, in the same rounds.
    ratio_to_one_thread: Figure,
    /// This row's time by that of `single-thread`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio_to_single_thread: Option<Figure>,
    /// `ratio_to_one_thread` by the floor's with as many threads, in the same rounds: 1 is all that the machine has to give.
    ratio_to_floor: Figure,
}

/// Runs the experiment and prints its results.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<()> {
    let threads = usize::from(arguments.threads);
    let (subjects, cells) = plan(arguments);
    let mut machine = Machine::before_run(threads);
    let rounds = measure(arguments, &cells);
    machine.after_run();

    let rows = rows(&subjects, &cells, &rounds);
    let text = || format!("{}\n{}", headline(arguments), table(&lines(&subjects, &rows, threads)));
    let notes: Vec<String> = machine.shortage().into_iter().collect();
    output.print(SCHEMA, &machine, &rows, text, &notes)
}

/// What is measured, in order.
fn plan(arguments: &Arguments) -> (Vec<Subject>, Vec<Cell>) {
    let wanted = |strategy: &&StrategyInfo| {
        arguments.strategies.is_empty() || arguments.strategies.iter().any(|id| id == strategy.id)
    };
    let strategies =
        STRATEGIES.iter().filter(wanted).map(|info| (info.id, info.threads != ThreadsRun::Alone));
    let (mut subjects, mut cells) = (Vec::new(), Vec::new());
    for (id, has_threads) in strategies.chain([(FLOOR, true)]) {
        let one = cells.len();
        cells.push(Cell { id, threads: 1 });
        // With one thread only, both are the same cell.
        let all = has_threads && arguments.threads > 1;
        if all {
            cells.push(Cell { id, threads: arguments.threads.into() });
        }
        subjects.push(Subject { id, one, all: all.then_some(one + 1) });
    }
    (subjects, cells)
}

/// Measures all cells in interleaved rounds, after a short round that warms up and does not count.
fn measure(arguments: &Arguments, cells: &[Cell]) -> Rounds {
    let rounds = arguments.rounds as usize;
    let progress = Progress::new((rounds + 1) * cells.len());
    let step = |count: u64, what: &str, cell: Cell| {
        progress.begin(format!("{what}: {} on {}", cell.id, cell.threads));
        let seconds = seconds(count, cell);
        progress.end();
        seconds
    };
    for &cell in cells {
        step(arguments.count / 10, "warming up", cell);
    }
    Rounds::measure(rounds, cells.len(), |round, number| {
        step(arguments.count, &format!("round {} of {rounds}", round + 1), cells[number])
    })
}

/// The time of one cell, in seconds.
fn seconds(count: u64, cell: Cell) -> f64 {
    let done = match cell.id {
        FLOOR => countdown::run_floor(count, cell.threads),
        id => run_on(id, &mut Countdown { count, threads: cell.threads })
            .expect("only listed strategies are measured"),
    };
    assert_eq!(done.results.iter().sum::<u64>(), count, "{} has not counted down", cell.id);
    // Not zero, however small the count and coarse the clock: it is divided by.
    done.elapsed.as_secs_f64().max(1e-9)
}

struct Countdown {
    count: u64,
    threads: usize,
}

impl Job for Countdown {
    type Output = keyway_workloads::Together<u64>;

    fn run<S: Strategy>(&mut self) -> Self::Output {
        countdown::run::<S>(self.count, self.threads)
    }
}

fn rows(subjects: &[Subject], cells: &[Cell], rounds: &Rounds) -> Vec<Row> {
    let base = subjects.iter().find(|subject| subject.id == BASE).map(|subject| subject.one);
    let floor = *subjects.last().expect("the floor is always measured");
    let row = |subject: &Subject, cell: usize| {
        let floor_cell = if cell == subject.one { Some(floor.one) } else { floor.all };
        let floor_cell = floor_cell.expect("the floor is measured with all numbers of threads");
        Row {
            strategy: subject.id,
            threads: cells[cell].threads,
            seconds: rounds.figure(|round| round[cell]),
            ratio_to_one_thread: rounds.figure(|round| round[cell] / round[subject.one]),
            ratio_to_single_thread: base.map(|base| rounds.figure(|round| round[cell] / round[base])),
            ratio_to_floor: rounds
                .figure(|round| (round[cell] / round[subject.one]) / (round[floor_cell] / round[floor.one])),
        }
    };
    let of = |subject: &Subject| {
        let numbers = [Some(subject.one), subject.all].into_iter().flatten();
        numbers.map(|cell| row(subject, cell)).collect::<Vec<_>>()
    };
    subjects.iter().flat_map(of).collect()
}

fn headline(arguments: &Arguments) -> String {
    let Arguments { count, rounds, .. } = arguments;
    format!("Countdown from {count}. Medians over {rounds} rounds, with their 95 % bootstrap intervals.\n")
}

fn lines(subjects: &[Subject], rows: &[Row], threads: usize) -> Vec<Vec<String>> {
    let milliseconds = |figure: Figure| {
        let in_ms = |seconds: f64| seconds * 1e3;
        shown(Figure { median: in_ms(figure.median), low: in_ms(figure.low), high: in_ms(figure.high) }, 1)
    };
    let line = |subject: &Subject| {
        let find =
            |threads: usize| rows.iter().find(|row| row.strategy == subject.id && row.threads == threads);
        let one = find(1);
        let all = find(threads).filter(|_| threads > 1);
        let cell = |row: Option<&Row>, show: &dyn Fn(&Row) -> String| row.map_or_else(not_measured, show);
        vec![
            subject.id.to_owned(),
            cell(one, &|row| milliseconds(row.seconds)),
            cell(one, &|row| row.ratio_to_single_thread.map_or_else(not_measured, |ratio| shown(ratio, 2))),
            cell(all, &|row| milliseconds(row.seconds)),
            cell(all, &|row| shown(row.ratio_to_one_thread, 3)),
            cell(all, &|row| shown(row.ratio_to_floor, 3)),
        ]
    };
    let heading = [
        "strategy".to_owned(),
        "1 thread, ms".to_owned(),
        format!("to {BASE}"),
        format!("{threads} threads, ms"),
        format!("{threads} threads to 1"),
        "to floor's".to_owned(),
    ];
    [heading.to_vec()].into_iter().chain(subjects.iter().map(line)).collect()
}
