//! The verdict as a script sees it.

use std::fs;
use std::process::{Command, Output, Stdio};

use keyway_workloads::{STRATEGIES, ThreadsRun, WORKLOADS};
use serde_json::Value;

fn lab(more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    command.args(["verdict", "--rounds", "2", "--percent", "1", "--threads", "2"]).args(more);
    command.stdin(Stdio::null()).output().expect("the lab starts")
}

fn document(more: &[&str]) -> Value {
    let output = lab(&[more, &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("standard output is exactly one JSON document")
}

/// Fails unless this is a measured figure.
fn check_figure(figure: &Value) {
    let part = |part: &str| figure[part].as_f64().unwrap_or_else(|| panic!("{part}: {figure}"));
    assert!(0.0 < part("low") && part("low") <= part("median") && part("median") <= part("high"), "{figure}");
}

#[test]
fn every_strategy_but_the_reference_is_judged_by_all_workloads() {
    let document = document(&[]);
    assert_eq!(document["schema"], "keyway-lab/verdict/1");
    assert_eq!(document["reference"], "global-lock-interval");
    check_figure(&document["again"]["single_thread"]);
    check_figure(&document["again"]["io_bound"]);
    let rows = document["rows"].as_array().expect("rows is a list");
    let judged: Vec<_> = rows.iter().map(|row| row["strategy"].as_str().expect("an id")).collect();
    let all = STRATEGIES.iter().map(|info| info.id);
    assert_eq!(judged, all.filter(|id| *id != "global-lock-interval").collect::<Vec<_>>());
    for row in rows {
        check_figure(&row["single_thread"]["ratio"]);
        let workloads = row["workloads"].as_array().expect("a list");
        let ids: Vec<_> = workloads.iter().map(|ratio| ratio["workload"].as_str().expect("an id")).collect();
        assert_eq!(ids, WORKLOADS.iter().map(|workload| workload.id).collect::<Vec<_>>());
        workloads.iter().for_each(|ratio| check_figure(&ratio["ratio"]));
        assert!(row["memory"]["not_larger"].is_boolean(), "{row}");
    }
}

#[test]
fn answers_follow_from_the_intervals() {
    let document = document(&[]);
    let answer = |judged: &Value, again: &Value| {
        let end = |figure: &Value, part: &str| figure[part].as_f64().expect("a number");
        let noise = (end(again, "high") - 1.0).max(1.0 - end(again, "low")).max(0.0);
        match &judged["ratio"] {
            ratio if end(ratio, "high") <= 1.0 => "yes",
            ratio if end(ratio, "low") > 1.0 + noise => "no",
            _ => "within-noise",
        }
    };
    for row in document["rows"].as_array().expect("a list") {
        let alone = &row["single_thread"];
        assert_eq!(alone["not_slower"], answer(alone, &document["again"]["single_thread"]), "{row}");
        let info = STRATEGIES.iter().find(|info| row["strategy"] == info.id).expect("it is listed");
        if info.threads == ThreadsRun::Alone {
            assert!(row.get("io_bound").is_none() && row.get("meets_criterion").is_none(), "{row}");
            continue;
        }
        let io = &row["io_bound"];
        check_figure(&io["ratio"]);
        assert_eq!(io["not_slower"], answer(io, &document["again"]["io_bound"]), "{row}");
        assert_eq!(row["threads"], 2);
        let expected = match (&alone["not_slower"], &io["not_slower"]) {
            (one, other) if one == "no" || other == "no" => "no",
            (one, other) if one == "yes" && other == "yes" => "yes",
            _ => "within-noise",
        };
        assert_eq!(row["meets_criterion"], expected, "{row}");
    }
}

#[test]
fn only_strategies_asked_for_are_judged() {
    let document = document(&["--strategy", "biased-counts", "--strategy", "global-lock-interval"]);
    let rows = document["rows"].as_array().expect("a list");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["strategy"], "biased-counts");
}

#[test]
fn page_and_plot_show_all_strategies_and_the_criterion_with_its_source() {
    let folder = tempfile::tempdir().expect("a folder for files");
    let place = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (page, plot) = (place("verdict.md"), place("verdict.svg"));
    let output = lab(&["--docs", &page, "--plot", &plot]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let [page, plot] = [page, plot].map(|path| fs::read_to_string(path).expect("it is written"));
    for info in STRATEGIES.iter().filter(|info| info.id != "global-lock-interval") {
        assert!(page.contains(&format!("| {} |", info.id)), "{}: {page}", info.id);
        assert!(plot.contains(info.id), "{}: {plot}", info.id);
        assert!(text.lines().any(|line| line.split(' ').next() == Some(info.id)), "{}: {text}", info.id);
    }
    assert!(page.contains("artima.com") && page.ends_with("![The verdict](verdict.svg)\n"), "{page}");
}

#[test]
fn wrong_arguments_get_one_line_and_exit_status_2() {
    for wrong in [["--threads", "1"], ["--percent", "0"], ["--strategy", "no-lock"], ["--rounds", "0"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
        let output = command.arg("verdict").args(wrong).output().expect("the lab starts");
        let complaint = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!((output.status.code(), complaint.lines().count()), (Some(2), 1), "{wrong:?}: {complaint}");
        assert!(output.stdout.is_empty() && complaint.contains(wrong[0]), "{wrong:?}: {complaint}");
    }
}
