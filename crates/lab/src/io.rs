//! The experiment `io`: several I/O-bound threads, and no thread that computes while they run.

mod crowd;

use std::collections::BTreeSet;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::scope;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, value_parser};
use keyway::Strategy;
use keyway_workloads::{Crew, Job, Member, STRATEGIES, StrategyInfo, ThreadsRun, run_on};
use serde::Serialize;

use crate::children::Kept;
use crate::file;
use crate::intervals::Intervals;
use crate::machine::Machine;
use crate::markdown;
use crate::output::{Output, not_measured, shown, table};
use crate::plot::{Axis, Line, Panel, Plot, Shapes};
use crate::progress::Progress;
use crate::rounds::{Figure, Rounds};
use crate::starvation::{Answers, Clock, Server, Trips};
use crate::streams::tell;

/// The version of the document: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-lab/io/1";

/// Several echo clients and no spinner: how many round trips they make together, and how long those
/// take
///
/// Each client is a thread of one runtime. It sends 16 bytes over a socket to a process of its own
/// and waits for the answer, with a blocking region around each of the two calls. The server
/// answers 200 microseconds later, so that the client really blocks, or at once.
///
/// Everything is measured once a round, and ratios are formed within a round. Shown are medians
/// over the rounds, with the 95 % bootstrap interval of the median. `to 1` is the round trips of
/// all clients by those of one. single-thread has one client, since it never runs two threads.
///
/// Under the policies of the global lock also a crowd that comes back: 10, 100, 1,000 and 2,000
/// threads that return from blocking regions, over and over, and the operations that all of them do
/// a second.
#[derive(Args, Clone, Debug, PartialEq)]
pub(crate) struct Arguments {
    /// How often everything is measured
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = value_parser!(u32).range(1..=100_000))]
    rounds: u32,

    /// Milliseconds that each measurement takes
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = value_parser!(u32).range(10..=3_600_000))]
    milliseconds: u32,

    /// How the servers answer; both if not given
    #[arg(long, value_enum)]
    server: Option<Answers>,

    /// Number of clients, in addition to one; may be given several times. 2, 4, 8, 16, 32 and 64 if
    /// not given
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=256))]
    threads: Vec<u16>,

    /// Measure this strategy only; may be given several times
    #[arg(long = "strategy", value_name = "ID", value_parser = strategy_ids())]
    strategies: Vec<String>,

    /// Also draw the round trips and their times, as SVG
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

    fn servers(&self) -> Vec<Answers> {
        self.server.map_or_else(|| vec![Answers::After200us, Answers::AtOnce], |server| vec![server])
    }

    fn numbers(&self) -> BTreeSet<usize> {
        let mut numbers: BTreeSet<usize> = self.threads.iter().map(|&number| number.into()).collect();
        if numbers.is_empty() {
            numbers = [2, 4, 8, 16, 32, 64].into();
        }
        numbers.insert(1);
        numbers
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
    threads: usize,
    /// Of all clients together.
    round_trips_per_s: Figure,
    /// By those of one client of the same strategy and server, in the same rounds.
    ratio_to_one_thread: Figure,
    p50_us: Figure,
    p99_us: Figure,
    p999_us: Figure,
}

/// What the document holds.
#[derive(Debug, Serialize)]
struct Results<'a> {
    rows: &'a [Row],
    crowd: &'a [crowd::Row],
}

/// What is measured at once.
#[derive(Clone, Copy, Debug)]
struct Setting {
    strategy: &'static str,
    server: Answers,
    threads: usize,
}

