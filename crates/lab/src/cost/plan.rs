//! What is measured, in which order, and what it is compared with.

use std::time::Duration;

use keyway_benches as benches;

/// One raw lock and unlock: the operation and the subject.
const RAW_LOCK: (&str, &str) = ("section", "parking-lot-raw");

/// What rows are compared with, in the order of the columns: where they do the same operation.
pub(super) const REFERENCES: [&str; 4] = ["rc", "arc", "box", "parking-lot-raw"];

/// Operations that are compared with one raw lock and unlock, whatever else they are compared with.
const COMPARED_WITH_A_LOCK: [&str; 8] = [
    "owner-pair",
    "section",
    "section-below-the-face",
    "section-pair",
    "section-nested",
    "clone-out",
    "attach",
    "blocking-region",
];

/// References that are measured once more under another name: how much two measurements of the same
/// thing differ.
const AGAIN: [(&str, &str, &str); 9] = [
    ("owner-pair", "rc", "rc-again"),
    ("owner-pair", "arc", "arc-again"),
    ("non-owner-pair", "arc", "arc-again"),
    ("non-owner-pair-merged", "arc", "arc-again"),
    ("alloc-free", "rc", "rc-again"),
    ("remote-free", "arc", "arc-again"),
    ("duel-owner", "arc", "arc-again"),
    ("duel-other", "arc", "arc-again"),
    ("section", "parking-lot-raw", "parking-lot-raw-again"),
];

/// What is measured once in each round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) row: benches::Row,
    /// The subject's name in this cell.
    pub(super) subject: &'static str,
    /// Operations a sample.
    pub(super) operations: u64,
}

impl Cell {
    /// A cell whose samples take about this time.
    pub(super) fn new(row: benches::Row, subject: &'static str, goal: Duration) -> Self {
        Cell { row, subject, operations: operations_in(goal, &row) }
    }
}

/// The rows that are asked for and their references, with their names.
pub(super) fn chosen(is_asked_for: impl Fn(&str) -> bool) -> Vec<(benches::Row, &'static str)> {
    let needs_lock = COMPARED_WITH_A_LOCK.iter().any(|operation| is_asked_for(operation));
    // By drop, the pair is compared with that of the pointers, which know no other.
    let needs_pair = is_asked_for("owner-pair-by-drop");
    let mut chosen = Vec::new();
    for row in benches::rows() {
        let is_reference = |operation: &str| row.operation == operation && REFERENCES.contains(&row.subject);
        let is_wanted = is_asked_for(row.operation)
            || needs_lock && (row.operation, row.subject) == RAW_LOCK
            || needs_pair && is_reference("owner-pair");
        if !is_wanted {
            continue;
        }
        chosen.push((row, row.subject));
        let again = AGAIN
            .iter()
            .find(|(operation, subject, _)| (*operation, *subject) == (row.operation, row.subject));
        chosen.extend(again.map(|(_, _, name)| (row, *name)));
    }
    chosen
}

/// What an operation's rows are compared with: references, and the cells in which they are
/// measured.
pub(super) fn references(operation: &str, cells: &[Cell]) -> Vec<(&'static str, usize)> {
    // Its second half does the same for them.
    let own = if operation == "owner-pair-by-drop" { "owner-pair" } else { operation };
    let cell = |operation: &str, subject: &str| {
        cells.iter().position(|cell| (cell.row.operation, cell.subject) == (operation, subject))
    };
    let find = |&reference: &&'static str| {
        let elsewhere = || {
            let is_it = reference == RAW_LOCK.1 && COMPARED_WITH_A_LOCK.contains(&operation);
            is_it.then(|| cell(RAW_LOCK.0, RAW_LOCK.1)).flatten()
        };
        Some((reference, cell(own, reference).or_else(elsewhere)?))
    };
    REFERENCES.iter().filter_map(find).collect()
}

/// How many operations take about this time.
fn operations_in(goal: Duration, row: &benches::Row) -> u64 {
    if let Some(fixed) = row.fixed {
        return fixed;
    }
    let mut operations = 1_000;
    loop {
        let took = row.time(operations);
        if took * 4 >= goal || operations > 1 << 40 {
            let each = took.as_secs_f64() / operations as f64;
            return ((goal.as_secs_f64() / each) as u64).max(1);
        }
        operations *= 2;
    }
}
