//! What documents say of the sources and of the conditions, whatever surrounds the lab.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the lab writes UTF-8")
}

fn lab(arguments: &[&str]) -> Command {
    let mut lab = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    lab.args(arguments).stdin(Stdio::null());
    lab
}

/// What the documents of this machine say of it.
fn machine(lab: &mut Command) -> Value {
    let output = lab.output().expect("the lab starts");
    assert!(output.status.success(), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    document["machine"].clone()
}

const SHORT: [&str; 10] = [
    "countdown",
    "--count",
    "10",
    "--rounds",
    "1",
    "--mode",
    "threads",
    "--strategy",
    "atomic-counts",
    "--json",
];

/// A repository of somebody else's, and its commit.
fn other_repository(place: &Path) -> (PathBuf, String) {
    let root = place.join("other");
    fs::create_dir(&root).expect("it can be made");
    fs::write(root.join("file"), "").expect("it can be written");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(&root).args(["-c", "user.name=a", "-c", "user.email=a@example.org"]);
        let output = git.args(arguments).output().expect("git is there");
        assert!(output.status.success(), "{output:?}");
        text(&output.stdout).trim().to_owned()
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    git(&["-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "theirs"]);
    let commit = git(&["rev-parse", "HEAD"]);
    (root, commit)
}

#[test]
fn variables_of_git_do_not_change_the_commit() {
    let place = tempfile::tempdir().expect("a folder");
    let (root, theirs) = other_repository(place.path());
    let plain = machine(&mut lab(&SHORT));
    let git_dir = root.join(".git");
    let (git_dir, root) = (git_dir.to_str().expect("a plain path"), root.to_str().expect("a plain path"));
    for variables in [
        &[("GIT_DIR", git_dir)][..],
        &[("GIT_DIR", git_dir), ("GIT_WORK_TREE", root)],
        &[("GIT_INDEX_FILE", "/dev/null")],
        &[("GIT_CEILING_DIRECTORIES", "/")],
        &[("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "core.worktree"), ("GIT_CONFIG_VALUE_0", root)],
        &[("GIT_CONFIG_PARAMETERS", "'status.showUntrackedFiles'='no' 'core.bare'='true'")],
        &[("GIT_OBJECT_DIRECTORY", root)],
    ] {
        let machine = machine(lab(&SHORT).envs(variables.iter().copied()));
        assert_ne!(machine["commit"], theirs.as_str(), "{variables:?}");
        for field in ["commit", "dirty", "commit_unknown"] {
            assert_eq!(machine[field], plain[field], "{field}, {variables:?}: {machine}");
        }
    }
}

#[test]
fn a_commit_that_is_not_known_has_a_reason_in_every_form() {
    // No git can be found.
    let machine = machine(lab(&SHORT).env("PATH", ""));
    assert_eq!(machine["commit"], "unknown");
    assert_eq!(machine["dirty"], Value::Null);
    assert_eq!(machine["commit_unknown"], "git cannot be run");
    let table = lab(&SHORT[..9]).env("PATH", "").output().expect("the lab starts");
    assert!(text(&table.stdout).contains("commit unknown (git cannot be run)"), "{table:?}");

    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().to_str().expect("a plain path");
    let mut report = lab(&["report", "--briefly", "--part", "countdown", "--out", folder]);
    assert!(report.env("PATH", "").output().expect("the lab starts").status.success());
    let file = place.path().join("results.json");
    let file = file.to_str().expect("a plain path");
    let cited = lab(&["cite", "countdown/biased-counts/threads/2", "--from", file]).output();
    let cited = cited.expect("the lab starts");
    assert_eq!(text(&cited.stdout).matches("unknown (git cannot be run)").count(), 3, "{cited:?}");
    for page in ["report.md", "report.html"] {
        let page = fs::read_to_string(place.path().join(page)).expect("it was written");
        assert!(page.contains("unknown (git cannot be run)"), "{page}");
    }
}

/// Two results: one in the caller's folder, and the one that the repository keeps.
#[test]
fn a_citation_says_from_which_results_it_is() {
    let place = tempfile::tempdir().expect("a folder");
    let cite = |arguments: &[&str]| {
        let mut cite = lab(&[&["cite", "memory/biased-counts", "--as", "plain"], arguments].concat());
        let output: Output = cite.current_dir(place.path()).output().expect("the lab starts");
        assert!(output.status.success(), "{output:?}");
        let said = text(&output.stdout);
        // A claim is checked with the command by which it is cited: its kind of report, too.
        assert!(said.starts_with("A boxed") || said.contains("\"report\": "), "{output:?}");
        text(&output.stderr).to_owned()
    };
    for more in [&[][..], &["--json"]] {
        let said = cite(more);
        assert!(said.contains("docs/results/results.json, since there is no keyway-report/"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/results/results.json");
    assert_eq!(cite(&["--from", kept]), "", "the caller knows");
    fs::create_dir(place.path().join("keyway-report")).expect("it can be made");
    fs::copy(kept, place.path().join("keyway-report/results.json")).expect("it can be written");
    assert_eq!(cite(&[]), "From keyway-report/results.json.\n");
}

#[test]
fn a_check_repeats_under_which_conditions_was_claimed() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/results/results.json");
    let check = ["check", kept, "--against", kept, "--claim", "owner-pair/biased-counts"];
    let output = lab(&check).output().expect("the lab starts");
    let said = text(&output.stdout);
    let results: Value = serde_json::from_str(&fs::read_to_string(kept).expect("it is kept")).expect("JSON");
    let claims = results["claims"].as_array().expect("a list");
    let claim = claims.iter().find(|claim| claim["id"] == "owner-pair/biased-counts").expect("it is claimed");
    let kind = format!("{} report", results["kind"].as_str().expect("a kind"));
    for part in ["conditions", "machine", "commit"] {
        let part = claim[part].as_str().expect("a text");
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(said.contains(&kind) && said.contains(" rounds; "), "{said}");
    let output = lab(&[&check[..], &["--json"]].concat()).output().expect("the lab starts");
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    let under = &document["rows"][0]["claimed_under"];
    assert_eq!(under["machine"], claim["machine"], "{document}");
    assert_eq!(under["report"], results["kind"], "{document}");
    assert!(under["rounds"].is_string() && under["threads"] == 1, "{document}");
}
