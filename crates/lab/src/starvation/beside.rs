//! One measurement: an echo client whose server is another process, while spinners run.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{ExitCode, Stdio};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use hdrhistogram::Histogram;
use keyway::{Strategy, attach};
use keyway_workloads::{CannotStart, Crew, Job, Member, echo, run_on};
use serde::Serialize;

use crate::children::{self, Kept};
use crate::program::Program;
use crate::streams::tell;

/// How a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answers {
    /// 200 microseconds after it was asked: the client really blocks
    #[value(name = "after-200us")]
    #[serde(rename = "after-200us")]
    After200us,
    /// At once
    AtOnce,
}

impl Answers {
    /// As on the command line.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Answers::After200us => "after-200us",
            Answers::AtOnce => "at-once",
        }
    }
}

/// The server, as a process of its own: its standard input is the connection.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Server {
    #[arg(value_enum)]
    answers: Answers,
}

impl Server {
    /// Serves until the client has gone.
    pub(crate) fn run(self) -> ExitCode {
        match self.serve() {
            // The client may go in the middle of a trip.
            Err(error)
                if ![io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset].contains(&error.kind()) =>
            {
                tell!("error: the echo server: {error}");
                ExitCode::FAILURE
            }
            _ => ExitCode::SUCCESS,
        }
    }

    fn serve(self) -> io::Result<()> {
        let after = match self.answers {
            Answers::After200us => Duration::from_micros(200),
            Answers::AtOnce => Duration::ZERO,
        };
        let mut connection = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        echo::serve(&mut connection, after)
    }

    /// Starts one. It ends when the connection is dropped.
    pub(crate) fn start(answers: Answers) -> io::Result<(UnixStream, Kept)> {
        let (here, there) = UnixStream::pair()?;
        let mut server = Program::this().and_then(Program::command).map_err(io::Error::other)?;
        server.args(["echo-server", answers.id()]).stdin(Stdio::from(OwnedFd::from(there)));
        let server = children::start(&mut server);
        Ok((here, server.map_err(|why| CannotStart::new("its process", why))?))
    }
}

/// What is measured at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) strategy: &'static str,
    /// None: the spinners are alone.
    pub(super) server: Option<Answers>,
    pub(super) spinners: usize,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spinners = if self.spinners == 1 { "spinner" } else { "spinners" };
        match self.server {
            Some(server) => write!(f, "{}: an echo client (server {})", self.strategy, server.id()),
            None => write!(f, "{}: no client", self.strategy),
        }?;
        write!(f, " beside {} {spinners}", self.spinners)
    }
}

/// What came of it. A value that was not measured is not a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    pub(super) trips_per_s: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    pub(super) p999_us: f64,
    /// Iterations a second, of all spinners together.
    pub(super) spins_per_s: f64,
}

/// Whether what threads do counts.
#[derive(Debug)]
pub(crate) struct Clock(AtomicU8);

/// The threads run, but nothing counts yet; their work counts; they end.
const WARMING_UP: u8 = 0;
const MEASURED: u8 = 1;
const ENDING: u8 = 2;

/// How long the threads run before they are measured: several turns of every policy.
const WARM_UP: Duration = Duration::from_millis(30);

impl Clock {
    /// Nothing counts yet.
    pub(crate) fn new() -> Self {
        Clock(AtomicU8::new(WARMING_UP))
    }

    /// Lets the threads warm up, measures them for this time, and tells them to end.
    pub(crate) fn measure(&self, time: Duration) {
        sleep(WARM_UP);
        self.0.store(MEASURED, Relaxed);
        sleep(time);
        self.0.store(ENDING, Relaxed);
    }

    fn phase(&self) -> u8 {
        self.0.load(Relaxed)
    }
}

impl Setting {
    /// Measures for this time.
    ///
    /// # Errors
    /// If the server cannot be started, or goes away.
    pub(super) fn measure(self, time: Duration) -> io::Result<Outcome> {
        run_on(self.strategy, &mut Run { setting: self, time }).expect("only listed strategies are measured")
    }
}

