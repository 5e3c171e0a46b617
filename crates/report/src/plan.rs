//! What a report runs.

use crate::results::{Kind, Part};

/// One command of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is for.
    pub part: Part,
    /// What the lab is given, without `--json`.
    pub arguments: Vec<String>,
    /// Seconds that it takes on two free cores, about.
    pub seconds: u64,
}

/// Enough rounds for narrow intervals, within about eight minutes on two cores, of which
/// verification takes one at most. Measured per round on a two-core virtual machine: cost 2.4 s,
/// scaling 5.8 s (3.5 s of 30 ms), countdown 2.7 s, verdict 0.9 s, replay 3.7 s, starvation 10.5 s
/// of 100 ms. The countdown keeps its length: in one of two million, half of the first thread's
/// turn is over before the second has started.
const QUICK: [(Part, &str, u64); 7] = [
    (Part::Cost, "--rounds 41", 103),
    (Part::Verdict, "--rounds 41", 40),
    (Part::Scaling, "--rounds 15 --milliseconds 30", 58),
    (Part::Starvation, "--rounds 7 --milliseconds 100", 74),
    (Part::Countdown, "--rounds 21", 57),
    (Part::Replay, "--rounds 15", 58),
    (Part::Ledger, "--budget quick", 60),
];

const FULL: [(Part, &str, u64); 7] = [
    (Part::Cost, "--rounds 101", 250),
    (Part::Verdict, "--rounds 81", 80),
    (Part::Scaling, "--rounds 31", 180),
    (Part::Starvation, "--rounds 15", 420),
    (Part::Countdown, "--rounds 41", 115),
    (Part::Replay, "--rounds 31", 120),
    (Part::Ledger, "--budget ci", 900),
];

/// As little as there is to run: for tests, its figures mean nothing.
const BRIEF: [(Part, &str, u64); 7] = [
    (Part::Cost, "--rounds 1 --milliseconds 1 --operation owner-pair --operation alloc-free", 5),
    (Part::Verdict, "--rounds 1 --percent 1", 1),
    (Part::Scaling, "--rounds 1 --milliseconds 1 --objects 10", 2),
    (Part::Starvation, "--rounds 1 --milliseconds 10 --server after-200us", 2),
    (Part::Countdown, "--rounds 1 --count 1000", 1),
    (Part::Replay, "--rounds 1 --strategy biased-counts --strategy global-lock-interval", 2),
    (Part::Ledger, "--budget quick --strategy single-thread", 60),
];

/// The commands of a report of this kind, in their order; `parts` alone if it names any.
pub fn plan(kind: Kind, briefly: bool, parts: &[Part]) -> Vec<Step> {
    let steps = match (briefly, kind) {
        (true, _) => BRIEF,
        (false, Kind::Quick) => QUICK,
        (false, Kind::Full) => FULL,
    };
    let step = |(part, arguments, seconds): (Part, &str, u64)| {
        let words = [part.experiment()].into_iter().chain(arguments.split(' '));
        Step { part, arguments: words.map(str::to_owned).collect(), seconds }
    };
    steps.into_iter().filter(|(part, ..)| parts.is_empty() || parts.contains(part)).map(step).collect()
}

/// The command that draws a timeline, which is no part of the figures: recording takes its time.
/// `FILE` stands for where it goes.
pub const TIMELINES: [(&str, &str); 1] = [(
    "An echo client beside one thread that computes, moment by moment",
    "starvation --rounds 1 --milliseconds 100 --server after-200us --spinners 1 --strategy global-lock-interval --strategy global-lock-ticks \
     --strategy global-lock-returning-first --strategy biased-counts --timeline-window 40..80 --timeline FILE",
)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_report_takes_eight_minutes_and_verification_one_of_them() {
        let steps = plan(Kind::Quick, false, &[]);
        assert!(steps.iter().map(|step| step.seconds).sum::<u64>() <= 8 * 60);
        assert!(steps.iter().filter(|step| step.part == Part::Ledger).all(|step| step.seconds <= 60));
    }

    #[test]
    fn every_plan_has_every_part_in_the_order_of_the_report() {
        for (kind, briefly) in [(Kind::Quick, false), (Kind::Full, false), (Kind::Quick, true)] {
            let steps = plan(kind, briefly, &[]);
            assert!(steps.iter().map(|step| step.part).eq(Part::ALL), "{kind:?}, {briefly}");
        }
        assert_eq!(plan(Kind::Quick, false, &[Part::Replay]).len(), 1);
    }
}
