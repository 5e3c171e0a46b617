//! The files that experiments write: whichever name they have, whole or untouched.
#![cfg(target_os = "linux")]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A countdown that is over at once.
const SHORT: [&str; 11] = [
    "countdown",
    "--count",
    "1000",
    "--rounds",
    "1",
    "--threads",
    "2",
    "--mode",
    "threads",
    "--strategy",
    "atomic-counts",
];

fn lab() -> Command {
    let mut lab = Command::new(env!("CARGO_BIN_EXE_keyway-lab"));
    lab.stdin(Stdio::null());
    lab
}

/// Runs the short countdown with files to write, each after its option.
fn countdown(files: &[(&str, &Path)]) -> Output {
    let mut lab = lab();
    lab.args(SHORT);
    files.iter().for_each(|(option, file)| {
        lab.arg(option).arg(file);
    });
    lab.output().expect("the lab starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the lab writes UTF-8")
}

/// The names in a folder, as bytes.
fn names(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).expect("it is there").flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_vec()).collect();
    names.sort();
    names
}

/// The destination of the only picture of a page, as CommonMark reads one without angle brackets.
fn destination(page: &str) -> PathBuf {
    let (_, picture) = page.split_once("![").expect("there is a picture");
    let (_, link) = picture.split_once("](").expect("it is a link");
    let end = link.find(')').expect("it is closed");
    assert_eq!(link[end..].trim(), ")", "nothing but the link is in its line: {link}");
    let link = &link.as_bytes()[..end];
    let wrong = |byte: &u8| b" <>()#?\\:".contains(byte) || byte.is_ascii_control() || !byte.is_ascii();
    assert!(!link.iter().any(wrong), "{link:?}");
    let mut bytes = Vec::new();
    let mut rest = link.iter();
    while let Some(byte) = rest.next() {
        let hex: Vec<u8> = if *byte == b'%' { rest.by_ref().take(2).copied().collect() } else { vec![] };
        let decoded = u8::from_str_radix(text(&hex), 16);
        bytes.push(if hex.is_empty() { *byte } else { decoded.expect("two digits") });
    }
    OsString::from_vec(bytes).into()
}

#[test]
fn a_picture_of_any_name_is_a_link_that_markdown_follows() {
    let place = tempfile::tempdir().expect("a folder");
    let page = place.path().join("page.md");
    for name in [
        &b"my plot.svg"[..],
        b"plot (two cores).svg",
        b"((.svg",
        b"<a>.svg",
        b"100%25.svg",
        b"a#b.svg",
        b"a?b.svg",
        br"a\(b.svg",
        b"a:b.svg",
        b"a&amp;b.svg",
        "gr\u{fc}n.svg".as_bytes(),
        b"\xff.svg",
        b"a\nb.svg",
    ] {
        let plot = place.path().join(OsStr::from_bytes(name));
        let output = countdown(&[("--docs", &page), ("--plot", &plot)]);
        assert!(output.status.success(), "{plot:?}: {output:?}");
        let text = fs::read_to_string(&page).expect("it is written");
        assert_eq!(destination(&text), Path::new(OsStr::from_bytes(name)), "{text}");
    }
}

#[test]
fn a_picture_in_another_folder_is_found_from_the_page() {
    let place = tempfile::tempdir().expect("a folder");
    let (docs, plots) = (place.path().join("docs"), place.path().join("plots"));
    [&docs, &plots].into_iter().for_each(|folder| fs::create_dir(folder).expect("it can be made"));
    let mut lab = lab();
    lab.args(SHORT).args(["--docs", "docs/page.md", "--plot", "plots/plot.svg"]).current_dir(place.path());
    assert!(lab.status().expect("the lab starts").success());
    let text = fs::read_to_string(docs.join("page.md")).expect("it is written");
    assert!(docs.join(destination(&text)).is_file(), "{text}");
}

#[test]
fn a_name_that_is_not_utf_8_is_a_name() {
    let place = tempfile::tempdir().expect("a folder");
    let at = |name: &[u8]| place.path().join(OsStr::from_bytes(name));
    let output = countdown(&[
        ("--docs", &at(b"a\xff.md")),
        ("--plot", &at(b"b\xff.svg")),
        ("--timeline", &at(b"c\xff.svg")),
        ("--timeline", &at(b"d\xff")),
    ]);
    assert!(output.status.success(), "{output:?}");
    let expected = [&b"a\xff.md"[..], b"b\xff.svg", b"c\xff.svg", b"d\xff.json", b"d\xff.svg"];
    assert_eq!(names(place.path()), expected);
    // The command on the page does the same again.
    let page = fs::read_to_string(at(b"a\xff.md")).expect("it is UTF-8");
    assert!(page.contains(r"/a\xff.md'") && page.contains("--docs $'"), "{page}");
}

