//! `cargo lab replay` as a script sees it.

use std::process::{Command, Output};

use keyway_workloads::STRATEGIES;
use serde_json::Value;

const FIB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../traces/recordings/ft/fib.rct.zst");
const SHARED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../traces/corpus/web.rct.zst");

fn lab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keyway-lab")).args(arguments).output().expect("the lab starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the lab writes UTF-8")
}

#[test]
fn every_strategy_has_a_row_for_every_trace_and_is_checked() {
    let output = lab(&["replay", "--rounds", "2", FIB, SHARED, "--json"]);
    assert!(output.status.success(), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!(document["schema"], "keyway-lab/replay/1");
    let rows = document["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 2 * STRATEGIES.len());
    for (row, info) in rows.iter().zip(STRATEGIES.iter().chain(STRATEGIES)) {
        assert_eq!(row["strategy"], info.id);
        assert_eq!(row["checked"], true, "{row}");
        for figure in ["ns_per_operation", "total_seconds", "count_seconds", "life_seconds"] {
            let part =
                |part: &str| row[figure][part].as_f64().unwrap_or_else(|| panic!("{figure}, {part}: {row}"));
            assert!(part("low") <= part("median") && part("median") <= part("high"), "{row}");
        }
        for base in ["single-thread", "global-lock-interval"] {
            assert!(row["ratio"][base]["median"].as_f64().is_some_and(|ratio| ratio > 0.0), "{row}");
        }
        assert_eq!(row["owner_share"].is_null(), !info.id.starts_with("biased-counts"), "{row}");
    }
    let fib = &rows[0];
    assert_eq!((fib["trace"].as_str(), fib["count_operations"].as_u64()), (Some("fib"), Some(54_146)));
    assert_eq!(fib["destroyed"], 20);
    let in_order = |row: &Value| row["in_file_order"] == true;
    assert_eq!(rows.iter().filter(|row| in_order(row)).count(), 1, "single-thread, where there were several");
}

#[test]
fn strategies_asked_for_are_replayed_alone_and_pages_are_written() {
    let page = std::env::temp_dir().join(format!("keyway-replay-{}.md", std::process::id()));
    let page_name = page.to_str().expect("a plain name");
    let output = lab(&["replay", "--rounds", "1", "--strategy", "biased-counts", FIB, "--docs", page_name]);
    assert!(output.status.success(), "{output:?}");
    let told = text(&output.stdout);
    assert!(told.contains("biased-counts") && !told.contains("atomic-counts "), "{told}");
    let written = std::fs::read_to_string(&page).expect("it was written");
    assert!(written.starts_with("# Recorded programs replayed\n\nWritten by `cargo lab replay"), "{written}");
    std::fs::remove_file(page).expect("it is ours");
}

#[test]
fn what_is_wrong_gets_one_line_and_its_exit_status() {
    for (arguments, status, complaint) in [
        (&["replay", "no-such-file"][..], 1, "no-such-file: byte 0: cannot open"),
        (&["replay", FIB, "--max-objects", "3"], 1, "the limit is 3"),
        (&["replay", "--strategy", "none"], 2, "biased-counts"),
        (&["replay", "--rounds", "0"], 2, "--rounds"),
        (&["replay", "--docs", "/no/such/folder/page.md"], 2, "there is no folder"),
    ] {
        let output = lab(arguments);
        let complaints = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {complaints}");
        assert!(complaints.contains(complaint), "{arguments:?}: {complaints}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
