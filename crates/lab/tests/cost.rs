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
    for subject in ids.chain(["rc", "arc", "triomphe", "hybrid-rc", "biasedrc", "circ", "brc"]) {
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
fn what_is_counted_is_exact() {
    let rows = rows(&["--operation", "owner-pair"]);
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        for (subject, locked) in
            [("rc", 0.0), ("arc", 2.0), ("atomic-counts", 2.0), ("biased-counts", 0.0), ("brc", 0.0)]
        {
            let row = row(&rows, "owner-pair", subject);
            // Null where a machine forbids stepping.
            assert!(row["locked_instructions"].as_f64().is_none_or(|counted| counted == locked), "{row}");
            assert!(row["instructions"].as_f64().is_none_or(|counted| counted > locked), "{row}");
        }
    }
    for (subject, header) in [
        ("rc", 16.0),
        ("triomphe", 8.0),
        ("atomic-counts", 16.0),
        ("biased-counts", 24.0),
        ("biased-counts-apart", 200.0),
        ("brc", 32.0),
    ] {
        let row = row(&rows, "owner-pair", subject);
        assert_eq!(row["header_bytes"].as_f64(), Some(header), "{row}");
        assert!(row["allocated_bytes"].as_f64().is_none_or(|bytes| bytes >= header + 8.0), "{row}");
    }
}

#[test]
fn a_known_defect_is_named_beside_its_row() {
    let rows = rows(&["--operation", "remote-free"]);
    let defect = &row(&rows, "remote-free", "biasedrc")["defect"];
    assert!(defect.as_str().is_some_and(|defect| defect.contains("queue")), "{defect}");
    assert!(row(&rows, "remote-free", "biased-counts").get("defect").is_none());
}

#[test]
fn the_noise_floor_is_the_same_thing_measured_twice() {
    let rows = rows(&["--operation", "owner-pair", "--operation", "duel-owner"]);
    for (operation, subject, again) in [
        ("owner-pair", "rc", "rc-again"),
        ("owner-pair", "arc", "arc-again"),
        ("section", "parking-lot-raw", "parking-lot-raw-again"),
        ("duel-owner", "arc", "arc-again"),
    ] {
        let (once, twice) = (row(&rows, operation, subject), row(&rows, operation, again));
        assert_eq!(once["instructions"], twice["instructions"]);
        assert_is_figure(&twice["ratio"][subject]);
    }
}

#[test]
fn several_threads_say_whether_they_were_on_their_cores_and_at_it_at_once() {
    let rows = rows(&["--operation", "duel-owner"]);
    for subject in ["object-locks", "group-locks", "atomic-counts", "biased-counts", "arc", "brc", "biasedrc"]
    {
        let row = row(&rows, "duel-owner", subject);
        assert_eq!(row["threads"], 2);
        let part = |field: &str| row[field]["median"].as_f64().unwrap_or_else(|| panic!("{field}: {row}"));
        let (on_cpu, overlap) = (part("on_cpu_share"), part("overlap"));
        assert!(on_cpu > 0.0 && on_cpu <= 1.0 && overlap > 0.0 && overlap <= 1.0, "{row}");
        // Two rounds: the median is above the threshold only if one of them is, and one of two is
        // too few.
        if on_cpu < 0.8 || overlap < 0.8 {
            assert_eq!(row["cores_were_free"], false, "{row}");
        }
        assert!(row["instructions"].is_null(), "two threads are not stepped through: {row}");
    }
}

#[test]
fn a_page_of_results_has_the_limits_the_rows_and_the_machine() {
    let page = std::env::temp_dir().join(format!("keyway-cost-{}.md", std::process::id()));
    let path = page.to_str().expect("the folder for temporary files has a plain name");
    let output = cost(&["--operation", "owner-pair", "--docs", path]);
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(&page).expect("the page has been written");
    std::fs::remove_file(&page).expect("it is ours");
    let table = String::from_utf8(output.stdout).expect("UTF-8");
    for shown in [&text, &table] {
        for verdict in ["owner-pair", "biased-counts", "1.15", "1.02", "2 parking-lot-raw", "biasedrc 1.9"] {
            assert!(shown.contains(verdict), "{verdict}: {shown}");
        }
    }
    for provenance in
        ["rustc ", "commit ", "load averages", "--operation owner-pair", "| owner-pair | triomphe |"]
    {
        assert!(text.contains(provenance), "{provenance}: {text}");
    }
}

#[test]
fn a_page_that_cannot_be_written_is_refused_before_anything_is_measured() {
    let output = cost(&["--docs", "no-such-folder/page.md"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("no-such-folder") && message.contains("--docs"), "{message}");
}

#[test]
fn an_unknown_operation_is_one_clear_line_and_status_two() {
    let output = cost(&["--operation", "no-such-operation"]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("no-such-operation") && message.contains("owner-pair"), "{message}");
}