/// Runs the experiment and prints its results.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    arguments.intervals.set();
    let settings = plan(arguments);
    let mut machine = Machine::before_run(2);
    let rounds = match measure(arguments, &settings) {
        Ok(rounds) => rounds,
        Err(error) => {
            tell!("error: the echo servers: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let strategies: Vec<_> = STRATEGIES.iter().filter(|it| arguments.wants(it)).map(|it| it.id).collect();
    let time = Duration::from_millis(arguments.milliseconds.into());
    let crowd = match crowd::measure(&strategies, arguments.rounds as usize, time) {
        Ok(rows) => rows,
        Err(error) => {
            tell!("error: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    machine.after_run();
    let rows = rows(&settings, &rounds);
    let notes: Vec<String> = machine.shortage().into_iter().collect();
    let lines = lines(&rows);
    // The files first: they are not lost if nobody reads the output to its end.
    let page = || {
        let reading = "[The lab](../lab.md) says how the figures are taken.";
        let beginning = markdown::beginning("I/O-bound threads", output.command(), reading, &machine);
        let shortage: String = notes.iter().map(|note| format!("**{note}**\n\n")).collect();
        let crowd = if crowd.is_empty() {
            String::new()
        } else {
            format!("\n{}\n{}", crowd::HEADLINE, markdown::table(&crowd::lines(&crowd), 1))
        };
        format!("{beginning}{shortage}{}\n{}{crowd}", headline(arguments), markdown::table(&lines, 2))
    };
    let written = write_files(arguments, page, || plot(&rows));
    let text = || {
        let echo = format!("{}\n{}", headline(arguments), table(&lines));
        if crowd.is_empty() {
            echo
        } else {
            format!("{echo}\n{}\n{}", crowd::HEADLINE, table(&crowd::lines(&crowd)))
        }
    };
    output.print_results(SCHEMA, &machine, &Results { rows: &rows, crowd: &crowd }, text, &notes)?;
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
            image = format!("\n{}", markdown::image("I/O-bound threads", path, page));
        }
    }
    arguments.docs.as_ref().map_or(Ok(()), |path| file::write(path, &(page() + &image)))
}

/// What is measured, in order.
fn plan(arguments: &Arguments) -> Vec<Setting> {
    let mut settings = Vec::new();
    for server in arguments.servers() {
        for strategy in STRATEGIES.iter().filter(|strategy| arguments.wants(strategy)) {
            let numbers = arguments.numbers().into_iter();
            let numbers = numbers.filter(|number| *number == 1 || strategy.threads != ThreadsRun::Alone);
            settings.extend(numbers.map(|threads| Setting { strategy: strategy.id, server, threads }));
        }
    }
    settings
}

/// The connections of all clients, and the processes at their other ends; one for each client, for
/// the whole experiment.
#[derive(Debug)]
struct Servers {
    answers: Answers,
    connections: Vec<UnixStream>,
    processes: Vec<Kept>,
}

impl Servers {
    fn start(answers: Answers, number: usize) -> io::Result<Servers> {
        let started = (0..number).map(|_| Server::start(answers)).collect::<io::Result<Vec<_>>>()?;
        let (connections, processes) = started.into_iter().unzip();
        Ok(Servers { answers, connections, processes })
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // A server ends when its client has gone.
        self.connections.clear();
        for process in self.processes.drain(..) {
            let _ = process.wait();
        }
    }
}

/// How many figures a measurement has.
const FIGURES: usize = 4;

/// Measures all settings in interleaved rounds, after a short round that warms up and does not
/// count.
fn measure(arguments: &Arguments, settings: &[Setting]) -> io::Result<Rounds> {
    let most = settings.iter().map(|setting| setting.threads).max().unwrap_or(1);
    let mut servers = Vec::new();
    for answers in arguments.servers() {
        servers.push(Servers::start(answers, most)?);
    }
    let rounds = arguments.rounds as usize;
    let time = Duration::from_millis(arguments.milliseconds.into());
    let progress = Progress::new((rounds + 1) * settings.len());
    let mut step = |time: Duration, what: &str, setting: Setting| {
        let Setting { strategy, server, threads } = setting;
        let clients = if threads == 1 { "client" } else { "clients" };
        progress.begin(format!("{what}: {strategy}: {threads} echo {clients} (server {})", server.id()));
        let servers = servers.iter_mut().find(|servers| servers.answers == server);
        let connections = &mut servers.expect("they have been started").connections[..threads];
        let figures = run_on(strategy, &mut Clients { connections, time });
        progress.end();
        figures.expect("only listed strategies are measured")
    };
    for &setting in settings {
        step(time / 10, "warming up", setting)?;
    }
    let mut figures = [0.0; FIGURES];
    Rounds::try_measure(rounds, settings.len() * FIGURES, |round, cell| {
        if cell % FIGURES == 0 {
            figures = step(time, &format!("round {} of {rounds}", round + 1), settings[cell / FIGURES])?;
        }
        Ok(figures[cell % FIGURES])
    })
}

/// Clients, one for each connection, for this time.
struct Clients<'a> {
    connections: &'a mut [UnixStream],
    time: Duration,
}

impl Job for Clients<'_> {
    type Output = io::Result<[f64; FIGURES]>;

    fn run<S: Strategy>(&mut self) -> Self::Output {
        let clock = &Clock::new();
        let trips = scope(|scope| {
            let crew = Crew::default();
            let clients = self.connections.iter_mut().zip(1..).map(|(connection, number)| {
                let client = move || Trips::make::<S>(connection, clock);
                crew.start(scope, format!("echo client {number}"), client)
            });
            let clients = clients.collect::<Result<Vec<_>, _>>()?;
            crew.begin();
            clock.measure(self.time);
            clients.into_iter().map(Member::join).collect::<io::Result<Vec<Trips>>>()
        })?;
        let all = trips.iter().skip(1).fold(trips[0].clone(), Trips::and);
        Ok([all.per_s(), all.us(0.5), all.us(0.99), all.us(0.999)])
    }
}

fn rows(settings: &[Setting], rounds: &Rounds) -> Vec<Row> {
    let row = |(number, setting): (usize, &Setting)| {
        let Setting { strategy, server, threads } = *setting;
        let one = settings
            .iter()
            .position(|it| (it.strategy, it.server, it.threads) == (strategy, server, 1))
            .expect("one client is always measured");
        let figure = |part: usize| rounds.figure(|round| round[number * FIGURES + part]);
        Row {
            strategy,
            server,
            threads,
            round_trips_per_s: figure(0),
            ratio_to_one_thread: rounds.figure(|round| round[number * FIGURES] / round[one * FIGURES]),
            p50_us: figure(1),
            p99_us: figure(2),
            p999_us: figure(3),
        }
    };
    settings.iter().enumerate().map(row).collect()
}

fn headline(arguments: &Arguments) -> String {
    let Arguments { rounds, milliseconds, .. } = arguments;
    format!(
        "Echo clients with nobody beside them, {milliseconds} ms each. Medians over {rounds} rounds, with their 95 % bootstrap \
         intervals.\n"
    )
}

fn lines(rows: &[Row]) -> Vec<Vec<String>> {
    let heading = ["strategy", "server", "threads", "trips/s", "to 1", "p50, us", "p99, us", "p99.9, us"];
    let line = |row: &Row| {
        let us = |figure: Figure| format!("{:.0}", figure.median);
        vec![
            row.strategy.to_owned(),
            row.server.id().to_owned(),
            row.threads.to_string(),
            shown(row.round_trips_per_s, 0),
            if row.threads == 1 { not_measured() } else { shown(row.ratio_to_one_thread, 2) },
            us(row.p50_us),
            us(row.p99_us),
            us(row.p999_us),
        ]
    };
    [heading.map(str::to_owned).to_vec()].into_iter().chain(rows.iter().map(line)).collect()
}

/// For each server a panel of round trips and one of their times, with a line for each strategy
/// that runs several threads.
fn plot(rows: &[Row]) -> Plot {
    let panel = |server: Answers, what: &str, value: &dyn Fn(&Row) -> Figure| {
        let lines = STRATEGIES.iter().map(|strategy| {
            let rows = rows.iter().filter(|row| row.server == server && row.strategy == strategy.id);
            let points = rows.map(|row| (row.threads as f64, value(row))).collect();
            Line { name: strategy.id.to_owned(), points }
        });
        let lines = lines.filter(|line| line.points.len() > 1).collect();
        Panel {
            heading: format!("The server answers {}", server.id()),
            x: Axis::logarithmic("clients"),
            shapes: Shapes::Lines { y: Axis::logarithmic(what), lines },
        }
    };
    let servers: BTreeSet<Answers> = rows.iter().map(|row| row.server).collect();
    let panels = servers.into_iter().flat_map(|server| {
        [
            panel(server, "round trips a second, all clients", &|row| row.round_trips_per_s),
            panel(server, "p99 of a round trip, us", &|row| row.p99_us),
        ]
    });
    Plot { title: "Echo clients alone".to_owned(), panels: panels.collect() }
}
