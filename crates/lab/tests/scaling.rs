//! `cargo lab scaling` as a script sees it.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A measurement that is over at once.
const SHORT: [&str; 7] = ["scaling", "--rounds", "2", "--milliseconds", "2", "--objects", "3"];

fn scaling(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    command.args(SHORT).args(arguments).stdin(Stdio::null());
    command.output().expect("the lab starts")
}

fn rows(arguments: &[&str]) -> Vec<Value> {
    let output = scaling(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).expect("exactly one JSON document");
    assert_eq!(document["schema"], "keyway-lab/scaling/1");
    document["rows"].as_array().expect("a list").clone()
}

#[test]
fn every_number_of_threads_has_throughput_fairness_and_delays() {
    let rows = rows(&["--operation", "pair-at-one-object", "--threads", "3"]);
    for subject in ["global-lock-interval", "atomic-counts", "biased-counts", "arc"] {
        let of_it: Vec<_> = rows.iter().filter(|row| row["subject"] == subject).collect();
        let threads: Vec<_> = of_it.iter().map(|row| row["threads"].as_u64().expect("a number")).collect();
        assert_eq!(threads, [1, 2, 3], "{subject}");
        for row in of_it {
            let part = |field: &str, part: &str| {
                row[field][part].as_f64().unwrap_or_else(|| panic!("{field}: {row}"))
            };
            assert!(part("throughput", "median") > 0.0, "{row}");
            let all = row["threads"].as_f64().expect("a number");
            assert!(part("fairness", "low") >= 0.999 / all && part("fairness", "high") <= 1.001, "{row}");
            let delay = |name: &str| row["delay"][name]["median"].as_f64().expect("a figure");
            assert!(
                0.0 < delay("p50") && delay("p50") <= delay("p99") && delay("p99") <= delay("p999"),
                "{row}"
            );
            assert!(delay("p999") <= delay("max"), "{row}");
        }
    }
}

#[test]
fn destruction_has_delays_and_no_throughput() {
    let rows = rows(&["--operation", "release-to-destruction", "--operation", "drop-to-destruction"]);
    let has = |operation: &str, subject: &str| {
        rows.iter().any(|row| row["operation"] == operation && row["subject"] == subject)
    };
    assert!(has("release-to-destruction", "biased-counts") && has("drop-to-destruction", "arc"));
    // Two attached threads at once, which these do not have.
    assert!(!has("release-to-destruction", "single-thread") && has("drop-to-destruction", "single-thread"));
    for row in &rows {
        assert!(row.get("throughput").is_none() && row.get("fairness").is_none(), "{row}");
        assert!(row["delay"]["p50"]["median"].as_f64().is_some_and(|delay| delay > 0.0), "{row}");
    }
}

#[test]
fn page_and_plot_are_written_where_they_are_asked_for() {
    let folder = std::env::temp_dir();
    let at = |ending: &str| folder.join(format!("keyway-scaling-{}.{ending}", std::process::id()));
    let (page, plot) = (at("md"), at("svg"));
    let name = |path: &std::path::Path| path.to_str().expect("a plain name").to_owned();
    let output = scaling(&["--operation", "alloc-free-each", "--docs", &name(&page), "--plot", &name(&plot)]);
    assert!(output.status.success(), "{output:?}");
    let [page, plot] = [page, plot].map(|path| {
        let text = std::fs::read_to_string(&path).expect("it has been written");
        std::fs::remove_file(&path).expect("it is ours");
        text
    });
    assert!(page.contains("| alloc-free-each | box |") && page.contains(".svg)"), "{page}");
    assert!(
        plot.contains("</svg>") && plot.contains("biased-counts") && plot.contains("million a second"),
        "{plot}"
    );
}
