//! How far a long run has come, on standard error: a bar on a terminal, else a line now and then.

use std::io::{self, IsTerminal};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::progress::Progress;
use crate::streams::tell;

/// Between two lines, where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// The steps of a run.
#[derive(Debug)]
pub(super) struct Pace {
    what: &'static str,
    steps: usize,
    start: Instant,
    bar: Progress,
    told: Mutex<Told>,
}

#[derive(Debug)]
struct Told {
    done: usize,
    last: Instant,
}

impl Pace {
    /// The pace of `steps` steps of a kind, such as `models`.
    pub(super) fn new(what: &'static str, steps: usize) -> Self {
        let start = Instant::now();
        Pace {
            what,
            steps,
            start,
            bar: Progress::new(steps),
            told: Mutex::new(Told { done: 0, last: start }),
        }
    }

    /// A step begins.
    pub(super) fn begin(&self, step: String) {
        self.bar.begin(step);
    }

    /// A step has ended.
    pub(super) fn end(&self, step: &str) {
        self.bar.end();
        let mut told = self.told.lock().expect("no panic while it is held");
        told.done += 1;
        if io::stderr().is_terminal() || (told.last.elapsed() < LINE_EVERY && told.done < self.steps) {
            return;
        }
        told.last = Instant::now();
        let elapsed = self.start.elapsed().as_secs();
        let left = elapsed * (self.steps - told.done) as u64 / told.done as u64;
        let Pace { what, steps, .. } = self;
        tell!("{} of {steps} {what} in {elapsed} s, about {left} s left; the last: {step}", told.done);
    }
}
