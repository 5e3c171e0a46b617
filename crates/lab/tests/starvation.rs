//! `cargo lab starvation` as a script sees it.

use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs it on one strategy with `--json`; fails unless standard output is one document and nothing
/// else.
fn document(arguments: &[&str]) -> Value {
    let mut lab = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    lab.args(["starvation", "--json", "--strategy", "global-lock-returning-first"]);
    let output = lab.args(arguments).stdin(Stdio::null()).output().expect("the lab starts");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("standard output is exactly one JSON document")
}

#[test]
fn each_row_has_its_server_its_spinners_and_its_figures() {
    let document = document(&["--rounds", "1", "--milliseconds", "100", "--spinners", "1"]);
    assert_eq!(document["schema"], "keyway-lab/starvation/1");
    let rows = document["rows"].as_array().expect("rows is a list");
    let keys: Vec<_> = rows.iter().map(|row| (row["server"].as_str(), row["spinners"].as_u64())).collect();
    let expected = [("after-200us", 0), ("after-200us", 1), ("at-once", 0), ("at-once", 1)];
    assert_eq!(keys, expected.map(|(server, spinners)| (Some(server), Some(spinners))));
    for row in rows {
        for figure in ["round_trips_per_s", "ratio_to_no_spinner", "p50_us", "p99_us", "p999_us"] {
            assert!(row[figure]["median"].as_f64().is_some_and(|median| median > 0.0), "{figure}: {row}");
        }
        assert_eq!(row["spinner_share"].is_object(), row["spinners"] == 1, "{row}");
    }
}

#[test]
fn endurance_tells_the_longest_waits() {
    let document = document(&["--endurance", "1"]);
    let row = &document["rows"][0];
    assert!(row["round_trips"].as_u64().is_some_and(|trips| trips > 0), "{row}");
    for wait in ["client_wait_ms", "spinner_wait_ms", "control_gap_ms"] {
        assert!(row[wait].as_f64().is_some_and(|wait| wait > 0.0), "{wait}: {row}");
    }
}
