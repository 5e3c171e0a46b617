//! `cargo lab trace` as a script sees it.

use std::process::{Command, Output};

use serde_json::Value;

const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../traces/recordings");

/// What was published with the recordings, in the order of the columns.
const PUBLISHED: &str = "\
ft/countdown1 | 1 | 299501 | 100009 (266) | 99753 | 262 | 0 | 0.3 | 100.00 | 0.00 | 0 | 0.00 (0) | 0.0 | 0 | 0 | 0 | 0 | 0 | 2 | 99743 | 0 | 1.0/1 | 5/5
ft/fib | 1 | 74467 | 56 (36) | 54146 | 20281 | 0 | 27.2 | 100.00 | 0.00 | 0 | 0.00 (0) | 0.0 | 0 | 100 | 0 | 0 | 0 | 4 | 20 | 0 | 1.0/1 | 4149/17580
ft/trees | 1 | 295141 | 16588 (34) | 114790 | 114491 | 32752 | 43.7 | 100.00 | 0.00 | 0 | 0.00 (0) | 0.0 | 0 | 22 | 0 | 0 | 0 | 2053 | 16554 | 0 | 6.9/7 | 22493/25829
ft/queue | 3 | 1095640 | 80815 (378) | 472327 | 378436 | 24344 | 43.2 | 37.78 | 62.22 | 97141 | 25.90 (20849) | 80.9 | 51225 | 48 | 20802 | 27 | 20802 | 20630 | 80433 | 20534 | 6.3/1 | 14/602290
ft/counter | 5 | 835324 | 95573 (365) | 352309 | 291283 | 112 | 45.3 | 44.93 | 55.07 | 64620 | 0.63 (600) | 55.2 | 2952 | 55 | 563 | 29 | 563 | 126 | 95201 | 9 | 1.7/1 | 28/29
gil/fib | 1 | 81253 | 32 (12) | 81207 | 6 | 0 | 0.0 | 100.00 | 0.00 | 0 | 0.00 (0) | 0.0 | 0 | 100 | 0 | 0 | 0 | 4 | 20 | 0 | 1.0/1 | 4524/19181
gil/trees | 1 | 541053 | 16604 (34) | 442363 | 65550 | 0 | 12.9 | 100.00 | 0.00 | 0 | 0.00 (0) | 0.0 | 0 | 74 | 0 | 0 | 0 | 2053 | 16570 | 0 | 6.9/7 | 43846/54677
gil/queue | 3 | 1448476 | 80575 (464) | 1013484 | 256747 | 0 | 20.2 | 29.19 | 70.81 | 0 | 25.83 (20733) | 84.1 | 41890 | 29 | 0 | 0 | 0 | 20627 | 80107 | 20538 | 5.8/1 | 16/814430";

fn lab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keyway-lab")).args(arguments).output().expect("the lab starts")
}

fn recording(name: &str) -> String {
    format!("{RECORDINGS}/{name}.rct.zst")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the lab writes UTF-8")
}

