//! The band of each row: both sides, what they rest on, and where they were checked.

use keyway_report::Figure;
use serde::Serialize;

use crate::SPECULATIVE_BEYOND;
use crate::demand::Demand;
use crate::latencies::Machine;
use crate::law::{COUNTS_NEEDED, Law};
use crate::measured::{Measured, Point, Shared};
use crate::queue;

/// What is predicted for one row.
#[derive(Clone, Debug, Serialize)]
pub struct Prediction {
    /// The operation's id.
    pub operation: String,
    /// The subject's id.
    pub subject: String,
    /// What was measured.
    pub measured: Vec<Point>,
    /// Counts that were measured and are not used, with the reason.
    pub left_out: Vec<String>,
    /// What is known of the lower side.
    pub law: Side<LawSide>,
    /// What is known of the upper side.
    pub bound: Side<Bound>,
    /// A band for each number of threads that was asked for.
    pub bands: Vec<Band>,
}

/// A side of the band, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Side<T> {
    /// It is used.
    Used(T),
    /// It was not tried: too little has been measured.
    LeftOut {
        /// What is missing.
        why: String,
    },
    /// It was tried, and makes no sense, or contradicts what was measured.
    Refused {
        /// Why.
        why: String,
    },
}

impl<T> Side<T> {
    /// What it rests on, if it is used.
    pub fn used(&self) -> Option<&T> {
        match self {
            Side::Used(side) => Some(side),
            Side::LeftOut { .. } | Side::Refused { .. } => None,
        }
    }
}

/// The lower side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LawSide {
    /// The serial part of one operation.
    pub contention: f64,
    /// The cost of each pair of threads, as a part of one operation.
    pub coherence: f64,
    /// The part of the deviation's variance that the law explains.
    pub r_squared: f64,
    /// The largest count that was measured. The law was fitted to all others first.
    pub held_out_threads: u32,
    /// What was measured there.
    pub held_out_measured: f64,
    /// What the law of the others says there.
    pub held_out_predicted: f64,
    /// The difference, as a part of what was measured: negative if the law says too little.
    pub held_out_error: f64,
}

/// The upper side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// What the operation asks of its hottest line.
    pub demand: String,
    /// Nanoseconds for which an operation has the line, when it is there.
    pub hold_ns: f64,
    /// Nanoseconds of the operation besides.
    pub beside_ns: f64,
    /// Nanoseconds that a line travels.
    pub latency_ns: f64,
    /// The machine of the table from which they are.
    pub latency_of: String,
    /// What the same model says of two threads; none if they were not measured.
    pub at_two: Option<AtTwo>,
}

/// The two-thread row, measured and by the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AtTwo {
    /// What was measured.
    pub measured: Figure,
    /// What the model allows.
    pub bound: f64,
    /// The bound as a multiple of what was measured.
    pub ratio: f64,
}

/// How much `threads` threads may get done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Band {
    /// How many.
    pub threads: u32,
    /// Operations a second, at least; none if that side is missing.
    pub lower: Option<f64>,
    /// Operations a second, at most; likewise.
    pub upper: Option<f64>,
    /// More than four times as many threads as were measured.
    pub speculative: bool,
    /// Why there is no band, if the sides contradict each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Bands for these numbers of threads, for every row of a shared object; a line travels as on
/// `machine` of the table.
pub fn predict(measured: &Measured, threads: &[u32], machine: &Machine) -> Vec<Prediction> {
    measured.rows.iter().map(|row| prediction(row, threads, machine)).collect()
}

fn prediction(row: &Shared, threads: &[u32], machine: &Machine) -> Prediction {
    let (law, law_side) = lower(&row.points);
    let bound = upper(row, machine);
    let most = row.points.iter().map(|point| point.threads).max();
    let band = |&threads: &u32| {
        let lower = law.map(|law| law.at(f64::from(threads)));
        let upper = bound.as_ref().ok().map(|(model, _)| model.at(threads));
        let speculative = most.is_none_or(|most| f64::from(threads) > SPECULATIVE_BEYOND * f64::from(most));
        match (lower, upper) {
            (Some(low), Some(high)) if low > high => Band {
                threads,
                lower: None,
                upper: None,
                speculative,
                refused: Some(format!(
                    "the law says at least {:.2} million a second, the queueing bound at most {:.2}",
                    low / 1e6,
                    high / 1e6
                )),
            },
            _ => Band { threads, lower, upper, speculative, refused: None },
        }
    };
    Prediction {
        operation: row.operation.clone(),
        subject: row.subject.clone(),
        measured: row.points.clone(),
        left_out: row.left_out.clone(),
        bands: threads.iter().map(band).collect(),
        law: law_side,
        bound: bound.map_or_else(|side| side, |(_, bound)| Side::Used(bound)),
    }
}

