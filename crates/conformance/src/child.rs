//! Code that must abort runs in a process of its own.

use std::cell::Cell;
use std::env;
use std::process::{Command, ExitStatus};

const CHILD: &str = "KEYWAY_CONFORMANCE_CHILD";

/// How a child ends that was expected to abort and did not.
const SURVIVED: i32 = 99;

thread_local! {
    /// The path of the test that runs on this OS thread, as the test harness knows it.
    static TEST: Cell<&'static str> = const { Cell::new("") };
}

/// Remembers which test runs; `path` starts with the crate's name.
pub(crate) fn name_test(path: &'static str) {
    let (_, path) = path.split_once("::").expect("a test's path has a crate");
    TEST.set(path);
}

/// Runs `f` in a process of its own, which must abort with `message`. Called once in a test, first
/// of all.
///
/// That process is this test binary, run with only this test, which comes here again.
pub(crate) fn aborts(message: &str, f: impl FnOnce()) {
    if env::var_os(CHILD).is_some() {
        f();
        std::process::exit(SURVIVED);
    }
    let this_binary = env::current_exe().expect("this test binary has a path");
    let output = Command::new(this_binary)
        .args([TEST.get(), "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .expect("this test binary can be run");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(is_abort(output.status), "expected an abort, got {}; it said:\n{stderr}", output.status);
    assert!(stderr.contains(message), "aborted, but did not say `{message}`; it said:\n{stderr}");
}

#[cfg(unix)]
fn is_abort(status: ExitStatus) -> bool {
    const SIGABRT: i32 = 6;
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(SIGABRT)
}

#[cfg(not(unix))]
fn is_abort(status: ExitStatus) -> bool {
    !status.success() && status.code() != Some(SURVIVED)
}
