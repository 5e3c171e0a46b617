//! The experiment `starvation`: what becomes of an I/O-bound thread while CPU-bound ones run, and
//! of them.

mod beside;
mod cpython;
mod endurance;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, value_parser};
use keyway_workloads::{STRATEGIES, StrategyInfo, ThreadsRun};
use serde::Serialize;

pub(crate) use beside::{Answers, Clock, Server, Trips};

use crate::file;
use crate::intervals::Intervals;
use crate::machine::Machine;
use crate::markdown;
use crate::output::{Output, not_measured, shown, table};
use crate::plot::{self, Axis, Bar, Panel, Plot, Shapes};
use crate::progress::Progress;
use crate::rounds::{Figure, Rounds};
use crate::streams::tell;
use beside::{Outcome, Setting};

/// The version of the document: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-lab/starvation/1";

/// The document of `--endurance`.
const ENDURANCE: &str = "keyway-lab/starvation-endurance/1";

/// An echo client while spinners run: how many round trips it makes, how long they take, and what
/// it costs the spinners
///
/// The client sends 16 bytes over a socket to another process and waits for the answer, with a
/// blocking region around each of the two calls. Spinners count in a loop with a checkpoint in each
/// iteration. All are threads of one runtime.
///
/// Everything is measured once a round, and ratios are formed within a round. Shown are medians
/// over the rounds, with the 95 % bootstrap interval of the median. `of none` is the part of the
/// round trips without a spinner that is left; `spinners` is the spinners' speed, as a part of the
/// speed that as many have without the client. single-thread has no spinners, since it never runs
/// two threads.
#[derive(Args, Clone, Debug, PartialEq)]
pub(crate) struct Arguments {
    /// How often everything is measured
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = value_parser!(u32).range(1..=100_000))]
    rounds: u32,

    /// Milliseconds that each measurement takes
    #[arg(long, value_name = "MS", default_value_t = 300, value_parser = value_parser!(u32).range(10..=3_600_000))]
    milliseconds: u32,

    /// How the server answers; both if not given
    #[arg(long, value_enum)]
    server: Option<Answers>,

    /// Number of spinners, in addition to none; may be given several times. 1 and 2 if not given
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=256))]
    spinners: Vec<u16>,

    /// Measure this strategy only; may be given several times
    #[arg(long = "strategy", value_name = "ID", value_parser = strategy_ids())]
    strategies: Vec<String>,

    /// Instead: four spinners and four echo clients for this many seconds, and the longest wait of
    /// any of them
    #[arg(long, value_name = "SECONDS", conflicts_with_all = ["rounds", "milliseconds", "server", "spinners", "plot", "docs"],
          value_parser = value_parser!(u32).range(1..=86_400))]
    endurance: Option<u32>,

    /// Also draw the round trips and the spinners' speed, as SVG
    #[arg(long, value_name = "FILE", value_parser = file::place())]
    plot: Option<PathBuf>,

    /// Also write the table to this file, as a page of the documentation
    #[arg(long, value_name = "FILE", value_parser = file::place())]
    docs: Option<PathBuf>,

    #[command(flatten)]
    intervals: Intervals,
}

