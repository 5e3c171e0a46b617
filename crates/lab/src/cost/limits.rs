//! Limits that were set for the strategies before they were measured, and whether this run reaches
//! them.

use super::row::Row;
use crate::rounds::Figure;

/// What a strategy's operation may cost, by what a reference costs in the same rounds.
struct Limit {
    operation: &'static str,
    subject: &'static str,
    reference: &'static str,
    /// How many operations of the reference the limit is a multiple of.
    times: f64,
    /// None where the figure is reported without a limit.
    limit: Option<f64>,
    /// The best that is known from elsewhere.
    elsewhere: &'static str,
}

const BIASED: &str = "biased-counts";
const APART: &str = "biased-counts-apart";
const NOWHERE: &str = "-";

const fn limit(operation: &'static str, subject: &'static str, reference: &'static str, limit: f64) -> Limit {
    Limit { operation, subject, reference, times: 1.0, limit: Some(limit), elsewhere: NOWHERE }
}

/// In the order of the page.
const LIMITS: &[Limit] = &[
    Limit {
        elsewhere: "biasedrc 1.9; CPython 1.5x its own plain count",
        ..limit("owner-pair", BIASED, "rc", 1.15)
    },
    Limit {
        elsewhere: "biasedrc 1.46; CPython 1.3 to 1.5",
        ..limit("non-owner-pair-merged", BIASED, "arc", 1.05)
    },
    Limit { elsewhere: "biasedrc 1.46; CPython 1.3 to 1.5", ..limit("non-owner-pair", BIASED, "arc", 1.35) },
    Limit { elsewhere: "biasedrc 1.94, steel-rc 1.46", ..limit("alloc-free", BIASED, "rc", 1.10) },
    Limit { elsewhere: "biasedrc 2.4", ..limit("remote-free", BIASED, "arc", 1.5) },
    Limit { elsewhere: "biasedrc 0.18", ..limit("duel-owner", BIASED, "arc", 0.25) },
    Limit { limit: None, elsewhere: "biasedrc 1.5", ..limit("duel-other", BIASED, "arc", 0.0) },
    limit("owner-pair", "brc", "rc", 1.15),
    limit("owner-pair", "brc", "arc", 1.0 / 7.0),
    limit("non-owner-pair", "brc", "arc", 1.35),
    limit("alloc-free", "brc", "rc", 1.15),
    Limit { elsewhere: "biasedrc 0.18; a prototype 0.22", ..limit("duel-owner", APART, "arc", 0.25) },
    Limit { elsewhere: "biasedrc 1.5; a prototype 0.7", ..limit("duel-other", APART, "arc", 1.0) },
    limit("owner-pair", "global-lock-interval", "rc", 1.03),
    limit("owner-pair", "global-lock-ticks", "rc", 1.03),
    limit("owner-pair", "global-lock-returning-first", "rc", 1.03),
    Limit {
        elsewhere: "CPython about 4.5",
        ..limit("blocking-region", "global-lock-interval", "parking-lot-raw", 2.2)
    },
    Limit {
        elsewhere: "CPython about 4.5",
        ..limit("blocking-region", "global-lock-ticks", "parking-lot-raw", 2.2)
    },
    Limit {
        elsewhere: "CPython about 4.5",
        ..limit("blocking-region", "global-lock-returning-first", "parking-lot-raw", 2.2)
    },
    Limit { elsewhere: "CPython 1.3", ..limit("section", "object-locks", "parking-lot-raw", 1.1) },
    Limit { elsewhere: "CPython 1.3", ..limit("section", "group-locks", "parking-lot-raw", 1.1) },
    Limit { elsewhere: "CPython 1.3", ..limit("section", "atomic-counts", "parking-lot-raw", 1.1) },
    Limit { elsewhere: "CPython 1.3", ..limit("section", BIASED, "parking-lot-raw", 1.1) },
    Limit { elsewhere: "CPython 1.3", ..limit("section", APART, "parking-lot-raw", 1.1) },
    Limit { elsewhere: "CPython 2.2", ..limit("section-pair", "object-locks", "parking-lot-raw", 2.05) },
    Limit { elsewhere: "CPython 2.2", ..limit("section-pair", "group-locks", "parking-lot-raw", 2.05) },
    Limit { elsewhere: "CPython 2.2", ..limit("section-pair", "atomic-counts", "parking-lot-raw", 2.05) },
    Limit { elsewhere: "CPython 2.2", ..limit("section-pair", BIASED, "parking-lot-raw", 2.05) },
    Limit { elsewhere: "CPython 2.2", ..limit("section-pair", APART, "parking-lot-raw", 2.05) },
    limit("owner-pair", "atomic-counts", "arc", 1.02),
    Limit { times: 2.0, ..limit("owner-pair", "object-locks", "parking-lot-raw", 1.1) },
    Limit { elsewhere: "Arc overflows the stack", ..limit("chain", "single-thread", "box", 1.5) },
    limit("chain", "global-lock-interval", "box", 1.5),
    limit("chain", "global-lock-ticks", "box", 1.5),
    limit("chain", "global-lock-returning-first", "box", 1.5),
    limit("chain", BIASED, "box", 1.5),
    Limit { limit: None, ..limit("chain", "object-locks", "box", 0.0) },
    Limit { limit: None, ..limit("chain", "group-locks", "box", 0.0) },
    Limit { limit: None, ..limit("chain", "atomic-counts", "box", 0.0) },
    Limit { limit: None, ..limit("chain", APART, "box", 0.0) },
];

