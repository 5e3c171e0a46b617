//! The rows of the document.

use hdrhistogram::Histogram;
use keyway_benches::Together;
use serde::Serialize;

use crate::rounds::{Figure, Rounds};

/// The part of the time in which all threads must have been at it.
const ENOUGH: f64 = 0.9;

/// The percentiles that are shown, as parts of one.
const PERCENTILES: [f64; 3] = [0.5, 0.99, 0.999];

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) operation: &'static str,
    pub(super) subject: &'static str,
    pub(super) threads: usize,
    pub(super) has_throughput: bool,
}

/// What one round has measured of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Operations a second.
    pub(super) throughput: f64,
    pub(super) fairness: f64,
    pub(super) together: Option<Together>,
    /// Nanoseconds at the percentiles, and the longest.
    pub(super) delays: [f64; 4],
}

/// Nanoseconds at the percentiles, and the longest.
pub(super) fn percentiles(nanoseconds: &Histogram<u64>) -> [f64; 4] {
    let [p50, p99, p999] = PERCENTILES.map(|part| nanoseconds.value_at_quantile(part) as f64);
    [p50, p99, p999, nanoseconds.max() as f64]
}

/// One row of the document.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) operation: &'static str,
    pub(super) subject: &'static str,
    pub(super) threads: usize,
    /// Operations a second of all threads; left out for operations that run one after the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) throughput: Option<Figure>,
    /// This row's throughput by that of the same subject with one thread, in the same rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) throughput_to_one_thread: Option<Figure>,
    /// Jain's index of the threads' numbers of operations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fairness: Option<Figure>,
    /// Nanoseconds: the percentiles of each round, and the longest of each round.
    pub(super) delay: Delays,
    /// The least part of its time that a thread spent on a core; those that wait for a lock in the
    /// kernel spend less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) on_cpu_share: Option<Figure>,
    /// The part of the time in which all threads were at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) overlap: Option<Figure>,
    /// Whether they were at it at once.
    pub(super) at_once: bool,
}

/// Nanoseconds of single operations, or from the last release to destruction.
#[derive(Debug, Serialize)]
pub(super) struct Delays {
    pub(super) p50: Figure,
    pub(super) p99: Figure,
    pub(super) p999: Figure,
    pub(super) max: Figure,
}

/// All rows, in the order of the cells.
pub(super) fn rows(cells: &[Cell], rounds: &[Vec<Sample>]) -> Vec<Row> {
    (0..cells.len()).map(|number| row(number, cells, rounds)).collect()
}

fn row(number: usize, cells: &[Cell], rounds: &[Vec<Sample>]) -> Row {
    let Cell { operation, subject, threads, has_throughput } = cells[number];
    let figure = |value: &dyn Fn(&[Sample]) -> f64| {
        Rounds::of(rounds.iter().map(|round| vec![value(round)]).collect()).figure(|round| round[0])
    };
    let one =
        cells.iter().position(|cell| (cell.operation, cell.subject, cell.threads) == (operation, subject, 1));
    let is_together = rounds.iter().all(|round| round[number].together.is_some());
    let together = |value: fn(Together) -> f64| {
        is_together.then(|| figure(&|round| round[number].together.map_or(f64::NAN, value)))
    };
    let overlap = together(|together| together.overlap);
    let delay = |place: usize| figure(&|round| round[number].delays[place]);
    Row {
        operation,
        subject,
        threads,
        throughput: has_throughput.then(|| figure(&|round| round[number].throughput)),
        throughput_to_one_thread: one
            .filter(|_| has_throughput)
            .map(|one| figure(&|round| round[number].throughput / round[one].throughput)),
        fairness: has_throughput.then(|| figure(&|round| round[number].fairness)),
        delay: Delays { p50: delay(0), p99: delay(1), p999: delay(2), max: delay(3) },
        on_cpu_share: together(|together| together.on_cpu),
        at_once: overlap.is_none_or(|overlap| overlap.low >= ENOUGH),
        overlap,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_values() {
        let mut histogram = Histogram::new(3).expect("three digits are allowed");
        (1..=1000).for_each(|value| histogram.record(value).expect("it grows"));
        assert_eq!(percentiles(&histogram), [500.0, 990.0, 999.0, 1000.0]);
    }

    #[test]
    fn throughput_is_compared_with_one_thread_of_the_same_subject_in_the_same_round() {
        let cell = |subject, threads| Cell { operation: "pair", subject, threads, has_throughput: true };
        let sample = |throughput, overlap| Sample {
            throughput,
            fairness: 1.0,
            together: Some(Together { on_cpu: 1.0, overlap }),
            delays: [1.0, 2.0, 3.0, 4.0],
        };
        let cells = [cell("a", 1), cell("b", 1), cell("b", 2)];
        let rounds: Vec<_> = (1..=5)
            .map(|speed| {
                [10.0, 20.0, 30.0].map(|throughput| sample(throughput * f64::from(speed), 1.0)).to_vec()
            })
            .collect();
        let rows = rows(&cells, &rounds);
        assert_eq!(rows[2].throughput_to_one_thread.map(|figure| figure.median), Some(1.5));
        assert!(rows[2].at_once);
        let apart = vec![vec![sample(1.0, 1.0), sample(1.0, 1.0), sample(1.0, 0.5)]];
        assert!(!super::rows(&cells, &apart)[2].at_once);
    }
}
