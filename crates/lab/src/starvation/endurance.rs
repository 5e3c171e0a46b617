//! Four spinners and four echo clients for a long time: the longest that anybody waits for the
//! lock.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use keyway::{Strategy, attach};
use keyway_workloads::{Crew, Job, Member, echo, run_on};
use serde::Serialize;

use super::beside::{Answers, Server};
use crate::children::Kept;
use crate::output::table;

/// Threads of each kind.
pub(super) const EACH: usize = 4;

/// How long the control thread sleeps at a time.
const NAP: Duration = Duration::from_millis(1);

/// One row of the document. Waits in milliseconds; each is the longest of its kind, so it has no
/// interval.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    strategy: &'static str,
    spinners: usize,
    clients: usize,
    seconds: f64,
    round_trips: u64,
    /// The longest time from the end of a client's call until the client went on.
    client_wait_ms: f64,
    /// The longest time of one iteration of a spinner.
    spinner_wait_ms: f64,
    /// How much longer than it wanted a thread slept that has nothing to do with the runtime, at
    /// most.
    control_gap_ms: f64,
    /// The longer of the two waits, less the control thread's gap.
    longest_less_control_ms: f64,
}

/// Runs it under one strategy.
///
/// # Errors
/// If a server cannot be started, or goes away.
pub(super) fn run(strategy: &'static str, time: Duration) -> io::Result<Row> {
    run_on(strategy, &mut Run { strategy, time }).expect("only listed strategies are run")
}

struct Run {
    strategy: &'static str,
    time: Duration,
}

impl Job for Run {
    type Output = io::Result<Row>;

    fn run<S: Strategy>(&mut self) -> io::Result<Row> {
        let ends = &AtomicBool::new(false);
        let servers =
            (0..EACH).map(|_| Server::start(Answers::After200us)).collect::<io::Result<Vec<_>>>()?;
        let (connections, processes): (Vec<_>, Vec<_>) = servers.into_iter().unzip();
        let start = Instant::now();
        let (clients, spinner, control) = scope(|scope| {
            let crew = Crew::default();
            let control = crew.start(scope, "control".to_owned(), || longest_gap(ends))?;
            let spin = || longest_iteration::<S>(ends);
            let spinners: Vec<_> = (1..=EACH)
                .map(|number| crew.start(scope, format!("spinner {number}"), spin))
                .collect::<Result<_, _>>()?;
            let clients: Vec<_> = connections
                .into_iter()
                .zip(1..)
                .map(|(connection, number)| {
                    let client = move || longest_wait::<S>(connection, ends);
                    crew.start(scope, format!("echo client {number}"), client)
                })
                .collect::<Result<_, _>>()?;
            crew.begin();
            sleep(self.time);
            ends.store(true, Relaxed);
            let clients = clients.into_iter().map(Member::join);
            let clients = clients.collect::<io::Result<Vec<(u64, Duration)>>>();
            let spinner = spinners.into_iter().map(Member::join).max();
            Ok::<_, io::Error>((clients, spinner.unwrap_or_default(), control.join()))
        })?;
        let seconds = start.elapsed().as_secs_f64();
        processes.into_iter().try_for_each(|process| Kept::wait(process).map(drop))?;
        let clients = clients?;
        let client = clients.iter().map(|(_, longest)| *longest).max().unwrap_or_default();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        Ok(Row {
            strategy: self.strategy,
            spinners: EACH,
            clients: EACH,
            seconds,
            round_trips: clients.iter().map(|(trips, _)| trips).sum(),
            client_wait_ms: ms(client),
            spinner_wait_ms: ms(spinner),
            control_gap_ms: ms(control),
            longest_less_control_ms: ms(client.max(spinner).saturating_sub(control)),
        })
    }
}

/// The round trips of a client, and the longest time that it waited for the runtime.
fn longest_wait<S: Strategy>(mut connection: UnixStream, ends: &AtomicBool) -> io::Result<(u64, Duration)> {
    let (mut trips, mut longest) = (0, Duration::ZERO);
    attach::<S, _>(|thread| {
        echo::client(&mut connection, thread, |trip| {
            trips += 1;
            longest = longest.max(trip.longest_wait);
            !ends.load(Relaxed)
        })
    })?;
    Ok((trips, longest))
}

fn longest_iteration<S: Strategy>(ends: &AtomicBool) -> Duration {
    attach::<S, _>(|thread| {
        let (mut longest, mut last) = (Duration::ZERO, Instant::now());
        echo::spin(thread, || {
            let now = Instant::now();
            longest = longest.max(now - last);
            last = now;
            !ends.load(Relaxed)
        });
        longest
    })
}

fn longest_gap(ends: &AtomicBool) -> Duration {
    let mut longest = Duration::ZERO;
    while !ends.load(Relaxed) {
        let start = Instant::now();
        sleep(NAP);
        longest = longest.max(start.elapsed().saturating_sub(NAP));
    }
    longest
}

pub(super) fn text(rows: &[Row]) -> String {
    let heading =
        ["strategy", "round trips", "client, ms", "spinner, ms", "control, ms", "longest less control, ms"];
    let line = |row: &Row| {
        let ms = |time: f64| format!("{time:.1}");
        vec![
            row.strategy.to_owned(),
            row.round_trips.to_string(),
            ms(row.client_wait_ms),
            ms(row.spinner_wait_ms),
            ms(row.control_gap_ms),
            ms(row.longest_less_control_ms),
        ]
    };
    let lines: Vec<_> =
        [heading.map(str::to_owned).to_vec()].into_iter().chain(rows.iter().map(line)).collect();
    format!(
        "The longest wait for the runtime, of {EACH} spinners and {EACH} echo clients.\n\n{}",
        table(&lines)
    )
}