#[test]
fn folders_of_reports_and_jobs_may_have_any_name() {
    let place = tempfile::tempdir().expect("a folder");
    let at = |name: &[u8]| place.path().join(OsStr::from_bytes(name));
    let (report, jobs) = (at(b"report\xff"), at(b"jobs\xff"));
    let mut lab_report = lab();
    lab_report
        .args(["report", "--briefly", "--part", "countdown", "--part", "starvation", "--out"])
        .arg(&report);
    let output = lab_report.output().expect("the lab starts");
    assert!(output.status.success(), "{output:?}");
    assert!(!text(&output.stderr).contains("not drawn"), "{output:?}");
    let results = report.join("results.json");
    for arguments in [["cite", "countdown/biased-counts/threads/2", "--from"], ["merge", "--out", "x"]] {
        let mut lab = lab();
        let output = lab.args(arguments).arg(&results).current_dir(&place).output().expect("the lab starts");
        assert!(output.status.success(), "{output:?}");
    }
    let mut lab = lab();
    // Outside a checkout of git there is nothing to plan, and the folder is not made.
    let output = lab.args(["plan", "--machines", "2", "--out"]).arg(&jobs).output().expect("the lab starts");
    assert!(jobs.join("job.sh").is_file() || text(&output.stderr).contains("commit"), "{output:?}");
}

/// The lab where no file may be larger than this many blocks of 512 bytes, as if the disk was full.
fn limited(blocks: &str, arguments: &[&OsStr]) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -f $0 && exec \"$@\"", blocks, env!("CARGO_BIN_EXE_keyway-lab")]);
    shell.args(arguments).stdin(Stdio::null()).output().expect("the lab starts")
}

#[test]
fn a_full_disk_leaves_every_file_as_it_was() {
    let place = tempfile::tempdir().expect("a folder");
    for (option, name) in [
        ("--docs", "page.md"),
        ("--plot", "plot.svg"),
        ("--timeline", "timeline.svg"),
        ("--timeline", "timeline.json"),
    ] {
        let file = place.path().join(name);
        fs::write(&file, "of yesterday").expect("it can be written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("it is ours");
        let mut arguments: Vec<&OsStr> = SHORT.iter().map(OsStr::new).collect();
        arguments.extend([OsStr::new(option), file.as_os_str()]);
        let output = limited("1", &arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(said.lines().count() == 1 && said.contains(name) && said.contains("too large"), "{said}");
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "of yesterday", "{name}");
        let output = countdown(&[(option, &file)]);
        assert!(output.status.success(), "{output:?}");
        let mode = fs::metadata(&file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "{name}");
        assert_ne!(fs::read_to_string(&file).expect("it is there"), "of yesterday", "{name}");
    }
    assert_eq!(names(place.path()).len(), 4, "nothing unfinished is left: {:?}", names(place.path()));
}

#[test]
fn a_full_disk_leaves_a_report_as_it_was() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("report");
    let words = ["report", "--briefly", "--part", "countdown", "--out"].map(OsStr::new);
    let arguments = [&words[..], &[folder.as_os_str()]].concat();
    assert!(lab().args(&arguments).output().expect("the lab starts").status.success());
    let files = || {
        let read = |name: &str| fs::read(folder.join(name)).expect("it was written");
        ["results.json", "report.html", "report.md", "plots/countdown.svg"].map(read)
    };
    let before = files();
    // Enough for the document of the countdown, too little for the page.
    for blocks in ["1", "40"] {
        let output = limited(blocks, &arguments);
        let said = text(&output.stderr);
        let complaint = said.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(complaint.contains("cannot write") && complaint.contains("too large"), "{said}");
        assert!(files() == before, "{blocks}: every file is as it was");
    }
    let left = names(&folder).into_iter().chain(names(&folder.join("parts")));
    let unfinished: Vec<_> = left.filter(|name| name.ends_with(b".unfinished")).collect();
    assert!(unfinished.is_empty(), "{unfinished:?}");
}

#[test]
fn a_pipe_is_written_as_it_is() {
    let output = countdown(&[("--docs", Path::new("/dev/stdout"))]);
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output.stdout).starts_with("# The countdown"), "{output:?}");
    let full = countdown(&[("--plot", Path::new("/dev/full"))]);
    assert_eq!(full.status.code(), Some(1), "{full:?}");
    assert!(text(&full.stderr).starts_with("error: cannot write /dev/full"), "{full:?}");
}
