//! One thread's part of the picture: what it did in each of a number of columns.

use std::ops::Range;

use keyway_timeline::Span;

use super::{Kind, Runtimes};

const KINDS: usize = Kind::ALL.len();

/// What a thread did over some time: the part of it that each kind had.
pub(super) type Shares = [f64; KINDS];

/// What a thread did over a window.
#[derive(Debug)]
pub(super) struct Lane {
    /// The window in columns of the same width.
    pub(super) columns: Vec<Shares>,
    /// The window as a whole.
    pub(super) total: Shares,
}

impl Lane {
    /// What the spans leave behind in this window.
    pub(super) fn new(spans: &[Span], runtimes: &Runtimes, window: &Range<u64>, columns: usize) -> Self {
        let mut lane = Lane { columns: vec![[0.0; KINDS]; columns], total: [0.0; KINDS] };
        let length = (window.end - window.start) as f64;
        for span in spans {
            let (from, to) = (span.from.max(window.start), span.to.min(window.end));
            if from < to {
                let at = |time: u64| (time - window.start) as f64 / length * columns as f64;
                lane.fill(at(from), at(to), runtimes.kind(span));
            }
        }
        lane
    }

    /// From one place to another, in columns.
    fn fill(&mut self, from: f64, to: f64, kind: Kind) {
        let count = self.columns.len();
        self.total[kind as usize] += (to - from) / count as f64;
        let last = (to.ceil() as usize).min(count);
        for column in from as usize..last {
            let (low, high) = (from.max(column as f64), to.min((column + 1) as f64));
            self.columns[column][kind as usize] += (high - low).max(0.0);
        }
    }

    /// Rectangles: columns from, to, and the kind's part of their height, from its upper end to its
    /// lower. Neighbours that look the same are one.
    pub(super) fn rectangles(&self) -> Vec<(Range<usize>, Range<f64>, Kind)> {
        let mut rectangles: Vec<(Range<usize>, Range<f64>, Kind)> = Vec::new();
        let mut before = Vec::new();
        for (column, shares) in self.columns.iter().enumerate() {
            let here = stack(shares);
            if here == before {
                let number = here.len();
                let last = rectangles.len() - number;
                rectangles[last..].iter_mut().for_each(|(columns, ..)| columns.end = column + 1);
            } else {
                let rectangle =
                    |(heights, kind): &(Range<f64>, Kind)| (column..column + 1, heights.clone(), *kind);
                rectangles.extend(here.iter().map(rectangle));
            }
            before = here;
        }
        rectangles
    }
}

/// The kinds of a column, one above the other, in the order of [`Kind::ALL`], with the least
/// differences left out.
fn stack(shares: &Shares) -> Vec<(Range<f64>, Kind)> {
    /// Heights are multiples of this.
    const STEP: f64 = 0.05;
    /// The least height of a share above zero, so that it can be seen.
    const LEAST: f64 = 0.15;
    let shares = shares.map(|share| if share > 0.0 { share.max(LEAST) } else { 0.0 });
    let all: f64 = shares.iter().sum();
    // A small missing part is an edge; a column with a larger missing part has a gap at its lower
    // end.
    let whole = if all > 1.0 - STEP { all } else { 1.0 };
    let (mut sum, mut stacked) = (0.0, Vec::new());
    for (kind, share) in Kind::ALL.into_iter().zip(shares) {
        let top = rounded(sum / whole, STEP);
        sum += share;
        let bottom = rounded(sum / whole, STEP);
        if bottom > top {
            stacked.push((top..bottom, kind));
        }
    }
    stacked
}

fn rounded(value: f64, step: f64) -> f64 {
    (value / step).round() * step
}

#[cfg(test)]
mod tests {
    use keyway_timeline::State;

    use super::*;

    fn span(from: u64, to: u64, state: State) -> Span {
        Span { from, to, state, place: 1 }
    }

    #[test]
    fn what_is_too_fast_to_be_drawn_is_seen_by_its_share() {
        // Ten columns of ten: holds for five of them, then holds and waits in turns of one.
        let mut spans = vec![span(0, 50, State::Runs)];
        spans.extend(
            (50..100).map(|at| span(at, at + 1, if at % 2 == 0 { State::Runs } else { State::Waits })),
        );
        let lane = Lane::new(&spans, &Runtimes(Vec::new()), &(0..100), 10);
        assert!((lane.total[Kind::HoldsLock as usize] - 0.75).abs() < 1e-9, "{lane:?}");
        let expected = [
            (0..5, 0.0..1.0, Kind::HoldsLock),
            (5..10, 0.0..0.5, Kind::HoldsLock),
            (5..10, 0.5..1.0, Kind::Waits),
        ];
        assert_eq!(lane.rectangles(), expected);
    }

    #[test]
    fn what_is_short_is_seen() {
        let spans = [span(0, 49, State::Blocks), span(49, 50, State::Waits), span(50, 100, State::Blocks)];
        let lane = Lane::new(&spans, &Runtimes(Vec::new()), &(0..100), 1);
        let [(_, waits, Kind::Waits), (_, blocks, Kind::Blocks)] = &lane.rectangles()[..] else {
            panic!("{lane:?}")
        };
        assert!(waits.end > 0.1 && blocks.start == waits.end && (blocks.end - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_lies_outside_the_window_is_cut_off_and_gaps_stay_empty() {
        let spans = [span(0, 30, State::Blocks), span(60, 200, State::Waits)];
        let lane = Lane::new(&spans, &Runtimes(Vec::new()), &(20..100), 8);
        assert_eq!(lane.rectangles(), [(0..1, 0.0..1.0, Kind::Blocks), (4..8, 0.0..1.0, Kind::Waits)]);
    }
}
