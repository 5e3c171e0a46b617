//! The tables of `cost`, for people.

use super::limits::Judged;
use super::plan::REFERENCES;
use super::row::{Cost, Row};
use crate::output::{not_measured, shown, table_of_words};

/// The whole text.
pub(super) fn text(rounds: u32, rows: &[Row], judged: &[Judged]) -> String {
    let mut text = format!(
        "Medians over {rounds} rounds, with their 95 % bootstrap intervals.\n\n{}",
        table_of_words(&lines(rows), 2)
    );
    if !judged.is_empty() {
        text += &format!(
            "\nLimits, as multiples of the reference:\n\n{}",
            table_of_words(&judged_lines(judged), 3)
        );
    }
    text
}

/// All rows, with a heading.
pub(super) fn lines(rows: &[Row]) -> Vec<Vec<String>> {
    let heading = ["operation", "subject", "ns", "min", "to rc", "to arc", "to box", "to raw lock"]
        .into_iter()
        .chain(["instr.", "locked", "header", "allocated"])
        .map(str::to_owned)
        .collect();
    [heading].into_iter().chain(rows.iter().map(line)).collect()
}

/// The limits, with a heading.
pub(super) fn judged_lines(judged: &[Judged]) -> Vec<Vec<String>> {
    let heading = ["operation", "subject", "times what", "measured", "limit", "noise", "", "elsewhere"];
    let line = |judged: &Judged| {
        vec![
            judged.operation.to_owned(),
            judged.subject.to_owned(),
            judged.unit.clone(),
            shown(judged.ratio, 2),
            judged.limit.map_or_else(not_measured, |limit| format!("{limit:.2}")),
            format!("{:.2}", judged.noise),
            judged.verdict.shown().to_owned(),
            judged.elsewhere.to_owned(),
        ]
    };
    [heading.map(str::to_owned).to_vec()].into_iter().chain(judged.iter().map(line)).collect()
}

fn line(row: &Row) -> Vec<String> {
    let mark = if row.cores_were_free { "" } else { " !" };
    let threads = if row.threads > 1 { format!(", {} threads", row.threads) } else { String::new() };
    let defect = if row.defect.is_some() { " *" } else { "" };
    let named = [
        format!("{}{threads}{mark}", row.operation),
        format!("{}{defect}", row.subject),
        shown(row.ns.figure, 2),
        format!("{:.2}", row.ns.min),
    ];
    let ratio = |cost: &Cost| shown(cost.figure, 2);
    let ratios = REFERENCES.map(|reference| row.ratio.get(reference).map_or_else(not_measured, ratio));
    let counted = [
        row.instructions,
        row.locked_instructions,
        row.header_bytes.map(|bytes| bytes as f64),
        row.allocated_bytes.map(|bytes| bytes as f64),
    ];
    let counted = counted.map(|count| count.map_or_else(not_measured, |count| format!("{count}")));
    named.into_iter().chain(ratios).chain(counted).collect()
}
