//! A report from end to end, as a person and as a script see it: written, interrupted, cited,
//! checked. Its figures mean nothing.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn lab(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    command.args(arguments).stdin(Stdio::null()).output().expect("the lab starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the lab writes UTF-8")
}

/// A report of the countdown and what recorded programs cost, as short as can be.
fn report(folder: &Path, more: &[&str]) -> Output {
    let folder = folder.to_str().expect("a plain path");
    lab(&[&["report", "--briefly", "--part", "countdown", "--part", "verdict", "--out", folder], more]
        .concat())
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("it was written")).expect("it is JSON")
}

#[test]
fn a_report_is_a_folder_to_read_to_cite_and_to_check() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("a/report");
    let written = report(&folder, &[]);
    assert!(written.status.success(), "{written:?}");
    assert!(text(&written.stderr).contains("[1/2] cargo lab verdict"), "{written:?}");
    assert!(text(&written.stdout).contains("report.html"), "{written:?}");
    for name in ["report.html", "report.md", "plots/countdown.svg"] {
        assert!(folder.join(name).is_file(), "{name}");
    }
    assert!(!folder.join("parts").exists(), "finished parts are in the report");
    let file = folder.join("results.json");
    let results = json(&file);
    assert_eq!(results["schema"], "keyway-report/1");
    assert_eq!(results["parts"]["countdown"]["schema"], "keyway-lab/countdown/2");
    assert!(results["provenance"]["commit"].is_string(), "{}", results["provenance"]);

    let file = file.to_str().expect("a plain path");
    let cited = lab(&["cite", "memory/biased-counts", "--from", file]);
    assert!(cited.status.success(), "{cited:?}");
    for form in
        ["> A boxed 64-bit integer", "@misc{keyway-memory-biased-counts", "(Keyway memory/biased-counts;"]
    {
        assert!(text(&cited.stdout).contains(form), "{form}: {cited:?}");
    }
    let claim = lab(&["cite", "memory/biased-counts", "--from", file, "--json"]);
    let claims = place.path().join("claim.json");
    fs::write(&claims, &claim.stdout).expect("it can be written");
    let held = lab(&["check", claims.to_str().expect("a plain path")]);
    assert!(held.status.success(), "{held:?}");
    assert!(text(&held.stdout).starts_with("holds    memory/biased-counts"), "{held:?}");
    let same = lab(&["check", file, "--against", file]);
    assert!(same.status.success() && text(&same.stdout).contains("(100.0 %)"), "{same:?}");
}

#[test]
fn an_interrupted_report_goes_on_where_it_was() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("report");
    // As it is after an interruption: one part finished, no report.
    assert!(report(&folder, &["--part", "replay", "--stop-after", "1"]).status.code() == Some(1));
    assert!(folder.join("parts/verdict.json").is_file() && !folder.join("results.json").exists());
    let finished = report(&folder, &[]);
    assert!(finished.status.success(), "{finished:?}");
    assert!(
        text(&finished.stderr).contains("[1/2] cargo lab verdict --rounds 1 --percent 1: finished before"),
        "{finished:?}"
    );
}

#[test]
fn what_cannot_be_done_is_one_line_and_exit_status_1() {
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("file");
    fs::write(&file, "{}").expect("it can be written");
    let file = file.to_str().expect("a plain path");
    for (arguments, complaint) in [
        (&["report", "--briefly", "--out", file][..], "cannot write"),
        (&["cite", "owner-pair/biased-counts", "--from", file], "no schema"),
        (&["cite", "x", "--from", "no-such-file"], "no-such-file"),
        (&["check", file], "not claims"),
        (&["check", "no-such-file"], "no-such-file"),
    ] {
        let output = lab(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        let said = text(&output.stderr);
        assert!(said.lines().count() == 1 && said.contains(complaint), "{arguments:?}: {said}");
    }
}

#[test]
fn figures_in_readme_and_docs_are_those_of_the_report_that_is_kept() {
    let output = lab(&["blocks", "--check"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}
