//! A machine that refuses a thread: the lab ends and says so, and no thread waits for one that does
//! not come.

#![cfg(target_os = "linux")]

mod support;

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::process::{Resource, Rlimit, setrlimit};
use support::{Running, lab};

const GIB: u64 = 1 << 30;

/// Lets `command` have about this many threads in addition to the first: each has a stack of a GiB,
/// and there is memory for no more. That holds for every user, unlike a limit of threads.
fn with_threads(command: &mut Command, threads: u64) -> &mut Command {
    let most = Some(threads * GIB + GIB / 2);
    let limit = move || Ok(setrlimit(Resource::As, Rlimit { current: most, maximum: most })?);
    command.env("RUST_MIN_STACK", GIB.to_string());
    // SAFETY: `limit` runs in the forked child and makes one system call.
    unsafe { command.pre_exec(limit) }
}

/// Each experiment that runs threads, in a way that needs more of them than its look for free
/// cores.
const EXPERIMENTS: [&[&str]; 10] = [
    &["countdown", "--threads", "4", "--rounds", "1", "--count", "1000", "--mode", "threads"],
    &["countdown", "--threads", "4", "--rounds", "1", "--count", "1000", "--mode", "runtimes"],
    &["countdown", "--threads", "2", "--rounds", "1", "--count", "1000", "--mode", "processes"],
    &["scaling", "--threads", "4", "--rounds", "1", "--milliseconds", "1", "--objects", "10"],
    &["starvation", "--rounds", "1", "--milliseconds", "10", "--spinners", "4"],
    &["starvation", "--endurance", "1", "--strategy", "atomic-counts"],
    &["io", "--rounds", "1", "--milliseconds", "10", "--threads", "4"],
    &["verdict", "--rounds", "1", "--percent", "1", "--threads", "4"],
    &["deadlock", "--rounds", "1"],
    &["cost", "--rounds", "1", "--milliseconds", "1", "--operation", "duel-owner"],
];

#[test]
fn every_experiment_ends_with_one_line_that_says_which_thread() {
    for experiment in EXPERIMENTS {
        let mut refused = 0;
        for threads in 0..=3 {
            let mut command = lab(experiment);
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            let (status, said) = Running::start(with_threads(&mut command, threads)).end_and_words();
            let what = format!("{experiment:?} with {threads} threads: {status}: {said}");
            match status.code() {
                // Two threads suffice for some.
                Some(0) => assert!(threads >= 2, "{what}"),
                code => {
                    refused += 1;
                    assert_eq!(code, Some(1), "{what}");
                    assert_eq!(said.lines().count(), 1, "{what}");
                    assert!(
                        said.starts_with("error: ") && said.contains("cannot start the thread `"),
                        "{what}"
                    );
                }
            }
        }
        assert!(refused >= 2, "{experiment:?}");
    }
}

#[test]
fn a_replay_ends_likewise() {
    let trace = concat!(env!("CARGO_MANIFEST_DIR"), "/../traces/recordings/ft/counter.rct.zst");
    for threads in 0..=2 {
        let mut command = lab(&["replay", "--rounds", "1", "--strategy", "atomic-counts", trace]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let (status, said) = Running::start(with_threads(&mut command, threads)).end_and_words();
        assert_eq!(status.code(), Some(1), "{threads}: {said}");
        assert!(said.lines().count() == 1 && said.contains("cannot start the thread `"), "{said}");
    }
}

#[test]
fn what_needs_no_thread_does_not_mind() {
    let results = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/results/results.json");
    let mut command = lab(&["cite", "memory/biased-counts", "--from", results]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let (status, said) = Running::start(with_threads(&mut command, 0)).end_and_words();
    assert!(status.success() && said.is_empty(), "{status}: {said}");
}
