//! Interleaved rounds: everything is measured once in each round (A B C, A B C, ...), and two
//! measurements are compared within one round, so that a disturbance of the machine disturbs both
//! sides.

use fastrand::Rng;
pub(crate) use keyway_report::Figure;

/// Resamples behind an interval.
const RESAMPLES: usize = 2000;

/// What was measured: for each round, one value for each cell.
#[derive(Debug)]
pub(crate) struct Rounds(Vec<Vec<f64>>);

impl Rounds {
    /// Measures each cell once in each round, in the order of their numbers.
    pub(crate) fn measure(rounds: usize, cells: usize, mut cell: impl FnMut(usize, usize) -> f64) -> Self {
        Rounds((0..rounds).map(|round| (0..cells).map(|number| cell(round, number)).collect()).collect())
    }

    /// The same where measuring can fail, which ends it.
    pub(crate) fn try_measure<E>(
        rounds: usize,
        cells: usize,
        mut cell: impl FnMut(usize, usize) -> Result<f64, E>,
    ) -> Result<Self, E> {
        let mut round = |round| (0..cells).map(|number| cell(round, number)).collect();
        (0..rounds).map(&mut round).collect::<Result<_, _>>().map(Rounds)
    }

    /// What has been measured elsewhere: for each round, one value for each cell.
    pub(crate) fn of(rounds: Vec<Vec<f64>>) -> Self {
        Rounds(rounds)
    }

    /// What `value` makes of each round's cells, over all rounds. A ratio of two cells is formed
    /// here, inside the round.
    pub(crate) fn figure(&self, value: impl Fn(&[f64]) -> f64) -> Figure {
        let mut values: Vec<f64> = self.0.iter().map(|round| value(round)).collect();
        let mut medians = resampled_medians(&values);
        medians.sort_by(f64::total_cmp);
        let at = |part: f64| medians[((medians.len() - 1) as f64 * part).round() as usize];
        Figure { median: median(&mut values), low: at(0.025), high: at(0.975) }
    }

    /// The least that `value` makes of any round's cells.
    pub(crate) fn min(&self, value: impl Fn(&[f64]) -> f64) -> f64 {
        self.0.iter().map(|round| value(round)).fold(f64::INFINITY, f64::min)
    }
}

/// Medians of as many values, drawn from these with replacement; the same draws each time, so that
/// a document can be checked.
fn resampled_medians(values: &[f64]) -> Vec<f64> {
    let mut draws = Rng::with_seed(0);
    let mut sample = vec![0.0; values.len()];
    let mut resample = || {
        sample.fill_with(|| values[draws.usize(..values.len())]);
        median(&mut sample)
    };
    (0..RESAMPLES).map(|_| resample()).collect()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_interleaved() {
        let mut order = Vec::new();
        Rounds::measure(2, 3, |round, cell| {
            order.push((round, cell));
            1.0
        });
        assert_eq!(order, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
    }

    #[test]
    fn the_first_failure_ends_the_rounds() {
        let mut measured = 0;
        let rounds = Rounds::try_measure(3, 2, |round, cell| {
            measured += 1;
            if (round, cell) == (1, 0) { Err("as asked") } else { Ok(1.0) }
        });
        assert_eq!((rounds.err(), measured), (Some("as asked"), 3));
    }

    #[test]
    fn a_ratio_within_rounds_does_not_see_the_machine_slow_down() {
        let rounds = Rounds::measure(9, 2, |round, cell| (round + 1) as f64 * [2.0, 3.0][cell]);
        let ratio = rounds.figure(|round| round[1] / round[0]);
        assert_eq!(ratio, Figure { median: 1.5, low: 1.5, high: 1.5 });
        let seconds = rounds.figure(|round| round[0]);
        assert!(seconds.low < seconds.median && seconds.median < seconds.high, "{seconds:?}");
    }

    #[test]
    fn one_outlier_moves_neither_the_median_nor_its_interval_far() {
        let rounds = Rounds::measure(21, 1, |round, _| if round == 7 { 1000.0 } else { round as f64 });
        let figure = rounds.figure(|round| round[0]);
        assert_eq!(figure.median, 11.0);
        // Exact order statistics of 21 values bound their median, with at least 95 %, by the 6th
        // and the 16th.
        assert!((5.0..8.0).contains(&figure.low) && (13.0..=16.0).contains(&figure.high), "{figure:?}");
    }

    #[test]
    fn an_even_number_of_rounds_has_the_mean_of_the_middle_two() {
        let rounds = Rounds::measure(4, 1, |round, _| [8.0, 1.0, 2.0, 3.0][round]);
        assert_eq!(rounds.figure(|round| round[0]).median, 2.5);
    }
}
