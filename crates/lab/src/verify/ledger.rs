//! The ledger as data and as a table.

use serde::Serialize;

use super::mutants::{Judged, Killed};
use crate::models::Row;
use crate::output::table_of_words;

/// What was run and what came of it.
#[derive(Debug, Serialize)]
pub(super) struct Ledger {
    pub(super) models: Vec<Row>,
    pub(super) mutants: Vec<Killed>,
    /// The mutants that were to be run; none if the budget has none.
    #[serde(skip)]
    wanted: Option<Vec<String>>,
    /// Why the run of the mutants did not get to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    mutants_failure: Option<String>,
}

impl Ledger {
    pub(super) fn new(models: Vec<Row>, judged: Option<Judged>) -> Self {
        let Some(Judged { names, rows, failure }) = judged else {
            return Ledger { models, mutants: Vec::new(), wanted: None, mutants_failure: None };
        };
        // In the order of their names; a mutant that was not run has a row that says so.
        let rows_of = |name: &String| {
            let rows: Vec<Killed> = rows.iter().filter(|row| row.name == *name).cloned().collect();
            if rows.is_empty() { vec![Killed::not_run(name)] } else { rows }
        };
        let mutants = names.iter().flat_map(rows_of).collect();
        Ledger { models, mutants, wanted: Some(names), mutants_failure: failure }
    }

    /// Everything for which the run fails, a line each.
    pub(super) fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.models.is_empty() {
            complaints.push("EMPTY: no model was run".to_owned());
        }
        let unsound = self.models.iter().filter(|row| state(row) != "complete");
        complaints.extend(unsound.map(|row| format!("{}::{}: {}", row.strategy, row.name, state(row))));
        complaints.extend(self.mutants_failure.iter().map(|failure| format!("the mutants: {failure}")));
        let Some(wanted) = &self.wanted else { return complaints };
        if wanted.is_empty() {
            complaints.push("EMPTY: no mutant was run".to_owned());
        }
        let (not_run, run): (Vec<_>, Vec<_>) = self.mutants.iter().partition(|row| row.is_not_run());
        if !not_run.is_empty() {
            complaints.push(format!("NOT RUN: {} of {} mutants", not_run.len(), wanted.len()));
        }
        let reasons = not_run.iter().filter(|row| !row.strategy.is_empty());
        complaints.extend(reasons.map(|row| format!("mutant {}: {}", row.name, fate(row))));
        let alive = run.into_iter().filter(|row| !row.killed);
        complaints.extend(alive.map(|row| format!("mutant {} in {}: {}", row.name, row.model, fate(row))));
        complaints
    }

    /// How much was run, in one sentence.
    pub(super) fn in_short(&self) -> String {
        let complete = self.models.iter().filter(|row| state(row) == "complete").count();
        let iterations: u64 = self.models.iter().map(|row| row.iterations).sum();
        let models =
            format!("{complete} of {} models complete, {iterations} interleavings", self.models.len());
        let Some(wanted) = &self.wanted else { return format!("{models}; no mutants at this budget.") };
        let is_killed =
            |name: &&String| self.mutants.iter().filter(|row| row.name == **name).all(|row| row.killed);
        let killed = wanted.iter().filter(is_killed).count();
        format!("{models}; {killed} of {} mutants killed.", wanted.len())
    }

    /// The tables for a terminal.
    pub(super) fn text(&self) -> String {
        let models = table_of_words(&self.model_lines(), 2);
        if self.mutants.is_empty() {
            return models;
        }
        format!("{models}\n{}", table_of_words(&self.mutant_lines(), 4))
    }

    /// The models, a line each after a heading.
    pub(super) fn model_lines(&self) -> Vec<Vec<String>> {
        let heading = [
            "strategy",
            "model",
            "threads",
            "programs",
            "start states",
            "bound",
            "iterations",
            "seconds",
            "state",
        ];
        let line = |row: &Row| {
            vec![
                row.strategy.clone(),
                row.name.clone(),
                row.threads.to_string(),
                row.programs.to_string(),
                row.start_states.to_string(),
                row.bound.map_or("none".to_owned(), |bound| bound.to_string()),
                row.iterations.to_string(),
                format!("{:.2}", row.seconds),
                state(row),
            ]
        };
        headed(&heading, self.models.iter().map(line))
    }

    /// The mutants, a line for each of their models, after a heading.
    pub(super) fn mutant_lines(&self) -> Vec<Vec<String>> {
        let heading = ["strategy", "mutant", "model", "fate", "iterations"];
        let line = |row: &Killed| {
            let model = row.model.split("::").last().unwrap_or_default().to_owned();
            vec![row.strategy.clone(), row.name.clone(), model, fate(row), row.iterations.to_string()]
        };
        headed(&heading, self.mutants.iter().map(line))
    }
}

