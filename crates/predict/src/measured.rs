//! What was measured, read from documents of the lab: a report's `results.json`, or those that
//! `cargo lab scaling --json` and `cargo lab cost --json` print.

use keyway_report::Figure;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::demand::{SHARED, priced_by};

/// The throughput of `threads` threads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// How many.
    pub threads: u32,
    /// Operations a second of all together.
    pub throughput: Figure,
}

/// An operation of several threads on one subject, and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// The operation's id.
    pub operation: String,
    /// The subject's id.
    pub subject: String,
    /// What was measured, by rising number of threads.
    pub points: Vec<Point>,
    /// Counts that were measured and are not used, with the reason.
    pub left_out: Vec<String>,
    /// Nanoseconds of one operation when nobody else is there, and the operation that was timed for
    /// it.
    pub cost: Option<(String, Figure)>,
}

/// Everything that a prediction starts from.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Where it was measured: the field `machine` of the document of `scaling`.
    pub machine: Value,
    /// All rows of a shared object.
    pub rows: Vec<Shared>,
}

impl Measured {
    /// Reads documents, of which one must hold the rows of `scaling`. Prices come from `cost`, if
    /// it is among them.
    ///
    /// # Errors
    /// In one line: what is missing, or is not as it should be.
    pub fn read(documents: &[Value]) -> Result<Measured, String> {
        let mut parts = Vec::new();
        for document in documents {
            match document["schema"].as_str() {
                Some(schema) if schema.starts_with("keyway-report/") => {
                    parts.extend(["scaling", "cost"].iter().filter_map(|part| document["parts"].get(part)));
                }
                Some(schema) if schema.starts_with("keyway-lab/") => parts.push(document),
                _ => {
                    return Err(
                        "no document of the lab: it has no schema that begins with keyway-".to_owned()
                    );
                }
            }
        }
        let of = |kind: &str| {
            let begins = format!("keyway-lab/{kind}/");
            parts
                .iter()
                .find(|part| part["schema"].as_str().is_some_and(|schema| schema.starts_with(&begins)))
        };
        let scaling =
            of("scaling").ok_or("no rows of several threads: none of the documents is one of `scaling`")?;
        let machine = &scaling["machine"];
        let cores = machine["cores"].as_u64().and_then(|cores| u32::try_from(cores).ok());
        let rows: Vec<ScalingRow> = rows_of(scaling)?;
        let costs: Vec<CostRow> = of("cost").map_or(Ok(Vec::new()), |cost| rows_of(cost))?;
        Ok(Measured { machine: machine.clone(), rows: shared(&rows, &costs, cores) })
    }

    /// Where it was measured, in one line.
    pub fn machine_in_short(&self) -> String {
        let text = |name: &str| self.machine[name].as_str().unwrap_or("unknown").to_owned();
        let cores = self.machine["cores"].as_u64().map_or("unknown".to_owned(), |cores| cores.to_string());
        let changed = match self.machine["commit_unknown"].as_str() {
            Some(why) => format!(" ({why})"),
            None if self.machine["dirty"] == true => " with changes".to_owned(),
            None => String::new(),
        };
        format!(
            "measured on {}, {cores} cores; commit {}{changed}; {}",
            text("cpu"),
            text("commit"),
            text("date")
        )
    }
}

