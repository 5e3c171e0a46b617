//! The results for people: a table on standard output, a page of the documentation.

use super::row::{ATOMIC, Row};
use crate::machine::Machine;
use crate::markdown;
use crate::output::{not_measured, shown, table_of_words};
use crate::rounds::Figure;

const HEADING: [&str; 17] = [
    "trace",
    "strategy",
    "ns a count op",
    "to atomic",
    "predicted",
    "total, ms",
    "to single-thread",
    "to global-lock",
    "owner %",
    "remote %",
    "queued %",
    "merged %",
    "peak objects",
    "peak KB",
    "peak queued",
    "to destruction p50/p99/max, us",
    "destroyed",
];

/// The table.
pub(super) fn text(rounds: u32, rows: &[Row]) -> String {
    format!("{}\n\n{}", headline(rounds), table_of_words(&lines(rows), 2))
}

/// The page.
pub(super) fn page(rounds: u32, rows: &[Row], notes: &[String], machine: &Machine, command: &str) -> String {
    let reading = "[Traces](../traces.md) says how to read it.";
    let mut page = markdown::beginning("Recorded programs replayed", command, reading, machine);
    page += &format!("{}\n\n{}", headline(rounds), markdown::table(&lines(rows), 2));
    notes.iter().for_each(|note| page += &format!("\n{note}\n"));
    page
}

/// What a reader must know of these rows.
pub(super) fn notes(rows: &[Row], cores: usize) -> Vec<String> {
    let mut notes = vec![
        "All counts and all destructions agree with the traces, after every replay.".to_owned(),
        "noise: the time in count operations is not above the difference of two life replays.".to_owned(),
        "predicted: what a model of CPython's counts said of \"to atomic\" before anything was measured, by the shares of the paths."
            .to_owned(),
    ];
    if rows.iter().any(|row| row.in_file_order) {
        notes.push("*: recorded on several threads, replayed on one, in the order of the file.".to_owned());
    }
    let crowded = |row: &&Row| row.threads > cores;
    if let Some(threads) = rows.iter().filter(crowded).map(|row| row.threads).max() {
        notes.push(format!(
            "Up to {threads} threads were replayed on {cores} cores: they also waited for a core."
        ));
    }
    notes
}

fn headline(rounds: u32) -> String {
    format!("Medians over {rounds} rounds, with their 95 % bootstrap intervals.")
}

fn lines(rows: &[Row]) -> Vec<Vec<String>> {
    let heading = HEADING.map(str::to_owned).to_vec();
    [heading].into_iter().chain(rows.iter().map(line)).collect()
}

fn line(row: &Row) -> Vec<String> {
    let mark = if row.in_file_order { " *" } else { "" };
    let ratio = |base: &str| row.ratio.get(base).map_or_else(not_measured, |&ratio| shown(ratio, 2));
    let share = |share: Option<Figure>| {
        share.map_or_else(not_measured, |share| format!("{:.2}", 100.0 * share.median))
    };
    let milliseconds = |figure: Figure| {
        let in_ms = |seconds: f64| seconds * 1e3;
        shown(Figure { median: in_ms(figure.median), low: in_ms(figure.low), high: in_ms(figure.high) }, 2)
    };
    let operation = match row.below_noise {
        true => format!("noise ({})", shown(row.ns_per_operation, 2)),
        false => shown(row.ns_per_operation, 2),
    };
    let to_atomic = match row.strategy {
        ATOMIC => not_measured(),
        _ => row.count_ratio_to_atomic.map_or_else(not_measured, |ratio| shown(ratio, 2)),
    };
    let us = |ns: u64| format!("{:.1}", ns as f64 / 1e3);
    let delays = [row.destruction_ns.p50, row.destruction_ns.p99, row.destruction_ns.max].map(us);
    vec![
        row.trace.clone(),
        format!("{}{mark}", row.strategy),
        operation,
        to_atomic,
        row.predicted_ratio_to_atomic.map_or_else(not_measured, |ratio| format!("{ratio:.2}")),
        milliseconds(row.total_seconds),
        ratio("single-thread"),
        ratio("global-lock-interval"),
        share(row.owner_share),
        share(row.remote_share),
        share(row.queued_share),
        share(row.merged_share),
        row.peak_objects.to_string(),
        (row.peak_bytes / 1024).to_string(),
        row.peak_queued.to_string(),
        delays.join("/"),
        row.destroyed.to_string(),
    ]
}
