//! `cargo lab merge` and `cargo lab plan` as a script sees them. Nothing is measured: the reports
//! are made up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn lab(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    command.args(arguments).stdin(Stdio::null()).output().expect("the lab starts")
}

fn made_up() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../predict/tests/data/made-up-16-cores.json");
    serde_json::from_str(&fs::read_to_string(path).expect("it is kept with the tests")).expect("it is JSON")
}

fn write(folder: &Path, name: &str, value: &Value) -> String {
    let path: PathBuf = folder.join(name);
    fs::write(&path, value.to_string()).expect("it can be written");
    path.display().to_string()
}

/// The made-up report with one of its parts alone.
fn only(part: &str) -> Value {
    let mut report = made_up();
    report["parts"].as_object_mut().expect("an object").retain(|name, _| name == part);
    report
}

fn line_of_error(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.lines().count() == 1 && output.stdout.is_empty(), "{output:?}");
    said
}

#[test]
fn a_split_run_becomes_one_report_with_its_page_and_its_sentences() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (cost, scaling) =
        (write(folder.path(), "a.json", &only("cost")), write(folder.path(), "b.json", &only("scaling")));
    let commit = "0".repeat(40);
    let ledger = |part: u64| {
        let path = folder.path().join(format!("l{part}.jsonl"));
        let rows = format!(
            "{{\"keyway_ledger\":{part},\"of\":2,\"commit\":\"{commit}\"}}\n{{\"name\":\"m{part}\",\"strategy\":\"atomic-counts\",\"threads\":2,\"programs\":1,\"start_states\":1,\"bound\":3,\"iterations\":7,\"seconds\":0.1,\"complete\":true}}\n"
        );
        fs::write(&path, rows).expect("it can be written");
        path.display().to_string()
    };
    let (one, two) = (ledger(1), ledger(2));
    let out = folder.path().join("merged").display().to_string();
    let output = lab(&["merge", &cost, &scaling, &one, &two, "--out", &out]);
    assert!(output.status.success(), "{output:?}");
    let results = fs::read_to_string(Path::new(&out).join("results.json")).expect("it is written");
    let results = keyway_report::Results::parse(&results).expect("it is a report like any other");
    assert_eq!(results.parts.len(), 3, "cost, scaling and ledger");
    assert!(results.claim("owner-pair/arc").is_some() || !results.claims.is_empty(), "sentences to cite");
    for page in ["report.html", "report.md"] {
        let page = fs::read_to_string(Path::new(&out).join(page)).expect("it is written");
        assert!(page.contains("MADE UP") && page.contains("in none of the files"), "{page}");
    }
    let said = line_of_error(&lab(&["merge", &cost, &one]));
    assert!(said.contains("part 2 of 2 of the ledger is missing"), "{said}");
}

#[test]
fn machines_stand_side_by_side_and_predictions_read_either() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let here = write(folder.path(), "here.json", &made_up());
    let mut other = made_up();
    other["provenance"]["cpu"] = json!("another");
    let there = write(folder.path(), "there.json", &other);
    let out = folder.path().join("both").display().to_string();
    let output = lab(&["merge", &here, &there, "--out", &out]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("MADE UP") && text.contains("another, 16 cores"), "{text}");
    let page = fs::read_to_string(Path::new(&out).join("report.html")).expect("it is written");
    assert!(page.contains("another, 16 cores") && page.starts_with("<!doctype html>"), "{page}");
    let merged: Value = serde_json::from_str(
        &fs::read_to_string(Path::new(&out).join("results.json")).expect("it is written"),
    )
    .expect("JSON");
    assert_eq!(
        (&merged["schema"], merged["machines"].as_array().map(Vec::len)),
        (&json!("keyway-merged/1"), Some(2))
    );
}

#[test]
fn different_commits_are_refused_unless_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let here = write(folder.path(), "here.json", &made_up());
    let mut other = made_up();
    other["provenance"]["cpu"] = json!("another");
    other["provenance"]["commit"] = json!("1".repeat(40));
    let there = write(folder.path(), "there.json", &other);
    let said = line_of_error(&lab(&["merge", &here, &there]));
    assert!(
        said.contains("here.json") && said.contains("there.json") && said.contains("--different-commits"),
        "{said}"
    );
    assert!(lab(&["merge", &here, &there, "--different-commits"]).status.success());
    let twice = write(folder.path(), "again.json", &{
        let mut again = made_up();
        again["parts"]["cost"]["rows"][0]["ns"]["median"] = json!(99.0);
        again
    });
    let said = line_of_error(&lab(&["merge", &here, &twice]));
    assert!(said.contains("--apart"), "{said}");
    assert!(lab(&["merge", &here, &twice, "--apart"]).status.success());
}

#[test]
fn a_plan_has_a_job_for_each_machine_and_its_scripts_can_be_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("jobs");
    let name = out.display().to_string();
    let output = lab(&["plan", "--machines", "3", "--out", &name, "--json"]);
    if String::from_utf8_lossy(&output.stderr).contains("which commit to measure") {
        assert!(!output.status.success() && !out.exists(), "not in a checkout of git: {output:?}");
        return;
    }
    assert!(output.status.success(), "{output:?}");
    let jobs: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(jobs.as_array().map(Vec::len), Some(3));
    for script in ["job.sh", "slurm.sh"] {
        let read = Command::new("sh").arg("-n").arg(out.join(script)).output().expect("there is a shell");
        assert!(read.status.success(), "{script}: {read:?}");
    }
    let job = fs::read_to_string(out.join("job.sh")).expect("it is written");
    for words in [
        "--partition \"slice:$job/3\"",
        "cargo lab report --full $parts",
        "--part scaling",
        "KEYWAY_LOOM_LEDGER",
        "--bin mutants",
    ] {
        assert!(job.contains(words), "{words}: {job}");
    }
    let workflow = fs::read_to_string(out.join("github.yml")).expect("it is written");
    assert!(
        workflow.contains("job: [1, 2, 3]")
            && workflow.contains("cargo lab merge")
            && !workflow.contains('\t')
    );
    // A job of another commit, or one that there is not, does nothing.
    // A variable that names another repository does not count.
    let mut job = Command::new("sh");
    job.arg(out.join("job.sh")).arg("9").current_dir(env!("CARGO_MANIFEST_DIR")).env("GIT_DIR", "/nowhere");
    let elsewhere = job.output().expect("there is a shell");
    assert_eq!(elsewhere.status.code(), Some(2), "{elsewhere:?}");
    assert_eq!(lab(&["plan", "--machines", "0"]).status.code(), Some(2));
}