#[test]
fn statistics_of_the_recordings_are_those_published_with_them() {
    let published: Vec<Vec<&str>> = PUBLISHED.lines().map(|line| line.split(" | ").collect()).collect();
    let files: Vec<String> = published.iter().map(|cells| recording(cells[0])).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let output = lab(&[&["trace", "stat"], &files[..]].concat());
    assert!(output.status.success(), "{output:?}");
    let lines = text(&output.stdout).lines().skip(2).take(published.len());
    let printed: Vec<Vec<&str>> = lines
        .map(|line| line.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    assert_eq!(printed, published);
}

#[test]
fn a_document_has_a_row_a_trace_or_an_event() {
    let output = lab(&["trace", "stat", &recording("ft/fib"), "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!(document["schema"], "keyway-lab/trace-stat/1");
    assert_eq!(document["rows"][0]["trace"], "fib");
    assert_eq!(document["rows"][0]["count_operations"], 54_146);

    let output = lab(&["trace", "show", &recording("ft/fib"), "--object", "40", "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    let rows = document["rows"].as_array().expect("rows");
    let operations: Vec<&str> = rows.iter().filter_map(|row| row["operation"].as_str()).collect();
    assert_eq!(operations, ["alloc", "decref", "dealloc"], "{document}");
    assert_eq!(rows[2]["count"], 0);
}

#[test]
fn the_life_of_an_object_is_told_in_words() {
    let output = lab(&["trace", "show", &recording("ft/queue"), "--object", "2683"]);
    let told = text(&output.stdout);
    assert!(
        told.starts_with("Object 2683: lock, allocated by thread 2; 11 events on 2 threads; dead"),
        "{told}"
    );
    assert!(told.contains("the release before went to the owner's queue"), "{told}");
}

#[test]
fn a_part_of_a_trace_is_a_trace() {
    let folder = std::env::temp_dir().join(format!("keyway-trace-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let part = folder.join("part.rct.zst");
    let part = part.to_str().expect("a plain name");
    let output =
        lab(&["trace", "cut", &recording("ft/queue"), "--from", "1000", "--events", "500", "--to", part]);
    assert!(output.status.success(), "{output:?}");
    let output = lab(&["trace", "stat", part, "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!(document["rows"][0]["events"], 500);
    std::fs::remove_dir_all(folder).expect("it is ours");
}

/// A file may be no larger than a few KB in the process that cuts, as on a disk that is full.
#[test]
fn a_disk_that_is_full_leaves_the_trace_that_was_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = folder.path().join("old.rct.zst");
    std::fs::copy(recording("ft/fib"), &old).expect("a file");
    let before = std::fs::read(&old).expect("it is there");
    for file in [&old, &folder.path().join("new.rct.zst")] {
        let output = Command::new("sh")
            .args(["-c", r#"trap "" XFSZ; ulimit -f 1; exec "$@""#, "sh", env!("CARGO_BIN_EXE_keyway-lab")])
            .args(["trace", "cut", &recording("ft/queue"), "--events", "50000", "--to"])
            .arg(file)
            .output()
            .expect("a shell starts");
        let complaint = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{complaint}");
        let place = format!("error: cannot write {}: ", file.display());
        assert!(complaint.starts_with(&place) && complaint.lines().count() == 1, "{complaint}");
        assert_eq!(std::fs::read(&old).expect("it is there"), before);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left over");
    }
}

#[cfg(unix)]
#[test]
fn a_name_need_not_be_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().expect("a folder");
    let [file, part] =
        [b"\xff.rct.zst", b"\xfe.rct.zst"].map(|name| folder.path().join(OsStr::from_bytes(name)));
    std::fs::copy(recording("ft/fib"), &file).expect("a file");
    let run = |arguments: &[&OsStr]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_keyway-lab")).args(arguments).output().expect("the lab starts");
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    };
    let [file, part] = [file.as_os_str(), part.as_os_str()];
    let word = OsStr::new;
    run(&[word("trace"), word("stat"), file, word("--json")]);
    run(&[word("trace"), word("show"), file, word("--object"), word("40")]);
    run(&[word("trace"), word("cut"), file, word("--events"), word("500"), word("--to"), part]);
    run(&[word("replay"), word("--rounds"), word("1"), word("--strategy"), word("atomic-counts"), part]);
}

#[test]
fn what_is_wrong_gets_one_line_and_its_exit_status() {
    let fib = recording("ft/fib");
    for (arguments, status, complaint) in [
        (&["trace"][..], 2, "subcommand"),
        (&["trace", "stat"], 2, "FILE"),
        (&["trace", "show", &fib], 2, "--object"),
        (&["trace", "stat", "no-such-file"], 1, "no-such-file: byte 0: cannot open"),
        (&["trace", "stat", "Cargo.toml"], 1, "Cargo.toml: byte 0: not a trace"),
        (
            &["trace", "stat", &fib, "--max-events", "7"],
            1,
            "byte 24: the header announces 74467 events; the limit is 7",
        ),
        (&["trace", "show", &fib, "--object", "56"], 1, "there is no object 56; there are 56"),
        (&["trace", "cut", &fib, "--events", "1", "--to", "/no/such/folder/x"], 1, "cannot write"),
    ] {
        let output = lab(arguments);
        let complaints = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {complaints}");
        assert!(complaints.contains(complaint), "{arguments:?}: {complaints}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
