//! The experiments that run models, as a script sees them. The models are built into the same
//! folder as by `cargo test` of the models themselves, so that one of the two builds is for
//! nothing.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn lab(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    command.args(arguments).stdin(Stdio::null()).output().expect("the lab starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the lab writes UTF-8")
}

fn document(arguments: &[&str]) -> Value {
    let output = lab(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("standard output is exactly one JSON document")
}

fn steps(document: &Value) -> &Vec<Value> {
    document["rows"].as_array().expect("rows is a list")
}

#[test]
fn wrong_arguments_get_one_line_and_exit_status_2() {
    for (arguments, complaint) in [
        (&["race"][..], "<RACE>"),
        (&["race", "livelock"], "livelock"),
        (&["race", "leak", "deadlock"], "deadlock"),
        (&["race", "leak", "--budget", "ci"], "--budget"),
        (&["verify", "--budget", "week"], "week"),
        (&["verify", "--budget"], "--budget"),
        (&["verify", "--strategy", "no-lock"], "biased-counts"),
        (&["verify", "--docs"], "--docs"),
        (&["verify", "extra"], "extra"),
    ] {
        let output = lab(arguments);
        let complaints = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {complaints}");
        assert_eq!(complaints.lines().count(), 1, "{arguments:?}: {complaints}");
        assert!(complaints.contains(complaint), "{arguments:?}: {complaints}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn document_of_a_race_has_its_steps_with_thread_operation_and_count() {
    let document = document(&["race", "leak"]);
    assert_eq!(document["schema"], "keyway-lab/race/1");
    assert_eq!(document["command"], "cargo lab race leak --json");
    assert!(document["machine"]["rustc"].is_string());
    assert_eq!(document["reason"], "leak");
    let steps = steps(&document);
    for (number, step) in steps.iter().enumerate() {
        assert_eq!(step["step"], number + 1, "{step}");
        assert!(
            step["thread"].is_string() && step["operation"].is_string() && step["act"].is_string(),
            "{step}"
        );
        assert!(step["count_before"].is_u64() && step["count_after"].is_u64(), "{step}");
    }
    // Each write finds what the step before it on the same count has left.
    for pair in steps.windows(2) {
        assert_eq!(pair[0]["count_after"], pair[1]["count_before"], "{pair:?}");
    }
    let last = steps.last().expect("a race has steps");
    assert_eq!(last["references"], 0, "{last}");
    assert_ne!(last["count_after"], 0, "{last}");
}

#[test]
fn use_after_free_ends_with_a_touch_of_what_was_destroyed_while_referenced() {
    let document = document(&["race", "use-after-free"]);
    let steps = steps(&document);
    let destroyed = steps.iter().find(|step| step["act"] == "destroys").expect("the object is destroyed");
    assert!(destroyed["references"].as_u64().is_some_and(|references| references > 0), "{destroyed}");
    assert_eq!(steps.last().expect("a race has steps")["act"], "finds-destroyed");
}

#[test]
fn deadlock_says_who_holds_what_and_who_waits_for_whom() {
    let output = lab(&["race", "deadlock"]);
    assert!(output.status.success(), "{output:?}");
    let shown = text(&output.stdout);
    for (thread, other) in [("A", "B"), ("B", "A")] {
        let said = shown.lines().any(|line| {
            line.starts_with(&format!("Thread {thread} holds the lock of object"))
                && line.ends_with(&format!("which thread {other} holds."))
        });
        assert!(said, "{thread}: {shown}");
    }
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn ledger_has_a_row_for_each_model_of_the_strategy_and_writes_its_page() {
    let folder = std::env::temp_dir().join(format!("keyway-ledger-{}", std::process::id()));
    // A folder that is not there yet.
    let page = folder.join("results").join("ledger.md");
    let page_name = page.to_str().expect("a plain path");
    let arguments = ["verify", "--budget", "quick", "--strategy", "single-thread", "--docs", page_name];
    let document = document(&arguments);
    assert_eq!(document["schema"], "keyway-lab/verify/1");
    assert_eq!(document["mutants"], Value::Array(Vec::new()));
    let rows = document["models"].as_array().expect("models is a list");
    assert!(!rows.is_empty());
    for row in rows {
        assert_eq!(row["strategy"], "single-thread", "{row}");
        assert_eq!(row["bound"], 2, "{row}");
        assert_eq!(row["complete"], true, "{row}");
        for field in ["threads", "programs", "start_states", "iterations"] {
            assert!(row[field].as_u64().is_some_and(|number| number > 0), "{field}: {row}");
        }
        assert!(row["name"].is_string() && row["seconds"].is_f64(), "{row}");
    }
    let written = std::fs::read_to_string(&page).expect("the page was written");
    std::fs::remove_dir_all(&folder).expect("it was there");
    assert!(written.contains("| single-thread | last_release_races_last_release | 2 |"), "{written}");
    assert!(written.contains("What the models do not cover"), "{written}");
}

/// Not after everything has been run.
#[test]
fn page_that_cannot_be_written_is_an_error_before_anything_is_run() {
    let file = std::env::temp_dir().join(format!("keyway-no-folder-{}", std::process::id()));
    std::fs::write(&file, "kept").expect("a folder for temporary files");
    for page in [file.join("ledger.md"), std::env::temp_dir()] {
        let output = lab(&["verify", "--budget", "quick", "--docs", page.to_str().expect("a plain path")]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with("error: cannot write ") && said.lines().count() == 1, "{said}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(std::fs::read_to_string(&file).expect("it is still there"), "kept");
    std::fs::remove_file(&file).expect("it was there");
}