/// A difference between two measurements of the same thing above which a limit within that
/// difference is not checked.
const TOO_NOISY: f64 = 0.1;

/// How a limit has come out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    Reached,
    /// Above the limit by no more than two measurements of the reference differ, with as many
    /// locked instructions.
    WithinNoise,
    Missed,
    /// There is no limit.
    Reported,
    /// The cores were not free, or two measurements of the reference differ by more than
    /// [`TOO_NOISY`] and by more than there is between the ratio and the limit.
    NotJudged,
}

impl Verdict {
    pub(super) fn shown(self) -> &'static str {
        match self {
            Verdict::Reached => "reached",
            Verdict::WithinNoise => "reached within noise",
            Verdict::Missed => "MISSED",
            Verdict::Reported => "reported",
            Verdict::NotJudged => "not judged: the machine was busy",
        }
    }
}

/// A limit with what was measured.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) operation: &'static str,
    pub(super) subject: &'static str,
    /// What it is a multiple of: `rc`, `2 parking-lot-raw`.
    pub(super) unit: String,
    pub(super) ratio: Figure,
    pub(super) limit: Option<f64>,
    /// By how much two measurements of the reference differ.
    pub(super) noise: f64,
    pub(super) verdict: Verdict,
    pub(super) elsewhere: &'static str,
}

/// Those limits of which this run has measured both sides.
pub(super) fn judged(rows: &[Row]) -> Vec<Judged> {
    LIMITS.iter().filter_map(|limit| judge(limit, rows)).collect()
}

