//! The table of `predict`, its page, and its plot.

use std::path::Path;

use keyway_predict::latencies::{Latencies, Machine};
use keyway_predict::{Band, Prediction, SPECULATIVE_BEYOND, Side};

use crate::markdown;
use crate::output::{not_measured, table_of_words};
use crate::plot::{Axis, Bar, Panel, Plot, Row, Shapes};

/// Rows that a note names; of more it says how many they are.
const NAMED: usize = 5;

/// The whole text.
pub(super) fn text(rows: &[Prediction]) -> String {
    format!("{}\n\n{}", heading(), table_of_words(&lines(rows), 2))
}

fn heading() -> &'static str {
    "Operations a second of all threads together, in millions: what was measured, and bands for more threads."
}

/// The results as a page of the documentation; it is generated, so nothing else is in it.
pub(super) fn page(
    rows: &[Prediction],
    notes: &[String],
    foot: &str,
    command: &str,
    plot: Option<&Path>,
    docs: Option<&Path>,
) -> String {
    let mut page = format!(
        "# What more threads may get done\n\nWritten by {}; not edited by hand. [Predict](../predict.md) says what the bands rest on and how far \
         to believe them.\n\n{}, {foot}.\n\n",
        markdown::code(command),
        "No figure of this page but those of *measured* was measured"
    );
    if let (Some(plot), Some(docs)) = (plot, docs) {
        page += &markdown::image("Bands for more threads", plot, docs);
        page.push('\n');
    }
    page += &format!("{}\n\n{}", heading(), markdown::table(&lines(rows), 2));
    notes.iter().for_each(|note| page += &format!("\n{note}\n"));
    page
}

/// What a reader must know of these rows.
pub(super) fn notes(rows: &[Prediction], table: &Latencies, machine: &Machine) -> Vec<String> {
    let mut notes = Vec::new();
    let mut whys: Vec<(String, Vec<String>)> = Vec::new();
    let mut note = |why: String, row: &Prediction| {
        let name = format!("{} {}", row.operation, row.subject);
        match whys.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(name),
            None => whys.push((why, vec![name])),
        }
    };
    for row in rows {
        match &row.law {
            Side::Used(_) => {}
            Side::LeftOut { why } => note(format!("No lower side, since {why}"), row),
            Side::Refused { why } => note(format!("The law is refused, since {why}"), row),
        }
        match &row.bound {
            Side::Used(bound) if bound.at_two.is_none() => {
                note(
                    "The upper side could not be held against two threads: they were not measured".to_owned(),
                    row,
                );
            }
            Side::Used(_) => {}
            Side::LeftOut { why } => note(format!("No upper side, since {why}"), row),
            Side::Refused { why } => note(format!("The queueing bound is refused, since {why}"), row),
        }
        for band in &row.bands {
            if let Some(why) = &band.refused {
                note(format!("No band for {} threads, since {why}", band.threads), row);
            }
        }
        for why in &row.left_out {
            note(format!("Measured, and not used: {why}"), row);
        }
    }
    for (why, names) in whys {
        let of_which = match names.len() {
            all if all == rows.len() => "all rows".to_owned(),
            many if many > NAMED => format!("{many} of {} rows", rows.len()),
            _ => names.join(", "),
        };
        notes.push(format!("{why}: {of_which}."));
    }
    if rows.iter().flat_map(|row| &row.bands).any(|band| band.speculative) {
        notes.push(format!(
            "Speculative, marked ?: more than {SPECULATIVE_BEYOND} times as many threads as were measured."
        ));
    }
    notes.push(format!(
        "A line travels in {} ns, the 10th percentile of {} ({}, commit {}).",
        machine.near_ns,
        machine.processor,
        table.source,
        &table.commit[..8]
    ));
    notes
}

fn lines(rows: &[Prediction]) -> Vec<Vec<String>> {
    let threads = rows.first().map_or(Vec::new(), |row| row.bands.iter().map(|band| band.threads).collect());
    let mut heading: Vec<String> =
        ["operation", "subject", "measured", "held out", "error", "at 2: bound by measured"]
            .map(str::to_owned)
            .to_vec();
    heading.extend(threads.iter().map(|threads| format!("{threads} threads")));
    [heading].into_iter().chain(rows.iter().map(line)).collect()
}