fn headed(heading: &[&str], lines: impl Iterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    let heading = heading.iter().map(|&cell| cell.to_owned()).collect();
    [heading].into_iter().chain(lines).collect()
}

/// What can be said of a model.
fn state(row: &Row) -> String {
    match &row.failure {
        Some(failure) => format!("FAILED: {failure}"),
        None if row.iterations == 0 => "EMPTY".to_owned(),
        None if !row.complete => "TRUNCATED".to_owned(),
        None => "complete".to_owned(),
    }
}

/// What has become of a mutant.
fn fate(row: &Killed) -> String {
    if row.is_not_run() {
        return row.reason.replacen("not run", "NOT RUN", 1);
    }
    match (row.killed, row.reason.as_str()) {
        (true, reason) => format!("killed: {reason}"),
        (false, "") => "SURVIVED".to_owned(),
        (false, reason) => format!("MISTAKEN: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(iterations: u64, complete: bool, failure: Option<&str>) -> Row {
        Row {
            name: "n".to_owned(),
            strategy: "s".to_owned(),
            threads: 2,
            programs: 1,
            start_states: 1,
            bound: Some(2),
            iterations,
            seconds: 0.5,
            complete,
            failure: failure.map(str::to_owned),
        }
    }

    fn killed(name: &str, killed: bool, reason: &str) -> Killed {
        let text = |text: &str| text.to_owned();
        Killed {
            name: text(name),
            strategy: text("s"),
            killed,
            reason: text(reason),
            model: text("s::n"),
            iterations: 3,
        }
    }

    fn judged(names: &[&str], rows: Vec<Killed>, failure: Option<&str>) -> Option<Judged> {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Some(Judged { names, rows, failure: failure.map(str::to_owned) })
    }

    #[test]
    fn a_complete_run_has_no_complaints() {
        let ledger =
            Ledger::new(vec![row(5, true, None)], judged(&["m"], vec![killed("m", true, "leak")], None));
        assert_eq!(ledger.complaints(), Vec::<String>::new());
        assert!(ledger.in_short().contains("1 of 1 models complete, 5 interleavings; 1 of 1 mutants killed"));
    }

    #[test]
    fn truncated_empty_and_failed_models_are_complaints_and_shown_as_such() {
        for (row, shown) in [
            (row(5, false, None), "TRUNCATED"),
            (row(0, true, None), "EMPTY"),
            (row(5, false, Some("leak in iteration 5")), "FAILED: leak"),
        ] {
            let ledger = Ledger::new(vec![row], None);
            assert!(ledger.complaints().iter().any(|complaint| complaint.contains(shown)), "{shown}");
            assert!(ledger.text().contains(shown), "{}", ledger.text());
        }
        assert!(Ledger::new(Vec::new(), None).complaints()[0].contains("EMPTY"));
    }

    #[test]
    fn mutants_that_survive_or_are_not_run_are_complaints() {
        for judged in [
            judged(&["m"], vec![killed("m", false, "")], None),
            judged(&["m"], vec![killed("m", true, "leak"), killed("m", false, "another reason: x")], None),
            judged(&["m", "o"], vec![killed("m", true, "leak")], None),
            judged(&["m"], Vec::new(), Some("m: does not apply")),
            judged(&[], Vec::new(), None),
        ] {
            let ledger = Ledger::new(vec![row(5, true, None)], judged);
            assert!(!ledger.complaints().is_empty(), "{ledger:?}");
            assert!(!ledger.in_short().contains("1 of 1 mutants"), "{}", ledger.in_short());
        }
    }
}
