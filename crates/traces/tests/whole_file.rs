//! A file that is written is whole or untouched.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;

use keyway_traces::{Limits, Reader, Trace};

fn names_in(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

fn reads(path: &Path) -> Trace {
    Trace::read(&mut Reader::open_within(path, Limits::DEFAULT).expect("a header")).expect("it is whole")
}

#[test]
fn a_trace_takes_the_place_of_an_older_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a name with\u{20}spaces.rct.zst");
    for _ in 0..2 {
        Trace::example().write_file(&file).expect("it can be written");
        assert_eq!(reads(&file), Trace::example());
        fs::write(&file, "something longer than what comes now").expect("it is ours");
    }
    assert_eq!(names_in(folder.path()).len(), 1, "nothing is left beside it");
}

#[test]
fn a_trace_that_is_not_whole_leaves_the_old_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("old");
    fs::write(&file, "old").expect("a file");
    let trace = Trace { not_whole: Some(keyway_traces::RecordingLimit::Objects), ..Trace::example() };
    let error = trace.write_file(&file).expect_err("it is not whole").to_string();
    assert!(error.contains("2^32 - 1 objects"), "{error}");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "old");
    assert_eq!(names_in(folder.path()), ["old"]);
}

#[test]
fn permissions_are_those_of_the_old_file_or_of_any_new_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    let (old, new, plain) =
        (folder.path().join("old"), folder.path().join("new"), folder.path().join("plain"));
    fs::write(&old, "old").expect("a file");
    fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).expect("it is ours");
    for path in [&old, &new] {
        Trace::example().write_file(path).expect("it can be written");
    }
    File::create(&plain).expect("a file");
    assert_eq!((mode(&old), mode(&new)), (0o640, mode(&plain)));
}

#[test]
fn a_link_stays_and_what_it_names_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).expect("a folder");
    fs::write(inner.join("file"), "old").expect("a file");
    for (link, target) in [("link", "inner/file"), ("leads-nowhere-yet", "inner/new")] {
        let link = folder.path().join(link);
        symlink(target, &link).expect("a link");
        Trace::example().write_file(&link).expect("it can be written");
        assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
        assert_eq!(reads(&folder.path().join(target)), Trace::example());
    }
    assert_eq!(names_in(&inner), ["file", "new"]);
    let ring = folder.path().join("ring");
    symlink("ring", &ring).expect("a link");
    assert!(Trace::example().write_file(&ring).is_err());
}

#[test]
fn what_cannot_be_replaced_is_written_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("it starts");
    assert!(made.success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || {
            let mut bytes = Vec::new();
            File::open(pipe).and_then(|mut pipe| pipe.read_to_end(&mut bytes)).expect("it is written to");
            bytes
        }
    });
    Trace::example().write_file(&pipe).expect("somebody reads it");
    let bytes = reader.join().expect("no panic");
    let mut reader = Reader::new("a pipe", &bytes[..], Limits::DEFAULT).expect("a header");
    assert_eq!(Trace::read(&mut reader).expect("it is whole"), Trace::example());
    assert!(fs::metadata(&pipe).expect("it is there").file_type().is_fifo(), "it is still a pipe");
    assert_eq!(names_in(folder.path()), ["pipe"]);
    // A device that takes nothing.
    let error = Trace::example().write_file("/dev/full").expect_err("it is full");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(fs::metadata("/dev/full").expect("it is there").file_type().is_char_device());
}

#[test]
fn what_may_not_be_written_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Trace::example().write_file(folder.path()).expect_err("it is a folder");
    assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    let nowhere = folder.path().join("no-such-folder").join("x");
    let error = Trace::example().write_file(&nowhere).expect_err("there is no folder");
    assert!(error.to_string().contains("no-such-folder"), "{error}");
    assert!(names_in(folder.path()).is_empty());
}