fn line(row: &Prediction) -> Vec<String> {
    let most = row.measured.last().map(|point| point.threads);
    let shown = row.measured.iter().filter(|point| point.threads <= 2 || Some(point.threads) == most);
    let measured = shown.map(|point| format!("{}: {}", point.threads, millions(point.throughput.median)));
    let law = row.law.used();
    let at_two = row.bound.used().and_then(|bound| bound.at_two);
    let refused = matches!(row.bound, Side::Refused { .. });
    let mut cells = vec![
        row.operation.clone(),
        row.subject.clone(),
        measured.collect::<Vec<_>>().join(", "),
        law.map_or_else(not_measured, |law| format!("{} threads", law.held_out_threads)),
        law.map_or_else(not_measured, |law| format!("{:+.0} %", 100.0 * law.held_out_error)),
        match at_two {
            Some(at_two) => format!("{:.2}", at_two.ratio),
            None if refused => "refused".to_owned(),
            None => not_measured(),
        },
    ];
    cells.extend(row.bands.iter().map(band));
    cells
}

/// A band in words. It has two sides, or one and that it has no other.
fn band(band: &Band) -> String {
    let mark = if band.speculative { " ?" } else { "" };
    match (band.lower, band.upper) {
        (Some(low), Some(high)) => format!("{} to {}{mark}", millions(low), millions(high)),
        (None, Some(high)) => format!("at most {}{mark}", millions(high)),
        (Some(low), None) => format!("at least {}{mark}", millions(low)),
        (None, None) => "refused".to_owned(),
    }
}

/// Three digits: a prediction has no more.
fn millions(throughput: f64) -> String {
    let value = throughput / 1e6;
    let decimals = match value {
        _ if value >= 100.0 => 0,
        _ if value >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

const KINDS: [&str; 5] =
    ["measured", "band", "speculative band", "no lower side", "no lower side, speculative"];

/// A panel for each operation. A bar goes from the lower side to the upper, in multiples of what
/// one thread gets done; without a lower side it begins at nothing, and is of another kind.
pub(super) fn plot(rows: &[Prediction]) -> Plot {
    let mut operations: Vec<&str> = rows.iter().map(|row| row.operation.as_str()).collect();
    operations.dedup();
    let panel = |operation: &str| {
        let of_it = rows.iter().filter(|row| row.operation == operation);
        Panel {
            heading: operation.to_owned(),
            x: Axis::linear("throughput, multiples of one thread's"),
            shapes: Shapes::Bars {
                kinds: KINDS.map(str::to_owned).to_vec(),
                rows: of_it.flat_map(bars).collect(),
            },
        }
    };
    Plot {
        title: "What more threads may get done at one object".to_owned(),
        panels: operations.into_iter().map(panel).collect(),
    }
}

fn bars(row: &Prediction) -> Vec<Row> {
    let Some(one) = row.measured.iter().find(|point| point.threads == 1).map(|point| point.throughput.median)
    else {
        return Vec::new();
    };
    let of = |threads: u32, from: f64, to: f64, kind: usize, interval| Row {
        name: format!("{}, {threads}", row.subject),
        bars: vec![Bar { from: from / one, to: to / one, kind, interval }],
    };
    let most = row.measured.last().map(|point| point.threads);
    let shown = row
        .measured
        .iter()
        .filter(|point| point.threads == 2 || point.threads > 2 && Some(point.threads) == most);
    let measured = shown.map(|point| {
        let figure = point.throughput;
        of(point.threads, 0.0, figure.median, 0, Some((figure.low / one, figure.high / one)))
    });
    let band = |band: &Band| {
        let speculative = usize::from(band.speculative);
        match (band.lower, band.upper) {
            (Some(low), Some(high)) => Some(of(band.threads, low, high, 1 + speculative, None)),
            (None, Some(high)) => Some(of(band.threads, 0.0, high, 3 + speculative, None)),
            // Nothing says how far up it goes: that cannot be drawn as a bar.
            (_, None) => None,
        }
    };
    measured.chain(row.bands.iter().filter_map(band)).collect()
}
