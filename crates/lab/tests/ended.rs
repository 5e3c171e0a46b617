//! The lab is told to end, or killed: nothing that it has started goes on, and finished parts are
//! kept.

#![cfg(target_os = "linux")]

mod support;

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use rustix::process::{Signal, kill_process};
use support::{Process, Running, children_of, expect_killed, inherit, lab, wait_for};

/// A countdown that would take days, in two processes.
const ENDLESS: [&str; 11] = [
    "countdown",
    "--mode",
    "processes",
    "--threads",
    "2",
    "--rounds",
    "100000",
    "--count",
    "20000000",
    "--strategy",
    "atomic-counts",
];

fn quiet(command: &mut Command) -> Running {
    Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()))
}

/// The processes in which `of` counts down, as soon as there is one. They are stopped, so that they
/// do not come to their end.
fn counting(of: i32) -> Vec<Process> {
    inherit();
    wait_for("a process that counts down", || {
        let mut found = children_of(of, "countdown-part");
        found.iter().for_each(|process| process.tell(Signal::STOP));
        found.retain(|process| process.goes_on());
        Some(found).filter(|found| !found.is_empty())
    })
}

/// Lets the processes go on, and expects that somebody has told them to end.
fn expect_told(processes: &[Process]) {
    processes.iter().for_each(|process| process.tell(Signal::CONT));
    expect_killed(processes);
}

#[test]
fn told_to_end_it_ends_by_that_signal_with_its_children() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut running = quiet(&mut lab(&ENDLESS));
        let processes = counting(running.0.id() as i32);
        kill_process(running.pid(), signal).expect("it runs");
        assert_eq!(running.end().signal(), Some(signal.as_raw()), "{signal:?}");
        // They are stopped, and do not hear it: they have been killed.
        expect_killed(&processes);
    }
}

#[test]
fn killed_it_leaves_no_children() {
    let mut running = quiet(&mut lab(&ENDLESS));
    let processes = counting(running.0.id() as i32);
    kill_process(running.pid(), Signal::KILL).expect("it runs");
    running.end();
    expect_told(&processes);
}

#[test]
fn a_signal_that_it_was_started_to_ignore_is_ignored() {
    // As `nohup` does it.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_keyway-lab")]);
    shell.args(["countdown", "--mode", "processes", "--rounds", "1", "--count", "20000000"]);
    let mut running = quiet(shell.args(["--strategy", "atomic-counts"]));
    let processes = counting(running.0.id() as i32);
    kill_process(running.pid(), Signal::HUP).expect("it runs");
    processes.iter().for_each(|process| process.tell(Signal::CONT));
    let status = running.end();
    assert!(status.success(), "{status}");
}

/// A report of the countdown that takes minutes, with the part that runs and the processes of that.
fn report(folder: &std::path::Path) -> (Running, Process, Vec<Process>) {
    let running = quiet(lab(&["report", "--part", "countdown", "--out"]).arg(folder));
    let part = || children_of(running.0.id() as i32, "countdown").first().copied();
    let part = wait_for("the report's part", part);
    let processes = counting(part.pid);
    (running, part, processes)
}

#[test]
fn a_report_that_is_told_to_end_or_killed_leaves_neither_its_part_nor_what_that_has_started() {
    let place = tempfile::tempdir().expect("a folder");
    for signal in [Signal::TERM, Signal::KILL] {
        let (mut running, part, processes) = report(&place.path().join("report"));
        kill_process(running.pid(), signal).expect("it runs");
        assert_eq!(running.end().signal(), Some(signal.as_raw()));
        expect_killed(&[part]);
        expect_told(&processes);
    }
}

#[test]
fn a_part_that_is_killed_is_missing_and_leaves_nothing() {
    let place = tempfile::tempdir().expect("a folder");
    let (mut running, part, processes) = report(&place.path().join("report"));
    part.tell(Signal::KILL);
    assert_eq!(running.end().code(), Some(1), "a part is missing");
    expect_killed(&processes);
}

#[test]
fn a_report_that_was_told_to_end_goes_on_where_it_was() {
    let place = tempfile::tempdir().expect("a folder");
    let command = || {
        let mut report = lab(&["report", "--briefly", "--part", "verdict", "--part", "starvation", "--out"]);
        report.arg(place.path().join("report")).stdout(Stdio::null()).stderr(Stdio::piped());
        report
    };
    let mut running = Running::start(&mut command());
    let said = BufReader::new(running.0.stderr.take().expect("it is piped"));
    let second = said.lines().map_while(Result::ok).find(|line| line.starts_with("[2/2]"));
    assert!(second.is_some());
    kill_process(running.pid(), Signal::TERM).expect("the second part takes a second");
    assert_eq!(running.end().signal(), Some(Signal::TERM.as_raw()));
    let (status, said) = Running::start(&mut command()).end_and_words();
    assert!(status.success(), "{said}");
    assert!(said.contains("[1/2] cargo lab verdict --rounds 1 --percent 1: finished before"), "{said}");
}
