//! The file `results.json`: everything that one report holds, and all that a page or a sentence is
//! made from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::kept::KeptLedger;

/// The version of the file: raised when a field goes or changes its meaning.
pub const SCHEMA: &str = "keyway-report/1";

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// [`SCHEMA`].
    pub schema: String,
    /// How long it was measured.
    pub kind: Kind,
    /// Where and from what: the field `machine` of the first part that was measured.
    pub provenance: Machine,
    /// What the commands printed with `--json`, each its whole document. A part that was not run is
    /// not there.
    pub parts: BTreeMap<Part, Value>,
    /// The sentences worth citing.
    #[serde(default)]
    pub claims: Vec<Claim>,
    /// The ledger that the sources' repository keeps, for seeded bugs that this report has not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_ledger: Option<KeptLedger>,
}

/// How long a report measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Minutes.
    Quick,
    /// As long as the commands take by default.
    Full,
}

impl Kind {
    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Quick => "quick",
            Kind::Full => "full",
        }
    }
}

/// A part of a report: what one command printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the command of its name; the ledger is that of `verify`")]
pub enum Part {
    Cost,
    Scaling,
    Countdown,
    Starvation,
    Replay,
    Verdict,
    Ledger,
}

impl Part {
    /// All of them, in the order of a report.
    pub const ALL: [Part; 7] = [
        Part::Cost,
        Part::Verdict,
        Part::Scaling,
        Part::Starvation,
        Part::Countdown,
        Part::Replay,
        Part::Ledger,
    ];

    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Part::Cost => "cost",
            Part::Scaling => "scaling",
            Part::Countdown => "countdown",
            Part::Starvation => "starvation",
            Part::Replay => "replay",
            Part::Verdict => "verdict",
            Part::Ledger => "ledger",
        }
    }

    /// The experiment of the lab that prints it.
    pub fn experiment(self) -> &'static str {
        if self == Part::Ledger { "verify" } else { self.name() }
    }
}

/// Where figures come from: the field `machine` of every document. docs/lab.md says what it holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "docs/lab.md says what each holds")]
pub struct Machine {
    #[serde(default)]
    pub cpu: String,
    #[serde(rename = "virtual", default)]
    pub is_virtual: Option<bool>,
    #[serde(default)]
    pub cores: Option<usize>,
    #[serde(default)]
    pub kernel: String,
    #[serde(default)]
    pub rustc: String,
    #[serde(default)]
    pub commit: String,
    #[serde(default)]
    pub dirty: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_unknown: Option<String>,
    #[serde(default)]
    pub date: String,
    /// The fields of which nothing is asked here.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Machine {
    /// One line: processor, cores, kernel, compiler, commit, date.
    pub fn in_short(&self) -> String {
        let commit = self.commit();
        format!("{}; {}; {}; commit {commit}; {}", self.name(), self.kernel, self.rustc, self.date)
    }

    /// The commit, whether it has changes, and why it is not known.
    pub fn commit(&self) -> String {
        commit(&self.commit, self.dirty, self.commit_unknown.as_deref())
    }

    /// Processor and cores, which tell one machine from another.
    pub fn name(&self) -> String {
        let cores = self.cores.map_or("unknown".to_owned(), |cores| cores.to_string());
        let kind = if self.is_virtual == Some(true) { ", virtual" } else { "" };
        format!("{}{kind}, {cores} cores", self.cpu)
    }
}

/// A commit in words: `abc`, `abc with changes`, or `unknown (why)`.
pub fn commit(commit: &str, dirty: Option<bool>, why_unknown: Option<&str>) -> String {
    match (dirty, why_unknown) {
        (_, Some(why)) => format!("{UNKNOWN} ({why})"),
        (Some(true), None) => format!("{commit} with changes"),
        (_, None) => commit.to_owned(),
    }
}

/// What stands in the place of a commit that is not known.
pub(crate) const UNKNOWN: &str = "unknown";

/// A measured figure: the median over the rounds and the ends of its 95 % bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Figure {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

impl Figure {
    /// The field `name` of a row, if it is a figure.
    pub fn of(row: &Value, name: &str) -> Option<Figure> {
        Figure::deserialize(row.get(name)?).ok()
    }