fn judge(limit: &Limit, rows: &[Row]) -> Option<Judged> {
    let find = |operation: &str, subject: &str| {
        rows.iter().find(|row| (row.operation, row.subject) == (operation, subject))
    };
    let row = find(limit.operation, limit.subject)?;
    let reference = find(limit.operation, limit.reference).or_else(|| find("section", limit.reference))?;
    let Figure { median, low, high } = row.ratio.get(limit.reference)?.figure;
    let ratio = Figure { median: median / limit.times, low: low / limit.times, high: high / limit.times };
    let again = format!("{}-again", limit.reference);
    let again = find(reference.operation, &again).and_then(|again| again.ratio.get(limit.reference));
    let noise = again.map_or(0.0, |again| {
        let Figure { low, high, .. } = again.figure;
        (high - 1.0).max(1.0 - low).max(0.0)
    });
    let as_many_locked = row.locked_instructions.is_some()
        && row.locked_instructions == reference.locked_instructions.map(|locked| locked * limit.times);
    let cores_were_free = row.cores_were_free && reference.cores_were_free;
    let verdict = match limit.limit {
        _ if !cores_were_free => Verdict::NotJudged,
        Some(limit) if noise > TOO_NOISY && (ratio.median - limit).abs() <= noise => Verdict::NotJudged,
        None => Verdict::Reported,
        Some(limit) if ratio.median <= limit => Verdict::Reached,
        Some(limit) if ratio.median <= limit + noise && as_many_locked => Verdict::WithinNoise,
        Some(_) => Verdict::Missed,
    };
    Some(Judged {
        operation: limit.operation,
        subject: limit.subject,
        unit: if limit.times == 1.0 {
            limit.reference.to_owned()
        } else {
            format!("{} {}", limit.times, limit.reference)
        },
        ratio,
        limit: limit.limit,
        noise,
        verdict,
        elsewhere: limit.elsewhere,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::row::Cost;
    use super::*;

    fn row(
        operation: &'static str,
        subject: &'static str,
        ratios: &[(&'static str, f64)],
        locked: f64,
    ) -> Row {
        let cost = |value: f64| Cost {
            figure: Figure { median: value, low: value - 0.01, high: value + 0.02 },
            min: value,
        };
        Row {
            operation,
            subject,
            threads: 1,
            ns: cost(1.0),
            ratio: ratios
                .iter()
                .map(|&(reference, ratio)| (reference, cost(ratio)))
                .collect::<BTreeMap<_, _>>(),
            instructions: Some(1.0),
            locked_instructions: Some(locked),
            header_bytes: None,
            allocated_bytes: None,
            on_cpu_share: None,
            overlap: None,
            cores_were_free: true,
            defect: None,
        }
    }

    /// The verdict on the owner's pair of `AtomicCounts`, whose limit is 1.02.
    fn verdict(ratio: f64, locked: f64, cores_were_free: bool) -> Verdict {
        let arc = row("owner-pair", "arc", &[("arc", 1.0)], 2.0);
        let again = row("owner-pair", "arc-again", &[("arc", 1.0)], 2.0);
        let ours = Row { cores_were_free, ..row("owner-pair", "atomic-counts", &[("arc", ratio)], locked) };
        let judged = judged(&[arc, again, ours]);
        assert_eq!(judged.len(), 1);
        judged[0].verdict
    }

    #[test]
    fn a_limit_is_reached_within_noise_only_with_as_many_locked_instructions() {
        assert_eq!(verdict(1.02, 2.0, true), Verdict::Reached);
        assert_eq!(verdict(1.035, 2.0, true), Verdict::WithinNoise);
        assert_eq!(verdict(1.035, 3.0, true), Verdict::Missed);
        assert_eq!(verdict(1.05, 2.0, true), Verdict::Missed);
        assert_eq!(verdict(0.5, 2.0, false), Verdict::NotJudged);
    }

    #[test]
    fn a_limit_in_two_locks_is_compared_with_half_the_ratio() {
        let lock = row("section", "parking-lot-raw", &[("parking-lot-raw", 1.0)], 2.0);
        let of = |ratio: f64| {
            let ours = row("owner-pair", "object-locks", &[("parking-lot-raw", ratio)], 4.0);
            judged(&[row("section", "parking-lot-raw", &[("parking-lot-raw", 1.0)], 2.0), ours])
        };
        assert_eq!(of(2.1)[0].verdict, Verdict::Reached);
        assert_eq!(of(2.3)[0].verdict, Verdict::Missed);
        assert_eq!(of(2.1)[0].unit, "2 parking-lot-raw");
        assert!(judged(&[lock]).is_empty(), "nothing is judged that was not measured");
    }

    #[test]
    fn every_limit_names_an_operation_and_a_subject_that_are_measured() {
        let rows = keyway_benches::rows();
        for limit in LIMITS {
            let is_it =
                |row: &&keyway_benches::Row| (row.operation, row.subject) == (limit.operation, limit.subject);
            assert!(rows.iter().find(is_it).is_some(), "{} {}", limit.operation, limit.subject);
        }
    }
}
