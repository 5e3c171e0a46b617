//! The table of `scaling`, its page, and its plot.

use super::Arguments;
use super::row::Row;
use crate::machine::Machine;
use crate::markdown;
use crate::output::{not_measured, shown, table_of_words};
use crate::plot::{Axis, Line, Panel, Plot, Shapes};
use crate::rounds::Figure;

/// The whole text.
pub(super) fn text(rounds: u32, rows: &[Row]) -> String {
    format!(
        "Medians over {rounds} rounds, with their 95 % bootstrap intervals; delays in nanoseconds.\n\n{}",
        table_of_words(&lines(rows), 2)
    )
}

/// The results as a page of the documentation; it is generated, so nothing else is in it.
pub(super) fn page(
    rounds: u32,
    rows: &[Row],
    notes: &[String],
    machine: &Machine,
    command: &str,
    arguments: &Arguments,
) -> String {
    let reading = "[Cost](../cost.md#scaling) says how each figure is taken and what it does not say.";
    let mut page = markdown::beginning("What threads get done that meet", command, reading, machine);
    page +=
        &format!("Medians over {rounds} rounds with 95 % bootstrap intervals; delays in nanoseconds.\n\n");
    if let (Some(plot), Some(docs)) = (&arguments.plot, &arguments.docs) {
        page += &markdown::image("Throughput and delays over the number of threads", plot, docs);
        page.push('\n');
    }
    page += &markdown::table(&lines(rows), 2);
    notes.iter().for_each(|note| page += &format!("\n{note}\n"));
    page
}

/// What a reader must know of these rows.
pub(super) fn notes(rows: &[Row], cores: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if rows.iter().any(|row| !row.at_once) {
        notes.push("Not to be cited, marked !: the threads were not at it at once for more than a tenth of the time.".to_owned());
    }
    if rows.iter().any(|row| row.threads > cores) {
        notes.push(format!(
            "Rows of more than {cores} threads have more threads than this machine has cores."
        ));
    }
    notes
}

fn lines(rows: &[Row]) -> Vec<Vec<String>> {
    let heading = [
        "operation",
        "subject",
        "threads",
        "million a second",
        "to 1 thread",
        "fairness",
        "p50",
        "p99",
        "p99.9",
        "longest",
    ];
    [heading.map(str::to_owned).to_vec()].into_iter().chain(rows.iter().map(line)).collect()
}

fn line(row: &Row) -> Vec<String> {
    let measured =
        |figure: Option<Figure>, decimals| figure.map_or_else(not_measured, |figure| shown(figure, decimals));
    let mark = if row.at_once { "" } else { " !" };
    vec![
        format!("{}{mark}", row.operation),
        row.subject.to_owned(),
        row.threads.to_string(),
        measured(row.throughput.map(in_millions), 2),
        measured(row.throughput_to_one_thread, 2),
        measured(row.fairness, 2),
        format!("{:.0}", row.delay.p50.median),
        format!("{:.0}", row.delay.p99.median),
        format!("{:.0}", row.delay.p999.median),
        format!("{:.0}", row.delay.max.median),
    ]
}

fn in_millions(figure: Figure) -> Figure {
    let Figure { median, low, high } = figure;
    Figure { median: median / 1e6, low: low / 1e6, high: high / 1e6 }
}

/// Throughput and the 99.9th percentile of each operation, over the number of threads.
pub(super) fn plot(rows: &[Row]) -> Plot {
    let mut operations: Vec<&str> =
        rows.iter().filter(|row| row.throughput.is_some()).map(|row| row.operation).collect();
    operations.dedup();
    let panels = operations.iter().flat_map(|operation| {
        let throughput =
            panel(rows, operation, Axis::linear("million a second"), |row| row.throughput.map(in_millions));
        let delays =
            panel(rows, operation, Axis::logarithmic("p99.9 of one, ns"), |row| Some(row.delay.p999));
        [throughput, delays]
    });
    Plot { title: "What threads get done that meet".to_owned(), panels: panels.collect() }
}

fn panel(rows: &[Row], operation: &str, y: Axis, value: fn(&Row) -> Option<Figure>) -> Panel {
    let mut lines: Vec<Line> = Vec::new();
    for row in rows.iter().filter(|row| row.operation == operation) {
        let Some(figure) = value(row) else { continue };
        if lines.last().is_none_or(|line| line.name != row.subject) {
            lines.push(Line { name: row.subject.to_owned(), points: Vec::new() });
        }
        let line = lines.last_mut().expect("there is one now");
        line.points.push((row.threads as f64, figure));
    }
    Panel { heading: operation.to_owned(), x: Axis::linear("threads"), shapes: Shapes::Lines { y, lines } }
}
