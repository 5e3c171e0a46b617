//! `cargo lab deadlock` as a script sees it.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn lab(arguments: &[&str]) -> Output {
    let mut lab = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    lab.arg("deadlock").args(arguments).stdin(Stdio::null()).output().expect("the lab starts")
}

#[test]
fn naive_locks_deadlock_under_every_strategy_and_sections_under_none() {
    let output = lab(&["--json", "--rounds", "20", "--patience", "50"]);
    assert!(output.status.success(), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(document["schema"], "keyway-lab/deadlock/1");
    let rows = document["rows"].as_array().expect("rows is a list");
    assert_eq!(rows.len(), 16, "eight strategies run two threads");
    for row in rows {
        let is_naive = row["locks"] == "naive";
        assert_eq!(row["deadlock"], is_naive, "{row}");
        assert_eq!(row["waits"].as_array().map(Vec::len), Some(if is_naive { 2 } else { 0 }), "{row}");
        if is_naive {
            assert_eq!(row["waits"][0]["held_by"], "thread 2", "{row}");
            assert_eq!(row["waits"][0]["waits_for"], "b", "{row}");
            assert_eq!(row["waits"][1]["holds"], serde_json::json!(["b"]), "{row}");
            assert!(row["noticed_after_ms"].as_f64() >= Some(50.0), "{row}");
        } else {
            assert_eq!(row["completed"], 40, "{row}");
        }
    }
}

#[test]
fn a_person_reads_who_waits_for_whom() {
    let output = lab(&["--strategy", "biased-counts", "--locks", "naive", "--patience", "20"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    let told = "biased-counts, naive: thread 1 holds a and waits for b, which thread 2 holds; \
                thread 2 holds b and waits for a, which thread 1 holds.";
    assert!(text.contains(told), "{text}");
}
