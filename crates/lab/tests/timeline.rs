//! `--timeline`, as a person and as Perfetto see it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn lab(arguments: &[&str]) -> Output {
    let mut lab = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    lab.args(arguments).stdin(Stdio::null()).output().expect("the lab starts")
}

/// A client and two spinners for a tenth of a second. Returns the trace and the picture.
fn starvation(strategy: &str, folder: &Path) -> (Value, String) {
    let file = folder.join("timeline");
    let output = lab(&[
        "starvation",
        "--strategy",
        strategy,
        "--server",
        "after-200us",
        "--spinners",
        "2",
        "--rounds",
        "1",
        "--milliseconds",
        "100",
        "--timeline",
        &file.to_string_lossy(),
        "--timeline-window",
        "20..80",
    ]);
    assert!(output.status.success(), "{output:?}");
    let read =
        |suffix: &str| fs::read_to_string(format!("{}{suffix}", file.display())).expect("it was written");
    (serde_json::from_str(&read(".json")).expect("it is JSON"), read(".svg"))
}

/// What threads did, in microseconds: by scene and thread.
type Spans = BTreeMap<(u64, u64), Vec<(f64, f64, String)>>;

fn spans(trace: &Value) -> Spans {
    let mut spans = Spans::new();
    for event in trace["traceEvents"].as_array().expect("a list of events") {
        let number = |key: &str| event[key].as_u64().expect("a number");
        if event["ph"] == "X" {
            let (from, length) =
                (event["ts"].as_f64().expect("a time"), event["dur"].as_f64().expect("a time"));
            let name = event["name"].as_str().expect("a name").to_owned();
            spans.entry((number("pid"), number("tid"))).or_default().push((from, from + length, name));
        } else {
            assert_eq!(event["ph"], "M", "{event}");
        }
    }
    spans
}

/// Less than the nanosecond in which times are told, in microseconds.
const ROUNDED: f64 = 0.000_5;

#[test]
fn no_two_threads_hold_the_global_lock_at_a_time() {
    for strategy in ["global-lock-interval", "global-lock-ticks", "global-lock-returning-first"] {
        let folder = tempfile::tempdir().expect("a folder");
        let spans = spans(&starvation(strategy, folder.path()).0);
        let scenes: BTreeSet<u64> = spans.keys().map(|(scene, _)| *scene).collect();
        assert!(scenes.len() >= 3, "spinners alone, a client alone, both: {scenes:?}");
        for scene in scenes {
            let of_scene =
                spans.iter().filter(|((number, _), _)| *number == scene).flat_map(|(_, spans)| spans);
            let mut holds: Vec<_> = of_scene.filter(|(.., what)| what == "holds the global lock").collect();
            holds.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(holds.len() > 1, "{strategy}: somebody has held the lock");
            for pair in holds.windows(2) {
                assert!(pair[0].1 <= pair[1].0 + ROUNDED, "{strategy}: two hold the lock at once: {pair:?}");
            }
        }
    }
}

#[test]
fn a_threads_spans_follow_one_another_and_tell_its_states() {
    let folder = tempfile::tempdir().expect("a folder");
    let (trace, _) = starvation("global-lock-interval", folder.path());
    let mut told = BTreeSet::new();
    for spans in spans(&trace).into_values() {
        for pair in spans.windows(2) {
            assert!(pair[0].0 <= pair[0].1 && pair[0].1 <= pair[1].0 + ROUNDED, "{pair:?}");
        }
        told.extend(spans.into_iter().map(|(.., what)| what));
    }
    let expected = ["blocks", "holds the global lock", "waits to run"];
    assert_eq!(told.into_iter().collect::<Vec<_>>(), expected);
    let names = trace["traceEvents"].as_array().expect("a list").iter().filter(|event| event["ph"] == "M");
    let names: BTreeSet<&str> = names.filter_map(|event| event["args"]["name"].as_str()).collect();
    for name in ["echo client", "spinner 1", "spinner 2"] {
        assert!(names.contains(name), "{name}: {names:?}");
    }
    assert!(names.iter().any(|name| name.contains("beside 2 spinners")), "a scene has a name: {names:?}");
}

#[test]
fn threads_of_a_free_threaded_strategy_run_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let spans = spans(&starvation("biased-counts", folder.path()).0);
    let runs = |spans: &Vec<(f64, f64, String)>| spans.iter().any(|(.., what)| what == "runs");
    assert!(spans.values().all(runs), "{spans:?}");
    assert!(!spans.values().flatten().any(|(.., what)| what == "holds the global lock"));
}

#[test]
fn the_picture_is_well_formed_and_explains_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, picture) = starvation("global-lock-interval", folder.path());
    for shown in [
        "echo client",
        "spinner 1",
        "holds the global lock: ",
        "waits to run: ",
        "blocks: ",
        "time since the step began, ms",
        ">20<",
        ">80<",
        "--timeline-window",
    ] {
        assert!(picture.contains(shown), "{shown}");
    }
    // Every element that is opened is closed, in order.
    let mut open = Vec::new();
    for tag in picture.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').expect("each tag ends");
        assert!(!text.contains('>'), "{text}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().expect("a name"));
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn the_ending_says_which_file_is_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let output = lab(&[
        "countdown",
        "--count",
        "10000",
        "--rounds",
        "1",
        "--mode",
        "threads",
        "--strategy",
        "object-locks",
        "--timeline",
        &file("a.svg"),
        "--timeline",
        &file("b.json"),
    ]);
    assert!(output.status.success(), "{output:?}");
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("a file").file_name().into_string().expect("its name"))
        .collect();
    names.sort();
    assert_eq!(names, ["a.svg", "b.json"]);
}

#[test]
fn what_has_no_timeline_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("timeline.svg").to_string_lossy().into_owned();
    let output = lab(&["race", "leak", "--timeline", &file]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let output = lab(&["io", "--timeline-window", "1..2"]);
    assert_eq!(output.status.code(), Some(2), "a window of nothing: {output:?}");
}