struct Run {
    setting: Setting,
    time: Duration,
}

impl Job for Run {
    type Output = io::Result<Outcome>;

    fn run<S: Strategy>(&mut self) -> io::Result<Outcome> {
        let Setting { server, spinners, .. } = self.setting;
        let clock = &Clock::new();
        let server = server.map(Server::start).transpose()?;
        let (connection, process) = server.unzip();
        let outcome = scope(|scope| {
            let crew = Crew::default();
            let spin = move || attach::<S, _>(|thread| spins_per_s(thread, clock));
            let spinners: Vec<_> = (1..=spinners)
                .map(|number| crew.start(scope, format!("spinner {number}"), spin))
                .collect::<Result<_, _>>()?;
            let client = connection.map(|mut connection| {
                let trips = move || Trips::make::<S>(&mut connection, clock);
                crew.start(scope, "echo client".to_owned(), trips)
            });
            let client = client.transpose()?;
            crew.begin();
            clock.measure(self.time);
            let client = client.map(Member::join);
            let spins_per_s = spinners.into_iter().map(Member::join);
            let nothing = Outcome {
                trips_per_s: f64::NAN,
                p50_us: f64::NAN,
                p99_us: f64::NAN,
                p999_us: f64::NAN,
                spins_per_s: spins_per_s.sum(),
            };
            Ok(match client.transpose()? {
                Some(trips) => Outcome {
                    trips_per_s: trips.per_s(),
                    p50_us: trips.us(0.5),
                    p99_us: trips.us(0.99),
                    p999_us: trips.us(0.999),
                    ..nothing
                },
                None => nothing,
            })
        });
        process.map(Kept::wait).transpose()?;
        outcome
    }
}

/// Spins until the end. Iterations a second while it was measured.
fn spins_per_s<S: Strategy>(thread: &mut keyway::Thread<S>, clock: &Clock) -> f64 {
    let (mut iterations, mut start) = (0_u64, None);
    echo::spin(thread, || match clock.phase() {
        WARMING_UP => true,
        MEASURED => {
            start.get_or_insert_with(Instant::now);
            iterations += 1;
            true
        }
        _ => false,
    });
    start.map_or(0.0, |start| iterations as f64 / start.elapsed().as_secs_f64())
}

/// The round trips of one client, or of several, as far as they count.
#[derive(Clone, Debug)]
pub(crate) struct Trips {
    /// Nanoseconds.
    times: Histogram<u64>,
    per_s: f64,
}

impl Trips {
    /// Attaches this thread, and makes trips until the end.
    ///
    /// # Errors
    /// Those of the connection.
    pub(crate) fn make<S: Strategy>(connection: &mut UnixStream, clock: &Clock) -> io::Result<Trips> {
        let mut times = Histogram::<u64>::new(3).expect("three digits are allowed");
        let (mut start, mut end) = (None, None);
        attach::<S, _>(|thread| {
            echo::client(connection, thread, |trip| {
                let phase = clock.phase();
                if phase != WARMING_UP && start.is_some() {
                    times.record(trip.time.as_nanos() as u64).expect("it grows as needed");
                    end = Some(Instant::now());
                } else if phase == MEASURED {
                    // The trip that was under way when the measuring began does not count.
                    start = Some(Instant::now());
                }
                phase != ENDING
            })
        })?;
        let elapsed = start.zip(end).map_or(f64::INFINITY, |(start, end)| (end - start).as_secs_f64());
        Ok(Trips { per_s: times.len() as f64 / elapsed, times })
    }

    /// Those of both together.
    pub(crate) fn and(mut self, other: &Trips) -> Trips {
        self.times.add(&other.times).expect("both have three digits");
        Trips { per_s: self.per_s + other.per_s, ..self }
    }

    /// Trips a second.
    pub(crate) fn per_s(&self) -> f64 {
        self.per_s
    }

    /// The time, in microseconds, that this part of the trips did not exceed.
    pub(crate) fn us(&self, quantile: f64) -> f64 {
        self.times.value_at_quantile(quantile) as f64 / 1e3
    }
}
