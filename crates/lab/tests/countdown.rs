//! The countdown in all its ways, as a script sees it: threads, isolated runtimes, processes; and
//! the files that it writes.

use std::fs;
use std::process::{Command, Output, Stdio};

use keyway_workloads::{STRATEGIES, ThreadsRun};
use serde_json::Value;

fn lab(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    command.args(arguments).stdin(Stdio::null()).output().expect("the lab starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the lab writes UTF-8")
}

/// Strategy, mode and threads of each row of a short countdown.
fn rows(more: &[&str]) -> Vec<(String, String, u64)> {
    let output = lab(&[&["countdown", "--count", "100", "--rounds", "1", "--json"], more].concat());
    assert!(output.status.success(), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    let text = |row: &Value, field: &str| row[field].as_str().expect("a text").to_owned();
    let rows = document["rows"].as_array().expect("a list").iter();
    let key = |row: &Value| {
        (text(row, "strategy"), text(row, "mode"), row["threads"].as_u64().expect("a number of threads"))
    };
    rows.map(key).collect()
}

#[test]
fn every_way_that_a_strategy_allows_has_a_row() {
    let mut expected = Vec::new();
    let all = STRATEGIES.iter().map(|info| (info.id, info.threads != ThreadsRun::Alone));
    for (id, several_threads) in all.chain([("floor", true)]) {
        let mut row = |mode: &str, threads| expected.push((id.to_owned(), mode.to_owned(), threads));
        row("threads", 1);
        if several_threads {
            row("threads", 2);
        }
        if id.starts_with("global-lock-") {
            row("runtimes", 2);
        }
        row("processes", 2);
        row("processes-with-start", 2);
    }
    assert_eq!(rows(&[]), expected);
}

#[test]
fn only_the_ways_asked_for_are_measured() {
    let only =
        ["--strategy", "global-lock-ticks", "--threads", "3", "--mode", "processes", "--mode", "runtimes"];
    let row = |id: &str, mode: &str, threads| (id.to_owned(), mode.to_owned(), threads);
    let expected = [
        row("global-lock-ticks", "threads", 1),
        row("global-lock-ticks", "runtimes", 3),
        row("global-lock-ticks", "processes", 3),
        row("floor", "threads", 1),
        row("floor", "processes", 3),
    ];
    assert_eq!(rows(&only), expected);
}

#[test]
fn more_runtimes_than_there_are_leave_their_rows_out() {
    let rows = rows(&["--strategy", "global-lock-interval", "--threads", "9", "--mode", "runtimes"]);
    assert!(rows.iter().all(|(_, mode, threads)| mode == "threads" && *threads == 1), "{rows:?}");
}

#[test]
fn a_process_counts_its_part_down_and_says_so() {
    let output = lab(&["countdown-part", "biased-counts", "1000"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stdout), "1000\n");
    // Told to wait for a word that cannot come.
    let output = lab(&["countdown-part", "floor", "1000", "--wait"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), "ready\n"), "{output:?}");
    let output = lab(&["countdown-part", "no-lock", "1000"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""), "{output:?}");
    assert!(text(&output.stderr).contains("no-lock"), "{output:?}");
}

#[test]
fn page_and_plot_show_all_strategies_beside_cpython() {
    let folder = tempfile::tempdir().expect("a folder for files");
    let place = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (page, plot) = (place("countdown.md"), place("countdown.svg"));
    let output = lab(&["countdown", "--count", "100", "--rounds", "1", "--docs", &page, "--plot", &plot]);
    assert!(output.status.success(), "{output:?}");
    let [page, plot] = [page, plot].map(|path| fs::read_to_string(path).expect("it is written"));
    for shown in STRATEGIES.iter().map(|info| info.id).chain(["floor", "CPython 2.7.18 (ticks)"]) {
        assert!(page.contains(&format!("| {shown} |")), "{shown}: {page}");
        assert!(plot.contains(shown), "{shown}: {plot}");
        assert!(text(&output.stdout).contains(shown), "{shown}: {output:?}");
    }
    assert!(page.starts_with("# The countdown\n\nWritten by `cargo lab countdown "), "{page}");
    assert!(page.ends_with("![Countdown](countdown.svg)\n"), "{page}");
}

#[test]
fn cpython_stands_beside_two_of_each_and_nothing_else() {
    let output =
        lab(&["countdown", "--count", "100", "--rounds", "1", "--threads", "3", "--mode", "threads"]);
    assert!(output.status.success() && !text(&output.stdout).contains("CPython"), "{output:?}");
}
