//! The command line as a script sees it: which output goes where, in which shape, and with which
//! exit status.

use std::process::{Command, Output, Stdio};

use keyway_workloads::STRATEGIES;
use serde_json::Value;

/// A countdown that is over at once.
const SHORT: [&str; 7] = ["countdown", "--count", "1000", "--rounds", "3", "--mode", "threads"];

/// The first column of every table: all strategies, then the floor.
fn subjects() -> impl Iterator<Item = &'static str> {
    STRATEGIES.iter().map(|strategy| strategy.id).chain(["floor"])
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn lab(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the lab starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the lab writes UTF-8")
}

/// Runs a short countdown with `--json`; fails unless standard output is one document and nothing
/// else.
fn document(more: &[&str]) -> Value {
    let output = lab(&[&SHORT, more, &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("standard output is exactly one JSON document")
}

fn rows(document: &Value) -> &Vec<Value> {
    document["rows"].as_array().expect("rows is a list")
}

fn strategies_and_threads(document: &Value) -> Vec<(&str, u64)> {
    let key = |row: &'_ Value| row["threads"].as_u64().expect("a number of threads");
    rows(document).iter().map(|row| (row["strategy"].as_str().expect("an id"), key(row))).collect()
}

#[test]
fn document_has_schema_command_machine_and_rows() {
    let document = document(&[]);
    let mut fields: Vec<&str> = document.as_object().expect("an object").keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["command", "machine", "rows", "schema"]);
    assert_eq!(document["schema"], "keyway-lab/countdown/2");
    assert_eq!(document["command"], "cargo lab countdown --count 1000 --rounds 3 --mode threads --json");
    let machine = &document["machine"];
    for field in ["cpu", "kernel", "rustc", "profile", "rustflags", "allocator", "commit", "date"] {
        assert!(machine[field].is_string(), "{field}: {machine}");
    }
    assert!(machine["rustc"].as_str().is_some_and(|rustc| rustc.starts_with("rustc ")), "{machine}");
    for field in ["virtual", "cores", "dirty", "load_before", "load_after"] {
        assert!(machine.get(field).is_some(), "{field}: {machine}");
    }
    assert_eq!(machine["free_cores"]["wanted"], 2);
    assert!(machine["free_cores"]["enough"].is_boolean());
}

#[test]
fn every_strategy_and_the_floor_have_rows_but_single_thread_none_for_two() {
    let document = document(&[]);
    let mut expected: Vec<(&str, u64)> = subjects().flat_map(|id| [(id, 1), (id, 2)]).collect();
    expected.retain(|&row| row != ("single-thread", 2));
    assert_eq!(strategies_and_threads(&document), expected);
}

#[test]
fn measured_figures_have_a_median_inside_low_and_high() {
    let document = document(&[]);
    for row in rows(&document) {
        for name in ["seconds", "ratio_to_one_thread", "ratio_to_single_thread", "ratio_to_floor"] {
            let part =
                |part: &str| row[name][part].as_f64().unwrap_or_else(|| panic!("{name}, {part}: {row}"));
            assert!(0.0 < part("low") && part("low") <= part("median"), "{name}: {row}");
            assert!(part("median") <= part("high"), "{name}: {row}");
        }
        if row["threads"] == 1 {
            assert_eq!(row["ratio_to_one_thread"]["median"], 1.0, "{row}");
        }
        if row["strategy"] == "floor" {
            assert_eq!(row["ratio_to_floor"]["median"], 1.0, "{row}");
        }
    }
}

#[test]
fn strategies_asked_for_are_measured_alone_with_the_floor() {
    let document =
        document(&["--strategy", "biased-counts", "--strategy", "biased-counts", "--threads", "3"]);
    let expected = [("biased-counts", 1), ("biased-counts", 3), ("floor", 1), ("floor", 3)];
    assert_eq!(strategies_and_threads(&document), expected);
    // A value that was not measured is left out, not made up.
    assert!(rows(&document).iter().all(|row| row.get("ratio_to_single_thread").is_none()), "{document}");
}

#[test]
fn one_thread_alone_has_one_row_a_strategy() {
    let document = document(&["--threads", "1"]);
    let expected: Vec<(&str, u64)> = subjects().map(|id| (id, 1)).collect();
    assert_eq!(strategies_and_threads(&document), expected);
}

#[test]
fn wrong_arguments_get_one_line_and_exit_status_2() {
    for (arguments, complaint) in [
        (&["countup"][..], "countup"),
        (&["--jason"], "--jason"),
        (&["countdown", "--count", "many"], "many"),
        (&["countdown", "--count", "0"], "--count"),
        (&["countdown", "--count"], "--count"),
        (&["countdown", "--rounds", "0"], "--rounds"),
        (&["countdown", "--threads", "0"], "--threads"),
        (&["countdown", "--threads", "1000000"], "--threads"),
        (&["countdown", "--threads", "2", "--threads", "3"], "--threads"),
        (&["countdown", "--mode", "tasks"], "processes-with-start"),
        (&["countdown", "--docs", "no-such-folder/page.md"], "no-such-folder"),
        (&["countdown", "--plot", "no-such-folder/plot.svg"], "no-such-folder"),
        (&["countdown", "--strategy", "no-lock"], "biased-counts"),
        (&["countdown", "--strategy", "two\n\nlines"], "two"),
        (&["countdown", "extra", "--json"], "extra"),
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
fn help_is_on_standard_output_and_says_what_there_is() {
    for (arguments, content) in [
        (&["--help"][..], "countdown"),
        (&["help"], "countdown"),
        (&["countdown", "--help"], "--strategy"),
        (&["countdown", "-h"], "--rounds"),
        (&["--version"], env!("CARGO_PKG_VERSION")),
    ] {
        let output = lab(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        assert!(text(&output.stdout).contains(content), "{arguments:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn table_has_a_line_for_every_strategy_and_the_floor() {
    let output = lab(&SHORT);
    assert!(output.status.success(), "{output:?}");
    let table = text(&output.stdout);
    for id in subjects() {
        let line = table.lines().find(|line| line.split(' ').next() == Some(id));
        let cells = line.unwrap_or_else(|| panic!("no line for {id}: {table}")).split("   ");
        let measured = cells.filter(|cell| cell.contains('[')).count();
        assert_eq!(measured, if id == "single-thread" { 2 } else { 5 }, "{id}: {table}");
    }
    // Not a terminal: no progress bar.
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn fewer_free_cores_than_threads_are_told_where_it_cannot_disturb() {
    let cores = std::thread::available_parallelism().expect("this machine can tell").get();
    let threads = (3 * cores).to_string();
    if 3 * cores > 256 {
        return;
    }
    let more = ["--threads", &threads, "--strategy", "single-thread"];
    let told = "fewer free cores than threads";

    let table = lab(&[&SHORT[..], &more].concat());
    assert!(text(&table.stdout).contains(told), "{table:?}");

    let document = lab(&[&SHORT[..], &more, &["--json"]].concat());
    assert!(!text(&document.stdout).contains(told), "{document:?}");
    assert!(text(&document.stderr).contains(told), "{document:?}");
    let document: Value = serde_json::from_slice(&document.stdout).expect("one document");
    assert_eq!(document["machine"]["free_cores"]["enough"], false);
}

#[test]
fn a_reader_that_stops_early_is_not_an_error() {
    for arguments in [&SHORT[..], &["countdown", "--count", "10", "--rounds", "1", "--json"], &["--help"]] {
        let mut command = command(arguments);
        let mut lab = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the lab starts");
        drop(lab.stdout.take());
        let output = lab.wait_with_output().expect("the lab ends");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        assert!(!text(&output.stderr).contains("panicked"), "{arguments:?}: {output:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let output = command(&SHORT).stdout(full).output().expect("the lab starts");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("cannot write"), "{output:?}");
}
