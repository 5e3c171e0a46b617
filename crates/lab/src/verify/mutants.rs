//! The mutants: seeded bugs, each of which the models named for it must find for the stated reason.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;
use std::thread;

use serde::{Deserialize, Serialize};

use super::pace::Pace;
use crate::models::{cargo, target, workspace};

/// What a mutant failed for that was not run.
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
        self.reason == NOT_RUN
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
    let mut child = cargo.spawn().map_err(|error| format!("cannot run cargo: {error}"))?;
    let (mut stdout, stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let document = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let said = follow(stderr, models);
    let status = child.wait().map_err(|error| format!("the mutants: {error}"))?;
    let document = document.join().expect("reading does not panic").map_err(|error| error.to_string())?;
    let rows = serde_json::from_str::<Vec<Killed>>(&document);
    let told = said.last().cloned().unwrap_or_default();
    Ok(match rows {
        // Names are matched in part, so that the run may have taken others along.
        Ok(rows) => Judged {
            rows: rows.into_iter().filter(|row| names.contains(&row.name)).collect(),
            names,
            failure: None,
        },
        Err(_) => Judged { names, rows: Vec::new(), failure: Some(format!("{status}: {told}")) },
    })
}

/// Counts the models that are done by the lines on standard error, one each, and returns all lines that are something else.
fn follow(stderr: impl Read, models: usize) -> Vec<String> {
    let pace = Pace::new("models of mutants", models);
    pace.begin("building the first mutant".to_owned());
    let mut said = Vec::new();
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        let mut words = line.split_whitespace();
        if matches!(words.next(), Some("killed" | "SURVIVED" | "MISTAKEN")) {
            let name = words.next().unwrap_or_default();
            pace.end(name);
            pace.begin(format!("after {name}"));
        } else {
            said.push(line);
        }
    }
    said
}