#[derive(Deserialize)]
struct ScalingRow {
    operation: String,
    subject: String,
    threads: u32,
    throughput: Option<Figure>,
    #[serde(default = "yes")]
    at_once: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct CostRow {
    operation: String,
    subject: String,
    ns: Figure,
}

fn rows_of<Row: for<'a> Deserialize<'a>>(document: &Value) -> Result<Vec<Row>, String> {
    let schema = document["schema"].as_str().unwrap_or_default();
    serde_json::from_value(document["rows"].clone()).map_err(|error| format!("the rows of {schema}: {error}"))
}

fn shared(rows: &[ScalingRow], costs: &[CostRow], cores: Option<u32>) -> Vec<Shared> {
    let mut shared: Vec<Shared> = Vec::new();
    for row in rows.iter().filter(|row| SHARED.contains(&row.operation.as_str())) {
        let Some(throughput) = row.throughput else { continue };
        let known = shared.iter().position(|of| of.operation == row.operation && of.subject == row.subject);
        let number = known.unwrap_or_else(|| {
            shared.push(Shared {
                operation: row.operation.clone(),
                subject: row.subject.clone(),
                points: Vec::new(),
                left_out: Vec::new(),
                cost: price(row, costs),
            });
            shared.len() - 1
        });
        let threads = row.threads;
        if cores.is_some_and(|cores| threads > cores) {
            shared[number].left_out.push(format!("{threads} threads: more than cores"));
        } else if !row.at_once {
            shared[number].left_out.push(format!("{threads} threads: they were not at it at once"));
        } else {
            shared[number].points.push(Point { threads, throughput });
        }
    }
    shared.iter_mut().for_each(|of| of.points.sort_by_key(|point| point.threads));
    shared
}

fn price(row: &ScalingRow, costs: &[CostRow]) -> Option<(String, Figure)> {
    priced_by(&row.operation).iter().find_map(|operation| {
        let of_it = |cost: &&CostRow| cost.operation == *operation && cost.subject == row.subject;
        costs.iter().find(of_it).map(|cost| ((*operation).to_owned(), cost.ns))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scaling() -> Value {
        let row = |operation, subject, threads, at_once| {
            json!({ "operation": operation, "subject": subject, "threads": threads, "at_once": at_once,
                    "throughput": { "median": 1e7, "low": 9e6, "high": 1.1e7 } })
        };
        json!({
            "schema": "keyway-lab/scaling/1",
            "machine": { "cpu": "made up", "cores": 2, "commit": "c0" },
            "rows": [
                row("pair-at-one-object", "arc", 2, true), row("pair-at-one-object", "arc", 1, true),
                row("pair-at-one-object", "arc", 3, true), row("section-at-one-object", "spin", 2, false),
                row("alloc-free-each", "box", 2, true),
                json!({ "operation": "release-to-destruction", "subject": "arc", "threads": 2, "at_once": true }),
            ],
        })
    }

    fn cost() -> Value {
        let row = |operation, subject, median: f64| {
            json!({ "operation": operation, "subject": subject,
                    "ns": { "median": median, "low": median - 1.0, "high": median + 1.0, "min": 1.0 } })
        };
        json!({ "schema": "keyway-lab/cost/1", "machine": {},
                "rows": [row("owner-pair", "arc", 13.0), row("non-owner-pair", "arc", 12.0), row("section", "spin", 6.0)] })
    }

    #[test]
    fn rows_of_shared_objects_are_taken_and_their_prices() {
        let measured = Measured::read(&[scaling(), cost()]).expect("both are in order");
        assert_eq!(measured.machine_in_short(), "measured on made up, 2 cores; commit c0; unknown");
        let [arc, spin] = &measured.rows[..] else { panic!("{measured:?}") };
        assert_eq!(arc.points.iter().map(|point| point.threads).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(arc.left_out, ["3 threads: more than cores"]);
        let (operation, price) = arc.cost.clone().expect("it is priced");
        assert_eq!((operation.as_str(), price.low), ("non-owner-pair", 11.0));
        assert_eq!(spin.left_out, ["2 threads: they were not at it at once"]);
        assert!(spin.points.is_empty());
    }

    #[test]
    fn a_report_holds_both_documents() {
        let report = json!({ "schema": "keyway-report/1", "parts": { "scaling": scaling(), "cost": cost(), "ledger": null } });
        let both = Measured::read(&[scaling(), cost()]);
        assert_eq!(Measured::read(&[report]), both);
        let unpriced = Measured::read(&[scaling()]).expect("prices may be missing");
        assert!(unpriced.rows.iter().all(|row| row.cost.is_none()));
    }

    #[test]
    fn what_is_missing_is_said() {
        let refused = |documents: &[Value], why: &str| {
            let said = Measured::read(documents).expect_err(why);
            assert!(said.contains(why), "{said}");
        };
        refused(&[json!({ "rows": [] })], "schema");
        refused(&[cost()], "scaling");
        let mut broken = scaling();
        broken["rows"][0]["threads"] = json!("two");
        refused(&[broken], "keyway-lab/scaling/1");
    }
}
