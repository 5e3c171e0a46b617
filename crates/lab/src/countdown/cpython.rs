//! Real CPython's figures for the article's countdown, to stand next to ours. Not measured by any
//! command of this project: on another day and with the programs' own clock, by running the
//! article's script on five interpreters.

use super::plan::Mode;
use crate::rounds::Figure;

/// What the script counted down from.
const COUNT: f64 = 24e6;

/// How they were measured; said wherever they are shown.
pub(super) const HOW: &str = "\
CPython's ratios come from runs of the article's script (realpython.com/python-gil) with COUNT = 24 million
on a 2-vCPU KVM guest (Intel Xeon, Sapphire Rapids class, Debian 12): medians of 7 interleaved rounds, for
threads with the least and the greatest. 3.14.4 was built twice from one source with the same flags (-O3, no
PGO, no LTO); the others are other builds, and to be compared with themselves only. Processes were a pool
that was there already, and, with start, a pool as the article makes it.";

/// One interpreter's ratios to its own time with one thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interpreter {
    pub(super) name: &'static str,
    /// Seconds with one thread.
    seconds: f64,
    /// Two threads: the median, the least and the greatest.
    threads: (f64, f64, f64),
    processes: f64,
    processes_with_start: f64,
}

impl Interpreter {
    /// Nanoseconds an iteration, with one thread.
    pub(super) fn ns(&self) -> f64 {
        self.seconds / COUNT * 1e9
    }

    /// The ratio of two to one in this way, with its least and greatest where they are known.
    pub(super) fn ratio(&self, mode: Mode) -> Option<Figure> {
        let alone = |median| Figure { median, low: median, high: median };
        match mode {
            Mode::Threads => {
                let (median, low, high) = self.threads;
                Some(Figure { median, low, high })
            }
            Mode::Runtimes => None,
            Mode::Processes => Some(alone(self.processes)),
            Mode::ProcessesWithStart => Some(alone(self.processes_with_start)),
        }
    }
}

/// What was measured, the oldest first.
pub(super) const INTERPRETERS: [Interpreter; 5] = [
    of("CPython 2.7.18 (ticks)", 0.525, (1.45, 1.32, 1.79), 0.51, 0.59),
    of("CPython 3.9.18 (interval)", 0.964, (1.15, 0.94, 1.21), 0.50, 0.50),
    of("CPython 3.13.0 (interval)", 0.771, (1.00, 0.96, 1.13), 0.56, 0.56),
    of("CPython 3.14.4 (interval)", 0.480, (1.07, 0.91, 1.34), 0.53, 0.50),
    of("CPython 3.14.4, free-threaded", 0.580, (0.61, 0.54, 0.79), 0.59, 0.52),
];

const fn of(
    name: &'static str,
    seconds: f64,
    threads: (f64, f64, f64),
    processes: f64,
    processes_with_start: f64,
) -> Interpreter {
    Interpreter { name, seconds, threads, processes, processes_with_start }
}
