//! `cargo lab io` as a script sees it.

use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn each_row_has_its_server_its_threads_and_its_figures() {
    let folder = tempfile::tempdir().expect("a folder");
    let plot = folder.path().join("io.svg");
    let mut lab = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    lab.args(["io", "--json", "--rounds", "1", "--milliseconds", "60", "--threads", "3", "--threads", "5"]);
    lab.args(["--strategy", "single-thread", "--strategy", "global-lock-interval"]).arg("--plot").arg(&plot);
    let output = lab.stdin(Stdio::null()).output().expect("the lab starts");
    assert!(output.status.success(), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(document["schema"], "keyway-lab/io/1");
    let rows = document["rows"].as_array().expect("rows is a list");
    let keys: Vec<_> = rows
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().expect("a text");
            (text("server"), text("strategy"), row["threads"].as_u64().expect("a number"))
        })
        .collect();
    let expected = ["after-200us", "at-once"].map(|server| {
        [
            ("single-thread", 1),
            ("global-lock-interval", 1),
            ("global-lock-interval", 3),
            ("global-lock-interval", 5),
        ]
        .map(|(strategy, threads)| (server, strategy, threads))
    });
    assert_eq!(keys, expected.concat());
    for row in rows {
        for figure in ["round_trips_per_s", "ratio_to_one_thread", "p50_us", "p99_us", "p999_us"] {
            assert!(row[figure]["median"].as_f64().is_some_and(|median| median > 0.0), "{figure}: {row}");
        }
        if row["threads"] == 1 {
            assert_eq!(row["ratio_to_one_thread"]["median"], 1.0);
        }
        if row["server"] == "after-200us" {
            assert!(row["p50_us"]["median"].as_f64() >= Some(200.0), "a client waits for its server: {row}");
        }
    }
    let crowd = document["crowd"].as_array().expect("a list");
    let sizes: Vec<_> = crowd.iter().map(|row| row["threads"].as_u64()).collect();
    assert_eq!(sizes, [10, 100, 1_000, 2_000].map(Some), "of the one global lock");
    for row in crowd {
        assert_eq!(row["strategy"], "global-lock-interval");
        assert!(row["operations_per_s"]["median"].as_f64() > Some(0.0), "the crowd gets on: {row}");
    }
    let picture = std::fs::read_to_string(plot).expect("it was drawn");
    assert!(picture.contains("global-lock-interval") && !picture.contains("single-thread"));
}
