//! What goes to standard output: a table for people, or one JSON document for programs.

use std::io;

use serde::Serialize;

use crate::machine::Machine;
use crate::rounds::Figure;
use crate::streams::{self, tell};

/// Where and in which form results go.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    command: String,
}

/// What every document holds.
#[derive(Debug, Serialize)]
struct Document<'a, About, Results> {
    schema: &'a str,
    command: &'a str,
    machine: &'a About,
    #[serde(flatten)]
    results: &'a Results,
}

/// What most documents hold besides: rows of one kind.
#[derive(Debug, Serialize)]
struct Rows<'a, Row> {
    rows: &'a [Row],
}

impl Output {
    /// Output of `command`, as a document if `json`.
    pub(crate) fn new(json: bool, command: String) -> Self {
        Output { json, command }
    }

    /// Whether a document is asked for.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// The command that does the same again.
    pub(crate) fn command(&self) -> &str {
        &self.command
    }

    /// Prints the results of an experiment: `rows` as a document, or `text`, which shows the same.
    /// The notes follow, on standard error if that is a document.
    pub(crate) fn print<Row: Serialize>(
        &self,
        schema: &str,
        machine: &Machine,
        rows: &[Row],
        text: impl FnOnce() -> String,
        notes: &[String],
    ) -> io::Result<()> {
        self.print_results(schema, machine, &Rows { rows }, text, notes)
    }

    /// The same for results that are not rows of one kind; their fields stand next to the others of
    /// the document.
    pub(crate) fn print_results<Results: Serialize>(
        &self,
        schema: &str,
        machine: &Machine,
        results: &Results,
        text: impl FnOnce() -> String,
        notes: &[String],
    ) -> io::Result<()> {
        self.print_about(schema, machine, &machine.in_short(), results, text, notes)
    }

    /// The same for results that were computed from measurements of another run: `machine` is the
    /// document's description of it, and `foot` that in one line.
    pub(crate) fn print_about<Results: Serialize>(
        &self,
        schema: &str,
        machine: &impl Serialize,
        foot: &str,
        results: &Results,
        text: impl FnOnce() -> String,
        notes: &[String],
    ) -> io::Result<()> {
        if self.json {
            let document = Document { schema, command: &self.command, machine, results };
            streams::print(|out| {
                serde_json::to_writer_pretty(&mut *out, &document)?;
                writeln!(out)
            })?;
            notes.iter().for_each(|note| tell!("{note}"));
            return Ok(());
        }
        let text = text();
        streams::print(|out| {
            out.write_all(text.as_bytes())?;
            notes.iter().try_for_each(|note| writeln!(out, "\n{note}"))?;
            writeln!(out, "\n{foot}")
        })
    }
}

/// Lines of cells in columns, the first line as a heading. The first column is flush left, the
/// others right.
pub(crate) fn table(lines: &[Vec<String>]) -> String {
    table_of_words(lines, 1)
}

/// The same with `left` columns flush left.
pub(crate) fn table_of_words(lines: &[Vec<String>], left: usize) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        text += &aligned(line, &widths, left);
        if number == 0 {
            text += &"-".repeat(widths.iter().sum::<usize>() + 3 * columns.saturating_sub(1));
            text.push('\n');
        }
    }
    text
}

fn aligned(line: &[String], widths: &[usize], left: usize) -> String {
    let cells = line.iter().zip(widths).enumerate().map(|(column, (cell, &width))| match column {
        column if column < left => format!("{cell:width$}"),
        _ => format!("{cell:>width$}"),
    });
    let text = cells.collect::<Vec<_>>().join("   ");
    format!("{}\n", text.trim_end())
}

/// A figure with its interval, `1.02 [1.01, 1.04]`.
pub(crate) fn shown(figure: Figure, decimals: usize) -> String {
    let Figure { median, low, high } = figure;
    format!("{median:.decimals$} [{low:.decimals$}, {high:.decimals$}]")
}

/// A cell of a table for a value that was not measured.
pub(crate) fn not_measured() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let line = |cells: &[&str]| cells.iter().map(|cell| cell.to_string()).collect();
        let text = table(&[line(&["name", "s"]), line(&["a", "10.5"]), line(&["longer"])]);
        assert_eq!(text, "name        s\n-------------\na        10.5\nlonger\n");
    }
}