/// The law of all points, once that of all but the last has been held against it.
fn lower(points: &[Point]) -> (Option<Law>, Side<LawSide>) {
    if points.len() < COUNTS_NEEDED {
        let why = format!(
            "{} counts of threads were measured, {COUNTS_NEEDED} are needed to fit a law and to hold one out",
            points.len()
        );
        return (None, Side::LeftOut { why });
    }
    let pairs: Vec<(f64, f64)> =
        points.iter().map(|point| (f64::from(point.threads), point.throughput.median)).collect();
    let Some((&(threads, held_out), others)) = pairs.split_last() else { unreachable!("there are four") };
    let without = match Law::fit(others) {
        Ok(law) => law,
        Err(why) => return (None, Side::Refused { why: format!("with {threads} threads held out: {why}") }),
    };
    match Law::fit(&pairs) {
        Err(why) => (None, Side::Refused { why: why.to_string() }),
        Ok(law) => {
            let predicted = without.at(threads);
            let side = LawSide {
                contention: law.contention,
                coherence: law.coherence,
                r_squared: law.r_squared,
                held_out_threads: points[points.len() - 1].threads,
                held_out_measured: held_out,
                held_out_predicted: predicted,
                held_out_error: predicted / held_out - 1.0,
            };
            (Some(law), Side::Used(side))
        }
    }
}

/// The queueing model of one row, with the ends of all intervals that let more be done.
#[derive(Clone, Copy, Debug)]
struct Model {
    demand: Demand,
    /// Operations a second of one thread alone.
    one: f64,
    hold_ns: f64,
    beside_ns: f64,
    latency_ns: f64,
}

impl Model {
    /// Operations a second of `threads` threads, at most.
    fn at(&self, threads: u32) -> f64 {
        let queue = |customers: u32, transfers: u32| {
            // A thread that comes finds the line at another thread, except for its own part of the
            // visits.
            let elsewhere = f64::from(threads.saturating_sub(1)) / f64::from(threads.max(1));
            let travels = f64::from(transfers) * self.latency_ns * elsewhere;
            1e9 * queue::throughput(customers, self.beside_ns, &[self.hold_ns + travels])
        };
        match self.demand {
            Demand::InTurns => self.one,
            Demand::OneQueue { transfers } => queue(threads, transfers),
            Demand::OwnerBeside { transfers } => self.one + queue(threads.saturating_sub(1), transfers),
        }
    }
}

