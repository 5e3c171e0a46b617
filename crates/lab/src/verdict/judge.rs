//! Yes, no, or within noise.

use std::fmt;

use serde::Serialize;

use crate::rounds::Figure;

/// The answer to "is it not slower?"
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    Yes,
    WithinNoise,
    No,
}

impl Answer {
    /// The answer to both questions.
    pub(super) fn and(self, other: Answer) -> Answer {
        match (self, other) {
            (Answer::No, _) | (_, Answer::No) => Answer::No,
            (Answer::Yes, Answer::Yes) => Answer::Yes,
            _ => Answer::WithinNoise,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Answer::Yes => "yes",
            Answer::WithinNoise => "within noise",
            Answer::No => "no",
        })
    }
}

/// A ratio of times to the reference's, and what follows from it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Judged {
    pub(super) ratio: Figure,
    pub(super) not_slower: Answer,
}

impl Judged {
    /// Judges a ratio by its interval, and by that of the reference's ratio to itself.
    pub(super) fn new(ratio: Figure, again: Figure) -> Self {
        // What the reference differs from itself, in either direction.
        let noise = (again.high - 1.0).max(1.0 - again.low).max(0.0);
        let answer = if ratio.high <= 1.0 {
            Answer::Yes
        } else if ratio.low > 1.0 + noise {
            Answer::No
        } else {
            Answer::WithinNoise
        };
        Judged { ratio, not_slower: answer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGAIN: Figure = Figure { median: 1.0, low: 0.98, high: 1.01 };

    fn judge(low: f64, high: f64) -> Answer {
        Judged::new(Figure { median: (low + high) / 2.0, low, high }, AGAIN).not_slower
    }

    #[test]
    fn only_an_interval_above_one_and_above_the_noise_is_slower() {
        assert_eq!(judge(1.05, 1.10), Answer::No);
        assert_eq!(judge(1.01, 1.10), Answer::WithinNoise, "no more than the reference differs from itself");
        assert_eq!(judge(0.90, 1.10), Answer::WithinNoise);
        assert_eq!(judge(0.99, 1.001), Answer::WithinNoise);
    }

    #[test]
    fn only_an_interval_without_anything_above_one_is_not_slower() {
        assert_eq!(judge(0.90, 0.95), Answer::Yes);
        assert_eq!(judge(1.0, 1.0), Answer::Yes);
        assert_eq!(judge(0.50, 1.001), Answer::WithinNoise);
    }

    #[test]
    fn what_is_not_a_number_is_not_judged_a_success() {
        let figure = Figure { median: f64::NAN, low: f64::NAN, high: f64::NAN };
        assert_eq!(Judged::new(figure, AGAIN).not_slower, Answer::WithinNoise);
    }

    #[test]
    fn both_must_be_met() {
        use Answer::{No, WithinNoise, Yes};
        assert_eq!(
            [Yes.and(Yes), Yes.and(WithinNoise), WithinNoise.and(Yes)],
            [Yes, WithinNoise, WithinNoise]
        );
        assert_eq!([Yes.and(No), No.and(Yes), No.and(WithinNoise), WithinNoise.and(No)], [No; 4]);
    }
}
