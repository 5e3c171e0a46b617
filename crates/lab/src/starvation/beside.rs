//! One measurement: an echo client whose server is another process, beside spinners.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use hdrhistogram::Histogram;
use keyway::{Strategy, attach};
use keyway_workloads::{Job, echo, run_on};
use serde::Serialize;

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
    pub(super) fn id(self) -> &'static str {
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
    pub(crate) fn serve(self) -> io::Result<()> {
        let after = match self.answers {
            Answers::After200us => Duration::from_micros(200),
            Answers::AtOnce => Duration::ZERO,
        };
        let mut connection = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        echo::serve(&mut connection, after)
    }

    /// Starts one. It ends when the connection is dropped.
    pub(crate) fn start(answers: Answers) -> io::Result<(UnixStream, Child)> {
        let (here, there) = UnixStream::pair()?;
        let mut server = Command::new(std::env::current_exe()?);
        server.args(["echo-server", answers.id()]).stdin(Stdio::from(OwnedFd::from(there)));
        Ok((here, server.spawn()?))
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

/// What came of it. What was not measured is not a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    pub(super) trips_per_s: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    pub(super) p999_us: f64,
    /// Iterations a second, of all spinners together.
    pub(super) spins_per_s: f64,
}

/// The threads run, but nothing counts yet; what they do counts; they end.
const WARMING_UP: u8 = 0;
const MEASURED: u8 = 1;
const ENDING: u8 = 2;

/// How long the threads run before they are measured: several turns of every policy.
const WARM_UP: Duration = Duration::from_millis(30);

impl Setting {
    /// Measures for so long.
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
        let phase = &AtomicU8::new(WARMING_UP);
        let server = server.map(Server::start).transpose()?;
        let (connection, process) = server.unzip();
        let outcome = thread::scope(|scope| {
            let spinners: Vec<_> = (1..=spinners)
                .map(|number| {
                    let spinner = thread::Builder::new().name(format!("spinner {number}"));
                    spinner.spawn_scoped(scope, move || attach::<S, _>(|thread| spins_per_s(thread, phase)))
                })
                .collect::<io::Result<_>>()?;
            let client = connection.map(|connection| {
                let client = thread::Builder::new().name("echo client".to_owned());
                client.spawn_scoped(scope, move || trips::<S>(connection, phase))
            });
            let client = client.transpose()?;
            sleep(WARM_UP);
            phase.store(MEASURED, Relaxed);
            sleep(self.time);
            phase.store(ENDING, Relaxed);
            let client = client.map(|client| client.join().expect("the client does not panic"));
            let spins_per_s = spinners.into_iter().map(|spinner| spinner.join().expect("it does not panic"));
            let nothing = Outcome {
                trips_per_s: f64::NAN,
                p50_us: f64::NAN,
                p99_us: f64::NAN,
                p999_us: f64::NAN,
                spins_per_s: spins_per_s.sum(),
            };
            Ok(match client.transpose()? {
                Some(client) => Outcome { spins_per_s: nothing.spins_per_s, ..client },
                None => nothing,
            })
        });
        process.map(|mut process| process.wait()).transpose()?;
        outcome
    }
}

/// Spins until the end. Iterations a second while it was measured.
fn spins_per_s<S: Strategy>(thread: &mut keyway::Thread<S>, phase: &AtomicU8) -> f64 {
    let (mut iterations, mut start) = (0_u64, None);
    echo::spin(thread, || match phase.load(Relaxed) {
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

/// Makes trips until the end.
fn trips<S: Strategy>(mut connection: UnixStream, phase: &AtomicU8) -> io::Result<Outcome> {
    let mut times = Histogram::<u64>::new(3).expect("three digits are allowed");
    let (mut start, mut end) = (None, None);
    attach::<S, _>(|thread| {
        echo::client(&mut connection, thread, |trip| {
            let phase = phase.load(Relaxed);
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
    let us = |quantile| times.value_at_quantile(quantile) as f64 / 1e3;
    let elapsed = start.zip(end).map_or(f64::INFINITY, |(start, end)| (end - start).as_secs_f64());
    Ok(Outcome {
        trips_per_s: times.len() as f64 / elapsed,
        p50_us: us(0.5),
        p99_us: us(0.99),
        p999_us: us(0.999),
        spins_per_s: 0.0,
    })
}
