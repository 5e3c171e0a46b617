//! The mutants: seeded bugs, each of which the models named for it must find for the stated reason.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;

use keyway_workloads::beside;
use serde::{Deserialize, Serialize};

use super::pace::Pace;
use crate::children;
use crate::models::{cargo, target, workspace};

/// The first words of the reason of a mutant that was not run.
const NOT_RUN: &str = "not run";

/// What has become of one mutant in one model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Killed {
    pub(super) name: String,
    pub(super) strategy: String,
    /// Whether the model failed for the stated reason.
    pub(super) killed: bool,
    /// What it failed for; empty if it passed.
    pub(super) reason: String,
    pub(super) model: String,
    /// The iteration in which it failed.
    pub(super) iterations: u64,
}

impl Killed {
    /// A mutant that no model was run with.
    pub(super) fn not_run(name: &str) -> Self {
        let (name, reason) = (name.to_owned(), NOT_RUN.to_owned());
        Killed { name, strategy: String::new(), killed: false, reason, model: String::new(), iterations: 0 }
    }

    pub(super) fn is_not_run(&self) -> bool {
        self.reason.starts_with(NOT_RUN)
    }
}

/// The mutants that were to be run, and what came of it.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Killed>,
    /// Why the run did not get to its end.
    pub(super) failure: Option<String>,
}

/// Runs the mutants of the strategies that are wanted.
pub(super) fn judge(wants: impl Fn(&str) -> bool) -> Result<Judged, String> {
    let mut mutants = Vec::new();
    let folder = workspace().join("loom-tests/mutants");
    let unreadable = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "patch") {
            mutants.push(header(&path)?);
        }
    }
    mutants.sort_by(|one, two| one.name.cmp(&two.name));
    mutants.retain(|mutant| wants(&mutant.strategy));
    if mutants.is_empty() {
        return Ok(Judged { names: Vec::new(), rows: Vec::new(), failure: None });
    }
    let models = mutants.iter().map(|mutant| mutant.models).sum();
    run(mutants.into_iter().map(|mutant| mutant.name).collect(), models)
}

/// What the header of a mutant's file says.
#[derive(Debug)]
struct Header {
    name: String,
    strategy: String,
    /// How many models must fail.
    models: usize,
}

fn header(path: &Path) -> Result<Header, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let field = |key: &str| {
        let mut header = text.lines().take_while(|line| !line.starts_with("--- "));
        let value = header.find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
        value.map(|value| value.trim().to_owned()).ok_or_else(|| format!("{}: no `{key}:`", path.display()))
    };
    let models = field("models")?.split(',').count();
    Ok(Header { name: field("name")?, strategy: field("strategy")?, models })
}

fn run(names: Vec<String>, models: usize) -> Result<Judged, String> {
    let mut cargo = cargo();
    cargo.args(["run", "--quiet", "--package", "keyway-loom-tests", "--bin", "mutants", "--target-dir"]);
    cargo.arg(target()).args(["--", "--json"]).args(&names);
    cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = children::start(&mut cargo).map_err(|error| format!("cannot run cargo: {error}"))?;
    let (stdout, stderr) = (child.stdout().expect("piped"), child.stderr().expect("piped"));
    let read = move || BufReader::new(stderr).lines().map_while(Result::ok).collect::<Vec<_>>();
    let (rows, words) = beside(read, || follow(stdout, models)).map_err(|error| error.to_string())?;
    let status = child.wait().map_err(|error| format!("the mutants: {error}"))?;
    // Names are matched in part, so that the run may have taken others along.
    let rows: Vec<Killed> = rows.into_iter().filter(|row| names.contains(&row.name)).collect();
    let all_done = names.iter().all(|name| rows.iter().any(|row| row.name == *name));
    let told = words.last().cloned().unwrap_or_default();
    let failure = (!all_done).then(|| format!("{status}: {told}"));
    Ok(Judged { names, rows, failure })
}

/// Reads the rows, one a line, as they come, and shows how far it is.
fn follow(stdout: impl Read, models: usize) -> Vec<Killed> {
    let pace = Pace::new("models of mutants", models);
    pace.begin("building the first mutant".to_owned());
    let mut rows = Vec::new();
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        let Ok(row) = serde_json::from_str::<Killed>(&line) else { continue };
        pace.end(&row.name);
        pace.begin(format!("after {}", row.name));
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_as_they_come_and_what_cannot_be_judged_is_not_run() {
        let row = |reason: &str, model: &str| {
            serde_json::json!({
                "name": "m", "strategy": "s", "killed": !model.is_empty(), "reason": reason, "model": model,
                "iterations": 1,
            })
        };
        let lines = format!("{}\nnot a row\n{}\n", row("leak", "s::n"), row("not run: does not apply", ""));
        let rows = follow(lines.as_bytes(), 2);
        assert_eq!(rows.iter().map(Killed::is_not_run).collect::<Vec<_>>(), [false, true]);
    }
}
