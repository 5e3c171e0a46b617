//! `cargo lab predict` as a script sees it, on the results of a larger machine that there is not:
//! the file says that it was made up.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn made_up() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../predict/tests/data/made-up-16-cores.json")
}

fn lab(arguments: &[&str], from: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    command.arg("predict").args(arguments).arg("--from").arg(from).stdin(Stdio::null());
    command.output().expect("the lab starts")
}

fn document(arguments: &[&str]) -> Value {
    let output = lab(&[arguments, &["--json"]].concat(), &made_up());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("exactly one JSON document")
}

fn row<'a>(document: &'a Value, operation: &str, subject: &str) -> &'a Value {
    let rows = document["rows"].as_array().expect("a list");
    let is_it = |row: &&Value| row["operation"] == operation && row["subject"] == subject;
    rows.iter().find(is_it).unwrap_or_else(|| panic!("no row {operation} {subject}"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number: {value}"))
}

#[test]
fn the_results_of_the_larger_machine_say_that_they_are_made_up() {
    let text = std::fs::read_to_string(made_up()).expect("it is kept with the tests");
    let report: Value = serde_json::from_str(&text).expect("it is JSON");
    assert!(
        report["made_up"].as_str().is_some_and(|words| words.contains("nothing in this file was measured"))
    );
    assert!(report["provenance"]["cpu"].as_str().is_some_and(|cpu| cpu.starts_with("MADE UP")));
    keyway_report::Results::parse(&text).expect("it is a report like any other");
}

#[test]
fn rows_that_follow_the_law_have_a_band_with_two_sides_around_it() {
    let document = document(&["--threads", "24,64,256"]);
    assert_eq!(document["schema"], "keyway-lab/predict/1");
    assert!(document["machine"]["cpu"].as_str().is_some_and(|cpu| cpu.starts_with("MADE UP")));
    for subject in ["global-lock-interval", "atomic-counts", "biased-counts", "arc"] {
        let row = row(&document, "pair-at-one-object", subject);
        assert_eq!(row["law"]["state"], "used", "{row}");
        assert_eq!(row["law"]["held_out_threads"], 16);
        assert!(number(&row["law"]["held_out_error"]).abs() < 0.1, "{row}");
        assert!(number(&row["bound"]["at_two"]["ratio"]) >= 0.98, "{row}");
        let bands = row["bands"].as_array().expect("a list");
        let threads: Vec<_> = bands.iter().map(|band| number(&band["threads"])).collect();
        assert_eq!(threads, [24.0, 64.0, 256.0]);
        for band in bands {
            assert!(
                0.0 < number(&band["lower"]) && number(&band["lower"]) < number(&band["upper"]),
                "{band}"
            );
            // Four times the sixteen that were measured is the last that is not speculative.
            assert_eq!(band["speculative"], number(&band["threads"]) > 64.0, "{band}");
        }
    }
    // The law by which the row was made: 64 threads of arc.
    let made = 64.0 * 8e7 / (1.0 + 3.4 * 63.0 + 0.02 * 64.0 * 63.0);
    let band = &row(&document, "pair-at-one-object", "arc")["bands"][1];
    assert!((number(&band["lower"]) / made - 1.0).abs() < 0.1, "{band}");
}

#[test]
fn what_makes_no_sense_is_refused_and_neither_drawn_nor_given() {
    let document = document(&["--threads", "64"]);
    let of = |operation: &str, subject: &str| row(&document, operation, subject).clone();
    let noise = of("pair-at-one-object", "object-locks");
    assert_eq!((&noise["law"]["state"], &noise["bands"][0]["lower"]), (&"refused".into(), &Value::Null));
    let better_than_linear = of("section-at-one-object", "std-mutex");
    assert_eq!(better_than_linear["law"]["state"], "refused");
    assert_eq!(
        better_than_linear["bound"]["state"], "refused",
        "sixteen threads got more done than it allows"
    );
    let faster_than_the_line = of("section-at-one-object", "spin");
    assert_eq!(faster_than_the_line["bound"]["state"], "refused");
    assert!(faster_than_the_line["bands"][0]["upper"].is_null());
    let crossing = of("section-at-one-object", "futex");
    assert!(
        crossing["bands"][0]["refused"].is_string() && crossing["bands"][0]["lower"].is_null(),
        "{crossing}"
    );
    let oversubscribed = of("section-at-one-object", "atomic-counts");
    assert_eq!(oversubscribed["left_out"][0], "32 threads: more than cores");
    assert!(
        document["rows"].as_array().expect("a list").iter().all(|row| row["operation"] != "alloc-free-each"),
        "objects of one's own are not shared"
    );
}

#[test]
fn few_measured_counts_leave_the_law_out_and_say_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = std::fs::read_to_string(made_up()).expect("it is kept with the tests");
    let mut report: Value = serde_json::from_str(&text).expect("it is JSON");
    let rows = report["parts"]["scaling"]["rows"].as_array_mut().expect("a list");
    rows.retain(|row| row["threads"].as_u64() <= Some(3));
    let path = folder.path().join("three.json");
    std::fs::write(&path, report.to_string()).expect("it can be written");
    let output = lab(&["--threads", "8,64"], &path);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains("No lower side, since 3 counts of threads were measured, 4 are needed"), "{text}");
    assert!(
        text.contains("at most ") && text.contains("Speculative, marked ?") && !text.contains("at least"),
        "{text}"
    );
}

#[test]
fn the_table_the_page_and_the_plot_say_the_same() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (page, plot) = (folder.path().join("p.md"), folder.path().join("p.svg"));
    let (page_name, plot_name) = (page.display().to_string(), plot.display().to_string());
    let output = lab(&["--threads", "64,256", "--docs", &page_name, "--plot", &plot_name], &made_up());
    assert!(output.status.success(), "{output:?}");
    let page = std::fs::read_to_string(page).expect("it is written");
    for word in ["MADE UP", "core-to-core-latency", "(p.svg)", "Speculative", "refused", "at most", " to "] {
        assert!(page.contains(word), "{word}: {page}");
    }
    let plot = std::fs::read_to_string(plot).expect("it is written");
    for word in ["speculative band", "arc, 64", "arc, 256", "pair-at-one-object"] {
        assert!(plot.contains(word), "{word}");
    }
    assert!(
        !plot.contains("object-locks, 64") || page.contains("object-locks"),
        "drawn and not in the table"
    );
}

#[test]
fn a_chosen_machine_of_the_table_changes_the_bound() {
    let near = document(&["--threads", "64", "--latency-of", "graviton3"]);
    let far = document(&["--threads", "64", "--latency-of", "epyc-7742-dual"]);
    let upper = |document: &Value| {
        number(&row(document, "pair-at-one-object", "atomic-counts")["bound"]["latency_ns"])
    };
    assert!(upper(&near) < 60.0);
    assert!(
        row(&far, "pair-at-one-object", "atomic-counts")["bound"]["state"] == "refused",
        "two threads are faster than its lines"
    );
}

#[test]
fn a_file_that_is_no_document_is_one_line_of_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("x.json");
    for (text, why) in
        [("", "EOF"), ("{}", "schema"), (r#"{"schema":"keyway-lab/cost/1","rows":[]}"#, "scaling")]
    {
        std::fs::write(&path, text).expect("it can be written");
        let output = lab(&[], &path);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(said.contains(why) && said.lines().count() == 1 && output.stdout.is_empty(), "{said}");
    }
    let output = lab(&["--threads", "0"], &path);
    assert_eq!(output.status.code(), Some(2));
}