    /// Half the interval's width, by the median.
    pub fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0 / self.median.abs()
    }

    /// Whether a value lies in the interval.
    pub fn holds(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// A sentence worth citing, with all that is needed to check it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Never changes its meaning: `owner-pair/biased-counts`.
    pub id: String,
    /// The sentence, with the figure and its interval.
    pub sentence: String,
    /// The figure.
    pub value: Figure,
    /// What it is a number of: `times rc`, `ns`.
    pub unit: String,
    /// Under which it was measured.
    pub conditions: String,
    /// Threads that were at it.
    #[serde(default)]
    pub threads: usize,
    /// On which.
    pub machine: String,
    /// Of the sources that were measured.
    pub commit: String,
    /// Measures it again.
    pub command: String,
    /// Which report it is from; none for a figure that was measured by its command alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Kind>,
}

impl Claim {
    /// How often it was measured, if its command says that.
    pub fn rounds(&self) -> Option<&str> {
        let mut words = self.command.split_whitespace();
        words.find(|word| *word == "--rounds")?;
        words.next()
    }
}

/// What went wrong, in one line.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    /// An error that is told by this line.
    pub fn new(line: String) -> Error {
        Error(line)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl Results {
    /// Reads a `results.json`.
    ///
    /// # Errors
    /// One line: the file cannot be read, is not JSON, or is of another schema.
    pub fn read(path: &Path) -> Result<Results, Error> {
        let of = |error: &dyn fmt::Display| Error(format!("{}: {error}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| of(&error))?;
        Results::parse(&text).map_err(|error| of(&error))
    }

    /// Reads the text of a `results.json`.
    ///
    /// # Errors
    /// One line, as of [`Results::read`].
    pub fn parse(text: &str) -> Result<Results, Error> {
        let value: Value = serde_json::from_str(text).map_err(|error| Error(format!("not JSON: {error}")))?;
        match value.get("schema").and_then(Value::as_str) {
            Some(SCHEMA) => {}
            Some(other) => return Err(Error(format!("the schema is {other}, not {SCHEMA}"))),
            None => return Err(Error(format!("it has no schema: not a report ({SCHEMA})"))),
        }
        serde_json::from_value(value).map_err(|error| Error(format!("not a report: {error}")))
    }

    /// The rows of a part; none if it was not run.
    pub fn rows(&self, part: Part) -> &[Value] {
        let rows = self.parts.get(&part).and_then(|document| document.get("rows")).and_then(Value::as_array);
        rows.map_or(&[], Vec::as_slice)
    }

    /// The claim of this id.
    pub fn claim(&self, id: &str) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.id == id)
    }

    /// The text of the file, which ends in a line end.
    ///
    /// # Panics
    /// Never: everything in it can be written as JSON.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("keys are text and figures are finite");
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_reads_back_as_itself_with_the_fields_that_it_does_not_know() {
        let figure = json!({ "median": 1.1, "low": 1.0, "high": 1.2 });
        let written = json!({
            "schema": SCHEMA,
            "kind": "quick",
            "provenance": { "cpu": "c", "virtual": true, "cores": 2, "kernel": "k", "rustc": "r", "commit": "1",
                "dirty": false, "date": "d", "profile": "release" },
            "parts": { "cost": { "rows": [{ "operation": "owner-pair" }] } },
            "claims": [{ "id": "owner-pair/biased-counts", "sentence": "s", "value": figure, "unit": "times rc",
                "conditions": "", "threads": 1, "machine": "c", "commit": "1", "command": "cargo lab cost" }],
        });
        let results = Results::parse(&written.to_string()).expect("it is a report");
        assert_eq!(serde_json::to_value(&results).expect("it can be written"), written);
        assert_eq!(results.rows(Part::Cost).len(), 1);
        assert!(results.rows(Part::Replay).is_empty());
        assert!(results.claim("owner-pair/biased-counts").is_some_and(|claim| claim.value.holds(1.05)));
    }

    #[test]
    fn what_is_not_a_report_is_refused_in_one_line() {
        for (text, said) in
            [("", "not JSON"), ("{}", "no schema"), (r#"{"schema":"x/1"}"#, "x/1"), ("[1]", "no schema")]
        {
            let error = Results::parse(text).expect_err(text).to_string();
            assert!(error.contains(said) && !error.contains('\n'), "{text}: {error}");
        }
    }

    #[test]
    fn parts_have_the_names_of_the_file() {
        for part in Part::ALL {
            assert_eq!(serde_json::to_value(part).expect("a name"), part.name());
        }
    }
}
