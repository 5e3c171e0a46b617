//! What tests of the lab as a process have in common.

#![allow(dead_code, reason = "each test uses its part")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, waitpid};

/// A wait that takes longer is one without end.
const PATIENCE: Duration = Duration::from_secs(300);

/// The lab, with nothing on its standard input.
pub(crate) fn lab(arguments: &[&str]) -> Command {
    program(Path::new(env!("CARGO_BIN_EXE_keyway-lab")), arguments)
}

/// Any program, as [`lab`].
pub(crate) fn program(path: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(path);
    command.args(arguments).stdin(Stdio::null());
    hears_signals(&mut command);
    command
}

/// A script that starts the tests in the background has them, and their children, ignore some
/// signals.
#[cfg(unix)]
fn hears_signals(command: &mut Command) {
    let by_default = || {
        for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
            // SAFETY: between fork and exec this may be called; the default needs no handler.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        Ok(())
    };
    // SAFETY: the closure calls `signal` and nothing else, which is safe after a fork.
    unsafe { std::os::unix::process::CommandExt::pre_exec(command, by_default) };
}

#[cfg(not(unix))]
fn hears_signals(_: &mut Command) {}

/// The lab as a file of its own, which can be replaced.
pub(crate) fn copy_of_the_lab(folder: &Path) -> PathBuf {
    let copy = folder.join("keyway-lab");
    fs::copy(env!("CARGO_BIN_EXE_keyway-lab"), &copy).expect("the lab can be copied");
    copy
}

/// Tries until there is something.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not in {PATIENCE:?}");
        sleep(Duration::from_millis(5));
    }
}

/// A process that is killed if a test fails before the process has ended.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Running(command.spawn().expect("it starts"))
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    pub(crate) fn end(&mut self) -> ExitStatus {
        let child = &mut self.0;
        wait_for("the end of the lab", || child.try_wait().expect("it can be waited for"))
    }

    /// Its end, and what it has said on standard error, which is piped and not long.
    pub(crate) fn end_and_words(&mut self) -> (ExitStatus, String) {
        let status = self.end();
        let mut said = String::new();
        self.0.stderr.take().expect("it is piped").read_to_string(&mut said).expect("it is text");
        (status, said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Each fails if it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process, as Linux lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    parent: i32,
    /// When it was started: tells it from a later process that has its number.
    started: u64,
    is_dead: bool,
}

impl Process {
    fn read(pid: i32) -> Option<Process> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // Behind the name, which may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let is_dead = ["Z", "X"].contains(fields.first()?);
        Some(Process {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
            is_dead,
        })
    }

    /// Whether it goes on. One that is dead and that nobody has collected does not.
    pub(crate) fn goes_on(self) -> bool {
        Process::read(self.pid).is_some_and(|now| now.started == self.started && !now.is_dead)
    }

    /// Sends it a signal, if it is still there.
    pub(crate) fn tell(self, signal: Signal) {
        let _ = kill_process(Pid::from_raw(self.pid).expect("not zero"), signal);
    }
}

/// The labs that a process has started for this experiment.
pub(crate) fn children_of(pid: i32, experiment: &str) -> Vec<Process> {
    let all = fs::read_dir("/proc").expect("Linux has it").filter_map(Result::ok);
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // A child that has been forked and runs no program yet still has its parent's words: the first
    // one tells them apart.
    let is_it = |pid: i32| {
        let arguments = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        arguments.split('\0').nth(1) == Some(experiment)
    };
    let children = pids.filter_map(Process::read).filter(|process| process.parent == pid && !process.is_dead);
    children.filter(|process| is_it(process.pid)).collect()
}

/// Waits until all have ended, and fails if one was not killed but has come to its own end. Each is
/// a child of ours if its parent has ended before it: see [`inherit`].
pub(crate) fn expect_killed(processes: &[Process]) {
    for process in processes {
        let pid = Pid::from_raw(process.pid).expect("not zero");
        wait_for("the end of a process that was started by the lab", || {
            match waitpid(Some(pid), WaitOptions::NOHANG) {
                Ok(None) => None,
                Ok(Some((_, status))) => {
                    assert!(status.signaled(), "{process:?} went on to its own end: {status:?}");
                    Some(())
                }
                // Its parent was there to collect it, or will be.
                Err(_) => (!process.goes_on()).then_some(()),
            }
        });
    }
}

/// From now on, processes whose parent has ended are this process's children.
pub(crate) fn inherit() {
    set_child_subreaper(Some(getpid())).expect("Linux has it");
}
