//! The rows of the document: figures, and what a reader must know of them.

use std::collections::{BTreeMap, HashMap};

use keyway_benches::{self as benches, Together, memory};
use serde::Serialize;

use super::plan::{self, Cell};
use crate::rounds::{Figure, Rounds};

/// The part of its time that each thread must have spent on a core, and in which all threads must
/// have been at it.
const ENOUGH: f64 = 0.9;

/// Operations that are stepped through for the count of instructions.
const STEPPED: u64 = 8;

/// What was measured, by round and cell.
#[derive(Debug)]
pub(super) struct Measured {
    /// Nanoseconds an operation.
    pub(super) times: Rounds,
    /// How far several threads were at it at once.
    pub(super) together: Vec<Vec<Option<Together>>>,
}

/// Instructions of one operation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    instructions: Option<f64>,
    locked: Option<f64>,
}

impl Counted {
    /// Steps through a few operations, if one thread carries them out and this machine allows it.
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    pub(super) fn of(row: &benches::Row) -> Self {
        let steps = row.steppable().and_then(|sample| benches::steps::per_operation(sample, STEPPED).ok());
        Counted {
            instructions: steps.map(|steps| steps.instructions),
            locked: steps.map(|steps| steps.locked),
        }
    }

    #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
    pub(super) fn of(_: &benches::Row) -> Self {
        let _ = STEPPED;
        Counted::default()
    }
}

/// A figure with its least value.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Cost {
    #[serde(flatten)]
    pub(crate) figure: Figure,
    pub(crate) min: f64,
}

/// One row of the document.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) operation: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) threads: usize,
    /// Nanoseconds an operation.
    pub(crate) ns: Cost,
    /// This row's time by that of each reference, in the same rounds.
    pub(crate) ratio: BTreeMap<&'static str, Cost>,
    /// Instructions an operation, in user mode; null where it is not stepped through.
    pub(crate) instructions: Option<f64>,
    /// Locked ones among them.
    pub(crate) locked_instructions: Option<f64>,
    /// Bytes of an object besides its contents, or of a lock; null where the subject has neither.
    pub(crate) header_bytes: Option<usize>,
    /// Bytes that the C library's allocator sets aside for an object with 8 bytes of contents; null
    /// where it does not say.
    pub(crate) allocated_bytes: Option<u64>,
    /// For several threads: the least part of its time that one of them spent on a core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on_cpu_share: Option<Figure>,
    /// For several threads: the part of the time in which all were at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) overlap: Option<Figure>,
    /// Whether both were enough in nine rounds of ten. If not, the row does not show what the
    /// strategy can do.
    pub(crate) cores_were_free: bool,
    /// What is known to be wrong with the subject; this row does not reach it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) defect: Option<&'static str>,
}

/// All rows, in the order of the cells.
pub(super) fn rows(cells: &[Cell], measured: &Measured, counted: &[Counted]) -> Vec<Row> {
    let header = benches::header_bytes();
    let allocated = allocated_bytes();
    let row = |number: usize| {
        let cell = &cells[number];
        let times = &measured.times;
        let cost =
            |value: &dyn Fn(&[f64]) -> f64| Cost { figure: times.figure(value), min: times.min(value) };
        let ratio = |of: usize| cost(&|round| round[number] / round[of]);
        let together: Option<Vec<Together>> = measured.together.iter().map(|round| round[number]).collect();
        let figure = |value: fn(&Together) -> f64| {
            let together = together.as_ref()?;
            Some(
                Rounds::of(together.iter().map(|together| vec![value(together)]).collect())
                    .figure(|round| round[0]),
            )
        };
        Row {
            operation: cell.row.operation,
            subject: cell.subject,
            threads: cell.row.threads,
            ns: cost(&|round| round[number]),
            ratio: plan::references(cell.row.operation, cells)
                .into_iter()
                .map(|(reference, of)| (reference, ratio(of)))
                .collect(),
            instructions: counted[number].instructions,
            locked_instructions: counted[number].locked,
            header_bytes: header.get(cell.row.subject).copied(),
            allocated_bytes: allocated.get(cell.row.subject).copied(),
            on_cpu_share: figure(|together| together.on_cpu),
            overlap: figure(|together| together.overlap),
            cores_were_free: together.as_deref().is_none_or(were_together),
            defect: cell.row.defect,
        }
    };
    (0..cells.len()).map(row).collect()
}

/// Whether the threads were on their cores and at it at once.
pub(super) fn was_together(round: &Together) -> bool {
    round.on_cpu >= ENOUGH && round.overlap >= ENOUGH
}

/// The same, in nine rounds of ten.
fn were_together(rounds: &[Together]) -> bool {
    let apart = rounds.iter().filter(|round| !was_together(round)).count();
    10 * apart <= rounds.len()
}

fn allocated_bytes() -> HashMap<&'static str, u64> {
    memory::kinds().iter().filter_map(|kind| Some((kind.subject, memory::set_aside(kind)?))).collect()
}

/// What a reader must know of these rows.
pub(super) fn notes(rows: &[Row]) -> Vec<String> {
    let mut notes = Vec::new();
    let crowded: Vec<_> = rows.iter().filter(|row| !row.cores_were_free).collect();
    if !crowded.is_empty() {
        let names: Vec<_> = crowded.iter().map(|row| format!("{} {}", row.operation, row.subject)).collect();
        notes.push(format!(
            "Not to be cited, marked !: in more than one round of ten, a thread was off its core for more than {0:.0} % of the time, or \
             the threads were not at it at once for more than {0:.0} %, in {1}.",
            100.0 * (1.0 - ENOUGH),
            names.join(", ")
        ));
    }
    let mut defects: Vec<_> =
        rows.iter().filter_map(|row| Some(format!("{}: {}", row.subject, row.defect?))).collect();
    defects.dedup();
    defects.sort_unstable();
    defects.dedup();
    if !defects.is_empty() {
        notes.push(format!(
            "Marked *, a defect that is known and that no row reaches. {}.",
            defects.join("; ")
        ));
    }
    if rows.iter().all(|row| row.instructions.is_none()) {
        notes.push("Instructions were not counted: this machine does not allow stepping.".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_round_of_ten_may_be_disturbed_and_no_more() {
        let (free, busy) =
            (Together { on_cpu: 0.99, overlap: 0.99 }, Together { on_cpu: 0.5, overlap: 0.99 });
        let apart = Together { on_cpu: 1.0, overlap: 0.2 };
        let mut rounds = vec![free; 10];
        assert!(were_together(&rounds));
        rounds[3] = busy;
        assert!(were_together(&rounds));
        rounds[4] = apart;
        assert!(!were_together(&rounds));
        assert!(!were_together(&[apart]));
    }
}
