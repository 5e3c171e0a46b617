//! The program's file is replaced while it runs, as cargo does when it builds the next one:
//! everything is still measured by the program that began.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use support::{Running, copy_of_the_lab, program};

/// Puts another program in the place of `lab`; it leaves a file behind when it is run.
fn replace(lab: &Path, folder: &Path) {
    let newer = folder.join("newer");
    let text = format!(
        "#!/bin/sh\ntouch {}/was-run\necho '{{\"schema\":\"x/1\",\"command\":\"x\",\"machine\":{{}},\"rows\":[]}}'\n",
        folder.display()
    );
    fs::write(&newer, text).expect("it can be written");
    fs::set_permissions(&newer, fs::Permissions::from_mode(0o755)).expect("it can be run");
    fs::rename(&newer, lab).expect("it can be renamed");
}

/// Runs a copy of the lab that is replaced as soon as it has started. Its exit status, and what it
/// said on standard error.
fn run_replaced(arguments: &[&str], place: &Path) -> (Option<i32>, String) {
    let copy = copy_of_the_lab(place);
    let mut command = program(&copy, arguments);
    command.current_dir(place).stdout(Stdio::null()).stderr(Stdio::piped());
    // It runs when this returns.
    let mut running = Running::start(&mut command);
    replace(&copy, place);
    let (status, said) = running.end_and_words();
    (status.code(), said)
}

#[test]
fn the_parts_of_a_report_are_measured_by_the_program_that_began_it() {
    let place = tempfile::tempdir().expect("a folder");
    let arguments = ["report", "--briefly", "--part", "countdown", "--part", "starvation", "--out", "report"];
    let (code, said) = run_replaced(&arguments, place.path());
    assert!(!place.path().join("was-run").exists(), "{said}");
    assert_eq!(code, Some(0), "{said}");
    let results = fs::read_to_string(place.path().join("report/results.json")).expect("it was written");
    assert!(results.contains("keyway-lab/countdown/") && !results.contains("x/1\""), "{results}");
}

#[test]
fn processes_that_count_down_and_servers_are_the_program_that_began() {
    for arguments in [
        &[
            "countdown",
            "--mode",
            "processes",
            "--rounds",
            "2",
            "--count",
            "1000",
            "--strategy",
            "atomic-counts",
        ][..],
        &["starvation", "--rounds", "1", "--milliseconds", "10", "--strategy", "atomic-counts"],
        &["io", "--rounds", "1", "--milliseconds", "10", "--threads", "2", "--strategy", "atomic-counts"],
    ] {
        let place = tempfile::tempdir().expect("a folder");
        let (code, said) = run_replaced(arguments, place.path());
        assert!(!place.path().join("was-run").exists(), "{arguments:?}: {said}");
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
    }
}
