//! A crowd that comes back: far more threads than cores return from blocking regions, over and
//! over.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use keyway::{Strategy, attach};
use keyway_workloads::{Crew, Job, Member, run_on};
use serde::Serialize;

use crate::output::shown;
use crate::progress::Progress;
use crate::rounds::{Figure, Rounds};

/// How many threads.
const SIZES: [usize; 4] = [10, 100, 1_000, 2_000];

/// How long each blocking region lasts, but for the kernel's delay.
const AWAY: Duration = Duration::from_micros(50);

/// The stack that a thread needs, rather than the megabytes that it would be given.
const STACK: usize = 128 * 1024;

/// One row of the document.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    strategy: &'static str,
    threads: usize,
    /// Of all threads together: a blocking region, and an object made and released.
    operations_per_s: Figure,
}

/// Measures these strategies in interleaved rounds; those under which one thread at a time is
/// attached, and which let it change.
///
/// # Errors
/// If a thread cannot be started. Those that have been started have ended.
pub(super) fn measure(strategies: &[&'static str], rounds: usize, time: Duration) -> io::Result<Vec<Row>> {
    let settings: Vec<_> = strategies
        .iter()
        .filter(|id| id.starts_with("global-lock-"))
        .flat_map(|&strategy| SIZES.map(|threads| (strategy, threads)))
        .collect();
    let progress = Progress::new(rounds * settings.len());
    let measured = Rounds::try_measure(rounds, settings.len(), |round, number| {
        let (strategy, threads) = settings[number];
        progress.begin(format!("round {} of {rounds}: {strategy}: a crowd of {threads}", round + 1));
        let per_s =
            run_on(strategy, &mut Crowd { threads, time }).expect("only listed strategies are measured");
        progress.end();
        per_s
    })?;
    let row = |(number, &(strategy, threads)): (usize, &(&'static str, usize))| Row {
        strategy,
        threads,
        operations_per_s: measured.figure(|round| round[number]),
    };
    Ok(settings.iter().enumerate().map(row).collect())
}

/// This many threads, for this time.
struct Crowd {
    threads: usize,
    time: Duration,
}

impl Job for Crowd {
    type Output = io::Result<f64>;

    fn run<S: Strategy>(&mut self) -> io::Result<f64> {
        let stop = &AtomicBool::new(false);
        thread::scope(|scope| {
            let crew = Crew::with_stacks_of(STACK);
            let member = |number| crew.start(scope, format!("crowd {number}"), move || comes_back::<S>(stop));
            let members = (0..self.threads).map(member).collect::<Result<Vec<_>, _>>()?;
            let start = Instant::now();
            crew.begin();
            sleep(self.time);
            stop.store(true, Ordering::Relaxed);
            let elapsed = start.elapsed();
            let operations: u64 = members.into_iter().map(Member::join).sum();
            Ok(operations as f64 / elapsed.as_secs_f64())
        })
    }
}

/// Comes back from blocking regions until it is stopped. How often it has been back in time.
fn comes_back<S: Strategy>(stop: &AtomicBool) -> u64 {
    attach::<S, _>(|thread| {
        for operations in 0.. {
            thread.blocking(|| sleep(AWAY));
            thread.alloc(operations).release(thread);
            if stop.load(Ordering::Relaxed) {
                return operations;
            }
        }
        unreachable!("2^64 operations")
    })
}

/// The table, with its heading.
pub(super) fn lines(rows: &[Row]) -> Vec<Vec<String>> {
    let heading = ["strategy", "crowd of", "operations/s"].map(str::to_owned).to_vec();
    let line =
        |row: &Row| vec![row.strategy.to_owned(), row.threads.to_string(), shown(row.operations_per_s, 0)];
    [heading].into_iter().chain(rows.iter().map(line)).collect()
}

/// What the table shows.
pub(super) const HEADLINE: &str = "A crowd that comes back: threads that each are away for 50 us at least, over and over, and make and release an object each time \
                                   that they are back. Operations of all threads a second.\n";