impl Arguments {
    fn wants(&self, strategy: &StrategyInfo) -> bool {
        self.strategies.is_empty() || self.strategies.iter().any(|id| id == strategy.id)
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
    server: Answers,
    spinners: usize,
    round_trips_per_s: Figure,
    /// By that of the same strategy and server without a spinner, in the same rounds.
    ratio_to_no_spinner: Figure,
    p50_us: Figure,
    p99_us: Figure,
    p999_us: Figure,
    /// The spinners' speed by that of as many without a client, in the same rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    spinner_share: Option<Figure>,
}

/// Runs the experiment and prints its results.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    arguments.intervals.set();
    if let Some(seconds) = arguments.endurance {
        return endure(arguments, seconds, output);
    }
    let settings = plan(arguments);
    let most = settings.iter().map(|setting| setting.spinners).max().unwrap_or(0);
    let mut machine = Machine::before_run((most + 1).min(2));
    let measured = match measure(arguments, &settings) {
        Ok(measured) => measured,
        Err(error) => {
            tell!("error: the echo server: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    machine.after_run();
    let rows = rows(&settings, &measured);
    let notes: Vec<String> = machine.shortage().into_iter().collect();
    let lines = lines(&rows, arguments);
    let how = if arguments.strategies.is_empty() { format!("\n{}\n", cpython::HOW) } else { String::new() };
    // The files first: they are not lost if nobody reads the output to its end.
    let page = || {
        let reading = "[The lab](../lab.md) says how the figures are taken.";
        let beginning = markdown::beginning("Starvation", output.command(), reading, &machine);
        let shortage: String = notes.iter().map(|note| format!("**{note}**\n\n")).collect();
        format!("{beginning}{shortage}{}\n{}{how}", headline(arguments), markdown::table(&lines, 2))
    };
    let written = write_files(arguments, page, || plot(&rows));
    output.print(
        SCHEMA,
        &machine,
        &rows,
        || format!("{}\n{}{how}", headline(arguments), table(&lines)),
        &notes,
    )?;
    if let Err(error) = written {
        tell!("{error}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the files that the arguments ask for.
fn write_files(
    arguments: &Arguments,
    page: impl FnOnce() -> String,
    plot: impl FnOnce() -> Plot,
) -> Result<(), String> {
    let mut image = String::new();
    if let Some(path) = &arguments.plot {
        file::write(path, &plot().svg())?;
        if let Some(page) = &arguments.docs {
            image = format!("\n{}", markdown::image("Starvation", path, page));
        }
    }
    arguments.docs.as_ref().map_or(Ok(()), |path| file::write(path, &(page() + &image)))
}

fn endure(arguments: &Arguments, seconds: u32, output: &Output) -> io::Result<ExitCode> {
    let mut machine = Machine::before_run(2);
    let runs: Vec<&StrategyInfo> = STRATEGIES
        .iter()
        .filter(|strategy| arguments.wants(strategy) && strategy.threads != ThreadsRun::Alone)
        .collect();
    let progress = Progress::new(runs.len());
    let mut rows = Vec::new();
    for strategy in runs {
        progress.begin(strategy.id.to_owned());
        match endurance::run(strategy.id, Duration::from_secs(seconds.into())) {
            Ok(row) => rows.push(row),
            Err(error) => {
                tell!("error: the echo server: {error}");
                return Ok(ExitCode::FAILURE);
            }
        }
        progress.end();
    }
    machine.after_run();
    let notes: Vec<String> = machine.shortage().into_iter().collect();
    output.print(ENDURANCE, &machine, &rows, || endurance::text(&rows), &notes)?;
    Ok(ExitCode::SUCCESS)
}

/// For each server a panel of round trips and one of the spinners' speed.
fn plot(rows: &[Row]) -> Plot {
    let panel = |server: Answers, what: &str, value: &dyn Fn(&Row) -> Option<Figure>| {
        let bars = rows.iter().filter(|row| row.server == server && row.spinners > 0).filter_map(|row| {
            let name = format!("{}, {} spinners", row.strategy, row.spinners);
            Some(plot::Row { name, bars: vec![Bar::of(value(row)?, 0)] })
        });
        Panel {
            heading: format!("The server answers {}", server.id()),
            x: Axis::linear(what),
            shapes: Shapes::Bars { kinds: Vec::new(), rows: bars.collect() },
        }
    };
    let servers: BTreeSet<Answers> = rows.iter().map(|row| row.server).collect();
    let panels = servers.into_iter().flat_map(|server| {
        [
            panel(server, "round trips a second, as a part of those without a spinner", &|row| {
                Some(row.ratio_to_no_spinner)
            }),
            panel(server, "the spinners' speed, as a part of that without a client", &|row| {
                row.spinner_share
            }),
        ]
    });
    Plot { title: "An echo client beside spinners".to_owned(), panels: panels.collect() }
}

/// What is measured, in order: of each strategy, for each number of spinners, these alone and with
/// each server.
fn plan(arguments: &Arguments) -> Vec<Setting> {
    let servers = match arguments.server {
        Some(server) => vec![server],
        None => vec![Answers::After200us, Answers::AtOnce],
    };
    let mut numbers: BTreeSet<usize> = arguments.spinners.iter().map(|&number| number.into()).collect();
    if numbers.is_empty() {
        numbers = [1, 2].into();
    }
    numbers.insert(0);
    let mut settings = Vec::new();
    for strategy in STRATEGIES.iter().filter(|strategy| arguments.wants(strategy)) {
        for &spinners in
            numbers.iter().filter(|&&number| number == 0 || strategy.threads != ThreadsRun::Alone)
        {
            if spinners > 0 {
                settings.push(Setting { strategy: strategy.id, server: None, spinners });
            }
            settings.extend(servers.iter().map(|&server| Setting {
                strategy: strategy.id,
                server: Some(server),
                spinners,
            }));
        }
    }
    settings
}

/// The outcomes of all settings, a column for each figure.
struct Measured(Rounds);

impl Measured {
    fn figure(&self, setting: usize, value: impl Fn(Outcome) -> f64) -> Figure {
        self.0.figure(|round| value(outcome(round, setting)))
    }

    fn ratio(&self, setting: usize, base: usize, value: impl Fn(Outcome) -> f64) -> Figure {
        self.0.figure(|round| value(outcome(round, setting)) / value(outcome(round, base)))
    }
}

/// How many figures an [`Outcome`] has.
const FIGURES: usize = 5;

fn outcome(round: &[f64], setting: usize) -> Outcome {
    let at = |figure: usize| round[setting * FIGURES + figure];
    Outcome { trips_per_s: at(0), p50_us: at(1), p99_us: at(2), p999_us: at(3), spins_per_s: at(4) }
}

/// Measures all settings in interleaved rounds, after a short round that warms up and does not
/// count.
fn measure(arguments: &Arguments, settings: &[Setting]) -> io::Result<Measured> {
    let rounds = arguments.rounds as usize;
    let time = Duration::from_millis(arguments.milliseconds.into());
    let progress = Progress::new((rounds + 1) * settings.len());
    let step = |time: Duration, what: &str, setting: Setting| {
        progress.begin(format!("{what}: {setting}"));
        let outcome = setting.measure(time);
        progress.end();
        outcome
    };
    for &setting in settings {
        step(time / 10, "warming up", setting)?;
    }
    let mut figures = [0.0; FIGURES];
    let mut failure = None;
    let measured = Rounds::measure(rounds, settings.len() * FIGURES, |round, cell| {
        if cell % FIGURES == 0 && failure.is_none() {
            let setting = settings[cell / FIGURES];
            match step(time, &format!("round {} of {rounds}", round + 1), setting) {
                Ok(outcome) => {
                    let Outcome { trips_per_s, p50_us, p99_us, p999_us, spins_per_s } = outcome;
                    figures = [trips_per_s, p50_us, p99_us, p999_us, spins_per_s];
                }
                Err(error) => failure = Some(error),
            }
        }
        figures[cell % FIGURES]
    });
    failure.map_or(Ok(Measured(measured)), Err)
}

fn rows(settings: &[Setting], measured: &Measured) -> Vec<Row> {
    let find = |strategy: &str, server: Option<Answers>, spinners: usize| {
        let found = settings.iter().position(|setting| {
            setting.strategy == strategy && setting.server == server && setting.spinners == spinners
        });
        found.expect("what a row is compared with is measured")
    };
    let row = |(number, setting): (usize, &Setting)| {
        let Setting { strategy, server, spinners } = *setting;
        let none = find(strategy, Some(server?), 0);
        let share = (spinners > 0).then(|| find(strategy, None, spinners));
        Some(Row {
            strategy,
            server: server?,
            spinners,
            round_trips_per_s: measured.figure(number, |outcome| outcome.trips_per_s),
            ratio_to_no_spinner: measured.ratio(number, none, |outcome| outcome.trips_per_s),
            p50_us: measured.figure(number, |outcome| outcome.p50_us),
            p99_us: measured.figure(number, |outcome| outcome.p99_us),
            p999_us: measured.figure(number, |outcome| outcome.p999_us),
            spinner_share: share.map(|alone| measured.ratio(number, alone, |outcome| outcome.spins_per_s)),
        })
    };
    let mut rows: Vec<Row> = settings.iter().enumerate().filter_map(row).collect();
    // By server, and within it as measured.
    rows.sort_by_key(|row| row.server);
    rows
}

fn headline(arguments: &Arguments) -> String {
    let Arguments { rounds, milliseconds, .. } = arguments;
    format!(
        "An echo client beside spinners, {milliseconds} ms each. Medians over {rounds} rounds, with their 95 % bootstrap intervals.\n"
    )
}

fn lines(rows: &[Row], arguments: &Arguments) -> Vec<Vec<String>> {
    let heading = [
        "strategy",
        "server",
        "spinners",
        "trips/s",
        "of none",
        "p50, us",
        "p99, us",
        "p99.9, us",
        "spinners' speed",
    ];
    let line = |row: &Row| {
        vec![
            row.strategy.to_owned(),
            row.server.id().to_owned(),
            row.spinners.to_string(),
            shown(row.round_trips_per_s, 0),
            shown(row.ratio_to_no_spinner, 3),
            format!("{:.0}", row.p50_us.median),
            format!("{:.0}", row.p99_us.median),
            format!("{:.0}", row.p999_us.median),
            row.spinner_share.map_or_else(not_measured, |share| shown(share, 3)),
        ]
    };
    let theirs = if arguments.strategies.is_empty() { theirs(rows) } else { Vec::new() };
    [heading.map(str::to_owned).to_vec()].into_iter().chain(rows.iter().map(line)).chain(theirs).collect()
}

/// CPython's lines, of the servers and numbers of spinners that we have.
fn theirs(rows: &[Row]) -> Vec<Vec<String>> {
    let is_ours = |server: Answers, spinners: usize| {
        rows.iter().any(|row| row.server == server && row.spinners == spinners)
    };
    let of = |interpreter: &cpython::Interpreter| {
        let cpython::Interpreter { name, server, beside } = *interpreter;
        let beside = beside.into_iter().enumerate().filter(move |(spinners, _)| is_ours(server, *spinners));
        beside
            .map(move |(spinners, trips)| {
                let of_none = trips.per_s / interpreter.beside[0].per_s;
                let us = |time: f64| if time < 10.0 { format!("{time:.1}") } else { format!("{time:.0}") };
                vec![
                    name.to_owned(),
                    server.id().to_owned(),
                    spinners.to_string(),
                    format!("{:.0}", trips.per_s),
                    format!("{of_none:.3}"),
                    us(trips.p50_us),
                    us(trips.p99_us),
                    not_measured(),
                    not_measured(),
                ]
            })
            .collect::<Vec<_>>()
    };
    cpython::INTERPRETERS.iter().flat_map(of).collect()
}
