//! `cargo lab cost` as a script sees it.

use std::collections::HashMap;
use std::process::{Command, Output, Stdio};

use keyway_workloads::STRATEGIES;
use serde_json::Value;

fn cost(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    command.args(["cost", "--rounds", "2", "--milliseconds", "1"]).args(arguments).stdin(Stdio::null());
    command.output().expect("the lab starts")
}

/// The rows of a document, by operation and subject.
fn rows(arguments: &[&str]) -> HashMap<(String, String), Value> {
    let output = cost(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).expect("exactly one JSON document");
    assert_eq!(document["schema"], "keyway-lab/cost/1");
    let id = |row: &Value, field: &str| row[field].as_str().expect("an id").to_owned();
    let rows = document["rows"].as_array().expect("a list").iter();
    rows.map(|row| ((id(row, "operation"), id(row, "subject")), row.clone())).collect()
}

fn row<'a>(rows: &'a HashMap<(String, String), Value>, operation: &str, subject: &str) -> &'a Value {
    let key = (operation.to_owned(), subject.to_owned());
    rows.get(&key).unwrap_or_else(|| panic!("no row {operation} {subject}"))
}

fn assert_is_figure(figure: &Value) {
    for field in ["median", "low", "high", "min"] {
        assert!(figure[field].as_f64().is_some_and(|value| value > 0.0), "{field}: {figure}");
    }
}

#[test]
fn every_strategy_is_measured_beside_its_references() {
    let rows = rows(&["--operation", "owner-pair"]);
    let ids = STRATEGIES.iter().map(|strategy| strategy.id);
    for subject in ids.chain(["rc", "arc", "triomphe", "hybrid-rc", "biasedrc", "circ"]) {
        let row = row(&rows, "owner-pair", subject);
        assert_eq!(row["threads"], 1);
        assert_is_figure(&row["ns"]);
        for reference in ["rc", "arc", "parking-lot-raw"] {
            assert_is_figure(&row["ratio"][reference]);
        }
    }
    let rc = row(&rows, "owner-pair", "rc");
    assert_eq!(rc["ratio"]["rc"]["median"], 1.0, "a row is its own measure");
    assert_eq!(row(&rows, "owner-pair", "biased-counts")["header_bytes"], 24);
}

#[test]
fn the_noise_floor_is_the_same_thing_measured_twice() {
    let rows = rows(&["--operation", "owner-pair"]);
    for (operation, subject, again) in [
        ("owner-pair", "rc", "rc-again"),
        ("owner-pair", "arc", "arc-again"),
        ("section", "parking-lot-raw", "parking-lot-raw-again"),
    ] {
        let (once, twice) = (row(&rows, operation, subject), row(&rows, operation, again));
        assert_eq!(once["instructions"], twice["instructions"]);
        assert_is_figure(&twice["ratio"][subject]);
    }
}

#[test]
fn several_threads_say_what_share_of_a_core_they_had() {
    let rows = rows(&["--operation", "duel-owner"]);
    for subject in ["object-locks", "group-locks", "atomic-counts", "biased-counts", "arc"] {
        let row = row(&rows, "duel-owner", subject);
        assert_eq!(row["threads"], 2);
        assert!(row["cores_were_free"].is_boolean(), "{row}");
        assert!(row["on_cpu_share"]["median"].as_f64().is_some_and(|share| share <= 1.0), "{row}");
        assert!(row["instructions"].is_null(), "two threads are not stepped through: {row}");
    }
}

#[test]
fn an_unknown_operation_is_one_clear_line_and_status_two() {
    let output = cost(&["--operation", "no-such-operation"]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("no-such-operation") && message.contains("owner-pair"), "{message}");
}
