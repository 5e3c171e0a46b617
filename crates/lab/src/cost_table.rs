//! The table of `cost`, for people.

use crate::cost::{Cost, Row};
use crate::output::{not_measured, shown, table};

/// The references, in the order of their columns.
const COLUMNS: [&str; 4] = ["rc", "arc", "box", "parking-lot-raw"];

/// The whole text.
pub(crate) fn text(rounds: u32, rows: &[Row]) -> String {
    let heading = ["operation", "subject", "ns", "min", "to rc", "to arc", "to box", "to raw lock"]
        .into_iter()
        .chain(["instr.", "locked", "header"])
        .map(str::to_owned)
        .collect();
    let lines: Vec<Vec<String>> = [heading].into_iter().chain(rows.iter().map(line)).collect();
    format!("Medians over {rounds} rounds, with their 95 % bootstrap intervals.\n\n{}", table(&lines))
}

fn line(row: &Row) -> Vec<String> {
    let mark = if row.cores_were_free { "" } else { " !" };
    let threads = if row.threads > 1 { format!(", {} threads", row.threads) } else { String::new() };
    let named = [
        format!("{}{threads}{mark}", row.operation),
        row.subject.to_owned(),
        shown(row.ns.figure, 2),
        format!("{:.2}", row.ns.min),
    ];
    let ratio = |cost: &Cost| shown(cost.figure, 2);
    let ratios = COLUMNS.map(|reference| row.ratio.get(reference).map_or_else(not_measured, ratio));
    let counted = [row.instructions, row.locked_instructions];
    let counted = counted.map(|count| count.map_or_else(not_measured, |count| format!("{count}")));
    let bytes = row.header_bytes.map_or_else(not_measured, |bytes| bytes.to_string());
    named.into_iter().chain(ratios).chain(counted).chain([bytes]).collect()
}