fn upper(row: &Shared, machine: &Machine) -> Result<(Model, Bound), Side<Bound>> {
    let missing = |why: &str| Side::LeftOut { why: why.to_owned() };
    let at = |threads: u32| row.points.iter().find(|point| point.threads == threads);
    let one = at(1).ok_or_else(|| missing("one thread alone was not measured"))?.throughput.high;
    let demand = Demand::of(&row.operation, &row.subject);
    let alone_ns = 1e9 / one;
    let price = row.cost.as_ref().map(|(_, price)| price.low);
    let (hold_ns, beside_ns) = match (demand, price) {
        // Another thread's operation costs more than the owner's; what, only its own row can say.
        (Demand::OwnerBeside { .. }, None) => {
            return Err(missing("what a thread that is not the owner pays was not measured"));
        }
        (Demand::OwnerBeside { .. }, Some(price)) => (price, 0.0),
        (Demand::OneQueue { .. }, Some(price)) => (price.min(alone_ns), (alone_ns - price).max(0.0)),
        (Demand::InTurns, _) | (_, None) => (alone_ns, 0.0),
    };
    let model = Model { demand, one, hold_ns, beside_ns, latency_ns: machine.near_ns };
    if ![one, hold_ns, beside_ns, model.at(2)].iter().all(|value| value.is_finite() && *value >= 0.0) {
        return Err(Side::Refused { why: "a figure is not a finite number".to_owned() });
    }
    let at_two = at(2).map(|point| {
        let bound = model.at(2);
        AtTwo { measured: point.throughput, bound, ratio: bound / point.throughput.median }
    });
    let exceeds = |point: &&Point| point.throughput.low > model.at(point.threads);
    if let Some(point) = row.points.iter().find(exceeds) {
        return Err(Side::Refused {
            why: format!(
                "{} threads got {:.2} million a second done, the bound allows {:.2}",
                point.threads,
                point.throughput.median / 1e6,
                model.at(point.threads) / 1e6
            ),
        });
    }
    let bound = Bound {
        demand: demand.words(),
        hold_ns,
        beside_ns,
        latency_ns: machine.near_ns,
        latency_of: machine.id.to_owned(),
        at_two,
    };
    Ok((model, bound))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latencies::Latencies;

    fn figure(median: f64) -> Figure {
        Figure { median, low: median * 0.98, high: median * 1.02 }
    }

    fn row(operation: &str, subject: &str, cost: Option<f64>, points: &[(u32, f64)]) -> Shared {
        let point = |&(threads, throughput): &(u32, f64)| Point { threads, throughput: figure(throughput) };
        Shared {
            operation: operation.to_owned(),
            subject: subject.to_owned(),
            points: points.iter().map(point).collect(),
            left_out: Vec::new(),
            cost: cost.map(|ns| ("owner-pair".to_owned(), figure(ns))),
        }
    }

    fn machine() -> Machine {
        Latencies::published().nearest_server().clone()
    }

    const PAIR: &str = "pair-at-one-object";

    #[test]
    fn two_counts_leave_the_law_out_and_check_the_bound() {
        let of = row(PAIR, "atomic-counts", Some(12.0), &[(1, 8e7), (2, 2.5e7)]);
        let prediction = prediction(&of, &[2, 8, 9, 64], &machine());
        assert!(matches!(&prediction.law, Side::LeftOut { why } if why.contains("2 counts")));
        let bound = prediction.bound.used().expect("it is used");
        let at_two = bound.at_two.expect("two threads were measured");
        assert!(at_two.ratio > 1.0 && at_two.ratio < 3.0, "{at_two:?}");
        assert!(prediction.bands.iter().all(|band| band.lower.is_none() && band.upper.is_some()));
        let speculative: Vec<_> = prediction.bands.iter().map(|band| band.speculative).collect();
        assert_eq!(speculative, [false, false, true, true]);
        // More threads let the line travel more often, so that the bound falls, to the hold and one
        // travel an operation.
        let upper: Vec<f64> = prediction.bands.iter().filter_map(|band| band.upper).collect();
        assert!(upper.windows(2).all(|pair| pair[1] < pair[0]), "{upper:?}");
        assert!(upper[3] > 1e9 / (bound.hold_ns + bound.latency_ns), "{upper:?}");
    }

    #[test]
    fn a_bound_that_any_measured_count_exceeds_is_refused() {
        let of = row(PAIR, "arc", Some(12.0), &[(1, 8e7), (2, 2.5e7), (4, 5e7)]);
        assert!(matches!(prediction(&of, &[64], &machine()).bound, Side::Refused { .. }));
        let of = row(PAIR, "arc", Some(12.0), &[(1, 8e7), (2, 7e7)]);
        let prediction = prediction(&of, &[64], &machine());
        assert!(
            matches!(&prediction.bound, Side::Refused { why } if why.contains("70.00")),
            "{prediction:?}"
        );
        assert_eq!((prediction.bands[0].lower, prediction.bands[0].upper), (None, None));
    }

    #[test]
    fn a_global_lock_allows_what_one_thread_does_and_no_more() {
        let of = row(PAIR, "global-lock-interval", None, &[(1, 9e8), (2, 8.9e8)]);
        let prediction = prediction(&of, &[4, 64], &machine());
        let upper: Vec<_> = prediction.bands.iter().map(|band| band.upper).collect();
        assert_eq!(upper, [Some(9.18e8), Some(9.18e8)]);
    }

    #[test]
    fn an_owner_is_let_work_freely_and_needs_the_others_price() {
        let points = [(1, 9e8), (2, 2.9e8)];
        let of = row(PAIR, "biased-counts", Some(12.0), &points);
        let upper = prediction(&of, &[64], &machine()).bands[0].upper.expect("it is used");
        assert!(upper > 9e8 && upper < 1e9, "{upper}");
        let unpriced = prediction(&row(PAIR, "biased-counts", None, &points), &[64], &machine());
        assert!(matches!(unpriced.bound, Side::LeftOut { .. }));
    }

    #[test]
    fn a_law_that_makes_no_sense_is_refused_and_draws_nothing() {
        let points = [(1, 1e7), (2, 4e6), (4, 1.6e7), (8, 5e6), (16, 3e7)];
        let prediction = prediction(&row(PAIR, "arc", None, &points), &[64], &machine());
        assert!(matches!(prediction.law, Side::Refused { .. }), "{prediction:?}");
        assert_eq!(prediction.bands[0].lower, None);
    }

    #[test]
    fn sides_that_contradict_each_other_are_no_band() {
        // Nearly linear up to four threads, which one line that travels does not allow for 64.
        let made = Law { one: 1e6, contention: 0.001, coherence: 0.0, r_squared: 1.0 };
        let points: Vec<(u32, f64)> = [1, 2, 3, 4].iter().map(|&n| (n, made.at(f64::from(n)))).collect();
        let of = row(PAIR, "arc", Some(12.0), &points);
        let bands = prediction(&of, &[64], &machine()).bands;
        assert!(
            bands[0].refused.is_some() && bands[0].lower.is_none() && bands[0].upper.is_none(),
            "{bands:?}"
        );
    }

    #[test]
    fn nothing_measured_predicts_nothing() {
        let prediction = prediction(&row(PAIR, "arc", None, &[]), &[2], &machine());
        let Band { lower, upper, speculative, .. } = prediction.bands[0];
        assert_eq!((lower, upper, speculative), (None, None, true));
    }
}
