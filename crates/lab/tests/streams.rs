//! Standard output and standard error that nobody reads, or that cannot be written: the lab does
//! the same, with the same exit status, unless a result is lost that was asked for.

#![cfg(target_os = "linux")]

mod support;

use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use support::{Running, lab};

const TRACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../traces/recordings/gil/fib.rct.zst");

/// An output that cannot be written, as on a full disk.
fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").expect("Linux has it")
}

/// An output that nobody reads, as `| head` leaves it.
fn unread() -> Stdio {
    let (read, write) = std::io::pipe().expect("a pipe");
    drop(read);
    write.into()
}

#[test]
fn the_exit_status_is_the_same_without_a_reader_of_standard_error() {
    let short =
        ["countdown", "--rounds", "1", "--count", "1000", "--mode", "threads", "--strategy", "atomic-counts"];
    // More threads than cores: there is something to say.
    let with_note = [&short[..], &["--threads", "64", "--json"]].concat();
    for (arguments, wanted) in [
        (&["no-such-experiment"][..], 2),
        (&["cite", "x", "--timeline", "x.svg"], 2),
        (&["trace", "stat", "no-such-file"], 1),
        (&["trace", "cut", TRACE, "--from", "0", "--events", "1", "--to", "/no/such/folder"], 1),
        (&["cite", "x", "--from", "no-such-file"], 1),
        (&["check", "no-such-file"], 1),
        (&["merge", "no-such-file"], 1),
        (&["predict", "--from", "no-such-file"], 1),
        (&["report", "--out", "/dev/null/x"], 1),
        (&["trace", "stat", TRACE], 0),
        (&with_note, 0),
    ] {
        for nobody in [full().into(), unread()] {
            let status = Running::start(lab(arguments).stdout(Stdio::null()).stderr(nobody)).end();
            assert_eq!(status.code(), Some(wanted), "{arguments:?}");
        }
    }
}

#[test]
fn a_report_is_finished_without_a_reader() {
    let place = tempfile::tempdir().expect("a folder");
    for (name, out, err) in [("one", unread(), unread()), ("two", Stdio::null(), full().into())] {
        let folder = place.path().join(name);
        let mut report = lab(&["report", "--briefly", "--part", "countdown", "--part", "verdict", "--out"]);
        let status = Running::start(report.arg(&folder).stdout(out).stderr(err)).end();
        assert!(status.success(), "{status}");
        assert!(folder.join("report.html").is_file() && folder.join("results.json").is_file());
    }
}

#[test]
fn a_result_that_is_lost_is_an_error_and_one_that_nobody_wants_is_not() {
    let mut claim = lab(&["cite", "memory/biased-counts", "--json"]);
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/results/results.json");
    claim.arg("--from").arg(&results);
    for (out, wanted) in [(full().into(), 1), (unread(), 0)] {
        assert_eq!(Running::start(claim.stdout(out).stderr(Stdio::null())).end().code(), Some(wanted));
    }
}

#[test]
fn a_claim_that_does_not_hold_is_told_by_the_exit_status_without_a_reader() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/results/results.json");
    let mut cite = lab(&["cite", "memory/biased-counts", "--json", "--from"]);
    let claim = cite.arg(&results).output().expect("the lab starts");
    let mut claim: Value = serde_json::from_slice(&claim.stdout).expect("a claim");
    claim["id"] = "memory/no-such-strategy".into();
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("claim.json");
    fs::write(&file, claim.to_string()).expect("it can be written");
    for more in [&[][..], &["--json"]] {
        let mut check = lab(&["check"]);
        check.arg(&file).arg("--against").arg(&results).args(more);
        assert_eq!(Running::start(check.stdout(unread()).stderr(unread())).end().code(), Some(1));
    }
}

/// The sources of the lab, below a folder.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("it is a folder") {
        let path = entry.expect("it can be listed").path();
        match path.is_dir() {
            true => found.extend(sources(&path)),
            false => found.push((path.display().to_string(), fs::read_to_string(&path).expect("it is text"))),
        }
    }
    found
}

#[test]
fn there_is_one_way_to_say_something_and_one_to_start_a_thread_or_a_process() {
    let may = |words: &[&'static str], files: &[&'static str]| (words.to_vec(), files.to_vec());
    let rules = [
        may(&["print!(", "println!("], &[]),
        may(&["io::stdout()"], &["/streams.rs", "/countdown/process.rs"]),
        may(&["thread::spawn", "scope.spawn", "spawn_scoped", "thread::Builder"], &["/children.rs"]),
        may(&["command.spawn(", ".status()", "current_exe("], &["/children.rs", "/program.rs", "/models.rs"]),
    ];
    for (path, text) in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (words, files) in &rules {
            if !files.iter().any(|file| path.ends_with(file)) {
                let found = words.iter().find(|word| text.contains(**word));
                assert!(found.is_none(), "{path} has {found:?}: streams, children and the crew are for that");
            }
        }
    }
}
