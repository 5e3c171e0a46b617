//! One row: a trace under a strategy.

use std::collections::BTreeMap;
use std::path::Path;

use keyway_traces::Trace;
use keyway_traces::replay::{Plan, Sights};
use keyway_workloads::StrategyInfo;
use serde::Serialize;

use super::KINDS;
use crate::rounds::{Figure, Rounds};

/// What the others' times are compared with.
pub(super) const BASES: [&str; 2] = ["single-thread", "global-lock-interval"];

/// The strategy to which the times in count operations are compared, since a model has predicted
/// that.
pub(super) const ATOMIC: &str = "atomic-counts";

/// What a model predicted of an operation, by what an atomic one costs: on the owner's path, five
/// to nine times less; otherwise the ratio of CPython's measured non-owner's pair to two locked
/// instructions.
const PREDICTED: (f64, f64) = (1.0 / 7.0, 1.35);

/// One row of the document.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(super) trace: String,
    pub(super) file: String,
    pub(super) global_lock: bool,
    pub(super) strategy: &'static str,
    /// OS threads that replay it.
    pub(super) threads: usize,
    /// Replayed on one thread although recorded on several, in the order of the file.
    pub(super) in_file_order: bool,
    /// Count operations of the trace, on mortal objects.
    pub(super) count_operations: u64,
    /// Retains and releases that the replay carried out.
    pub(super) carried_out: u64,
    /// Operations on immortal objects, on threads' private counts; and those of the count
    /// operations that were on deferred objects.
    pub(super) immortal_operations: u64,
    pub(super) per_thread_operations: u64,
    pub(super) deferred_operations: u64,
    /// Times that a thread waited for another.
    pub(super) waits: u64,
    pub(super) total_seconds: Figure,
    pub(super) life_seconds: Figure,
    /// The whole replay less the life replay.
    pub(super) count_seconds: Figure,
    /// `count_seconds` for each operation carried out, in ns.
    pub(super) ns_per_operation: Figure,
    /// How much two life replays differ: the upper end of the interval of their absolute
    /// difference.
    pub(super) noise_seconds: f64,
    /// Whether `count_seconds` is not above that.
    pub(super) below_noise: bool,
    /// `total_seconds` by that of a strategy, in the same rounds.
    pub(super) ratio: BTreeMap<&'static str, Figure>,
    /// `count_seconds` by that of `atomic-counts`, in the same rounds; null if one of the two is
    /// below the noise.
    pub(super) count_ratio_to_atomic: Option<Figure>,
    /// What a model predicted for that from the shares below, before anything was measured; null
    /// under strategies without owners.
    pub(super) predicted_ratio_to_atomic: Option<f64>,
    /// Shares of the operations by path; null under strategies without owners.
    pub(super) owner_share: Option<Figure>,
    pub(super) remote_share: Option<Figure>,
    pub(super) queued_share: Option<Figure>,
    pub(super) merged_share: Option<Figure>,
    pub(super) peak_objects: u64,
    pub(super) peak_bytes: u64,
    /// The most objects at once that nobody held and that were not destroyed yet.
    pub(super) peak_queued: u64,
    /// From the last release to the destruction.
    pub(super) destruction_ns: Delays,
    /// Objects that died in the trace, and were destroyed.
    pub(super) destroyed: u64,
    /// All counts and all destructions were compared with the trace, after every replay.
    pub(super) checked: bool,
}

/// Percentiles over the objects that died.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Delays {
    pub(super) p50: u64,
    pub(super) p99: u64,
    pub(super) max: u64,
}

#[expect(clippy::too_many_arguments, reason = "a row is where everything about a replay comes together")]
pub(super) fn row(
    name: &str,
    file: &Path,
    trace: &Trace,
    plan: &Plan,
    strategies: &[&'static StrategyInfo],
    number: usize,
    sights: &Sights,
    rounds: &Rounds,
) -> Row {
    let kinds = KINDS.len();
    let at = |id: &str| strategies.iter().position(|info| info.id == id).map(|place| place * kinds);
    let whole = number * kinds;
    let net = move |round: &[f64], whole: usize| round[whole] - (round[whole + 1] + round[whole + 2]) / 2.0;
    let totals = plan.totals();
    let operations = totals.carried_out.max(1) as f64;
    let noise = |whole: usize| rounds.figure(|round| (round[whole + 1] - round[whole + 2]).abs()).high;
    let count_seconds = rounds.figure(|round| net(round, whole));
    let is_above = |whole: usize| rounds.figure(|round| net(round, whole)).low > noise(whole);
    let ratio = |base: &&'static str| Some((*base, at(base)?));
    let share = |part: u64| {
        let share = part as f64 / sights.paths.all().max(1) as f64;
        (sights.paths.common == 0).then_some(Figure { median: share, low: share, high: share })
    };
    let predicted = share(sights.paths.owner)
        .map(|owner| owner.median * PREDICTED.0 + (1.0 - owner.median) * PREDICTED.1);
    let atomic = at(ATOMIC).filter(|&atomic| is_above(atomic) && is_above(whole));
    Row {
        trace: name.to_owned(),
        // Where a checkout lies is nobody's business.
        file: file.strip_prefix(crate::models::workspace()).unwrap_or(file).display().to_string(),
        global_lock: trace.global_lock,
        strategy: strategies[number].id,
        threads: plan.threads(),
        in_file_order: plan.is_in_file_order() && trace.threads > 1,
        count_operations: totals.count_operations,
        carried_out: totals.carried_out,
        immortal_operations: totals.immortal,
        per_thread_operations: totals.per_thread,
        deferred_operations: totals.deferred,
        waits: totals.waits,
        total_seconds: rounds.figure(|round| round[whole]),
        life_seconds: rounds.figure(|round| (round[whole + 1] + round[whole + 2]) / 2.0),
        count_seconds,
        ns_per_operation: rounds.figure(|round| net(round, whole) * 1e9 / operations),
        noise_seconds: noise(whole),
        below_noise: !is_above(whole),
        ratio: BASES
            .iter()
            .filter_map(ratio)
            .map(|(base, of)| (base, rounds.figure(|round| round[whole] / round[of])))
            .collect(),
        count_ratio_to_atomic: atomic
            .map(|atomic| rounds.figure(|round| net(round, whole) / net(round, atomic))),
        predicted_ratio_to_atomic: predicted,
        owner_share: share(sights.paths.owner),
        remote_share: share(sights.paths.remote),
        queued_share: share(sights.paths.queued),
        merged_share: share(sights.paths.merged),
        peak_objects: sights.peak_objects,
        peak_bytes: sights.peak_bytes,
        peak_queued: sights.peak_waiting,
        destruction_ns: Delays {
            p50: sights.delay.value_at_quantile(0.5),
            p99: sights.delay.value_at_quantile(0.99),
            max: sights.delay.max(),
        },
        destroyed: totals.deaths,
        checked: true,
    }
}
