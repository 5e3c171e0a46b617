//! The processes that the lab starts: none of them goes on when the lab has ended, however it ends.
//!
//! - Each child leads a process group, and the processes that a child starts stay in its group.
//!   When the child has ended, the rest of its group is killed: a child that is killed hard leaves
//!   nothing.
//! - A lab that a lab has started makes no groups: the group that it leads itself has everything,
//!   and belongs to its parent.
//! - Told to end (TERM, INT, HUP), the lab tells its children's groups, waits for them a while,
//!   kills what is left, and ends by the same signal. While it does so, no child can be started,
//!   and nobody finds out that a child has ended: the lock of the list of children is not given up
//!   again. So the rest of the lab cannot mistake the end for a failure.
//! - On Linux the kernel tells a child to end when its parent has died.
//!
//! The listener for signals is started with the first child. Without children the default does what
//! is wanted.

use std::io;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitOptions, getpgrp, getpid, getppid, kill_process, kill_process_group,
    test_kill_process_group, waitpid,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Tells a lab that its parent is a lab, which has this process id.
const PARENT: &str = "KEYWAY_LAB_PARENT";

/// How long a child that is told to end may take for it.
const GRACE: Duration = Duration::from_secs(2);

/// A child. Killed with its group, and waited for, if it is dropped before its end.
#[derive(Debug)]
pub(crate) struct Kept {
    /// None when it has been waited for, or is waited for by somebody who may panic.
    child: Option<Child>,
    pid: Pid,
    /// Whether it has been waited for, so that its id may be another's.
    is_over: bool,
}

/// What is known of all children.
#[derive(Debug)]
struct Children {
    /// Those that have not been waited for.
    pids: Vec<Pid>,
    /// Whether somebody listens for signals; nobody does before the first child.
    listens: bool,
    /// Whether this process leads a group that a lab above it kills. Found out before the first
    /// child: later that lab may have gone.
    is_kept: bool,
}

static CHILDREN: Mutex<Children> = Mutex::new(Children { pids: Vec::new(), listens: false, is_kept: false });

/// What is known of all children. Waits for ever if this process has been told to end.
fn children() -> MutexGuard<'static, Children> {
    // The list is valid even after a panic.
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this process leads a group that a lab above it kills.
fn is_kept() -> bool {
    let parent = std::env::var(PARENT).ok().and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw);
    parent.is_some() && parent == getppid() && getpgrp() == getpid()
}

/// Starts a child.
///
/// # Errors
/// If it cannot be started, or nobody would hear a signal.
pub(crate) fn start(command: &mut Command) -> io::Result<Kept> {
    let mut children = children();
    if !children.listens {
        listen()?;
        children.listens = true;
        children.is_kept = is_kept();
    }
    command.env(PARENT, getpid().as_raw_nonzero().to_string());
    if !children.is_kept {
        command.process_group(0);
    }
    end_with_parent(command);
    let child = command.spawn()?;
    let pid = Pid::from_child(&child);
    children.pids.push(pid);
    Ok(Kept { child: Some(child), pid, is_over: false })
}

/// Runs a child to its end, with nothing on its standard input, and returns what it has said.
///
/// # Errors
/// As for [`start`], or if it cannot be heard.
pub(crate) fn output(command: &mut Command) -> io::Result<Output> {
    start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))?.output()
}

impl Kept {
    /// Its standard input, if that is piped and was not taken before.
    pub(crate) fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.as_mut()?.stdin.take()
    }

    /// Its standard output, if that is piped and was not taken before.
    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.as_mut()?.stdout.take()
    }

    /// Its standard error, if that is piped and was not taken before.
    pub(crate) fn stderr(&mut self) -> Option<ChildStderr> {
        self.child.as_mut()?.stderr.take()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn wait(mut self) -> io::Result<ExitStatus> {
        let status = self.child.as_mut().expect("it has not been waited for").wait()?;
        self.has_ended();
        Ok(status)
    }

    /// Waits for its end and returns its output on the piped streams.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Panics
    /// If what is piped cannot be read.
    pub(crate) fn output(mut self) -> io::Result<Output> {
        // Where this fails or panics, the child is killed as it is dropped.
        let output = self.child.take().expect("it has not been waited for").wait_with_output()?;
        self.has_ended();
        Ok(output)
    }

    /// So what it has left ends, too; and it is off the list.
    fn has_ended(&mut self) {
        self.is_over = true;
        let mut children = children();
        // Before it is off the list: a signal in between would leave the group to nobody. There is
        // no such group if nothing is left, or if this lab makes no groups.
        let _ = kill_process_group(self.pid, Signal::KILL);
        children.pids.retain(|pid| *pid != self.pid);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let children = children();
        // By its id, since whoever had the child may have lost it. Nobody else waits for it under
        // this lock, so that the id is its own until it has been waited for here.
        if let Ok(None) = waitpid(Some(self.pid), WaitOptions::NOHANG) {
            // Each fails if it has ended meanwhile.
            let _ = kill_process_group(self.pid, Signal::KILL);
            let _ = kill_process(self.pid, Signal::KILL);
            let _ = rustix::io::retry_on_intr(|| waitpid(Some(self.pid), WaitOptions::empty()));
        }
        drop(children);
        self.has_ended();
    }
}

/// Has the kernel tell the child to end if this thread ends before it, as it does when this process
/// is killed.
#[cfg(target_os = "linux")]
fn end_with_parent(command: &mut Command) {
    let parent = getpid();
    let ask = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
        // The parent may have died before the kernel was asked.
        if getppid() == Some(parent) { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    };
    // SAFETY: `ask` runs in the forked child, where only this thread is left: it makes system
    // calls, and neither allocates nor takes a lock.
    unsafe { command.pre_exec(ask) };
}

#[cfg(not(target_os = "linux"))]
fn end_with_parent(_: &mut Command) {}

/// Starts the thread that listens for signals.
fn listen() -> io::Result<()> {
    let (tell, hear) = channel();
    let listener = std::thread::Builder::new().name("signals".to_owned());
    listener.spawn(move || end_when_told(&tell))?;
    hear.recv().unwrap_or_else(|_| Err(io::Error::other("nobody listens for signals")))
}

/// Waits for a signal that tells this process to end, and ends it. Says first whether it can
/// listen: a signal is not caught before there is a thread that hears it.
fn end_when_told(tell: &Sender<io::Result<()>>) {
    // A signal that the lab was started to ignore, as `nohup` does, stays ignored.
    let signals = Signals::new([SIGHUP, SIGINT, SIGTERM].into_iter().filter(|&signal| !is_ignored(signal)));
    let (mut signals, can_listen) = match signals {
        Ok(signals) => (Some(signals), Ok(())),
        Err(error) => (None, Err(error)),
    };
    // Somebody waits for the answer.
    let _ = tell.send(can_listen);
    if let Some(signal) = signals.as_mut().and_then(|signals| signals.forever().next()) {
        end_children();
        // Ends this process as the signal would have. Fails only for a signal that cannot be
        // caught.
        let _ = emulate_default_handler(signal);
    }
}

fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action the call only writes the present one, to a place that is large
    // enough.
    if unsafe { libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: the call has succeeded, so that the action was written.
    unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}

/// Ends all children. From now on no other child is started, and nobody learns that one has ended.
fn end_children() {
    // Not given up again.
    let children = ManuallyDrop::new(children());
    if children.is_kept {
        // This process is in the group, too, and has nothing to keep.
        let _ = kill_process_group(getpgrp(), Signal::KILL);
    }
    let tell_all = |signal| {
        for &pid in &children.pids {
            // Fails for those that are gone.
            let _ = kill_process_group(pid, signal);
        }
    };
    tell_all(Signal::TERM);
    let end = Instant::now() + GRACE;
    while Instant::now() < end && !children.pids.iter().all(|&pid| is_gone(pid)) {
        sleep(Duration::from_millis(10));
    }
    tell_all(Signal::KILL);
}

/// Whether nothing of a child's group is left.
fn is_gone(pid: Pid) -> bool {
    // A dead process counts as long as nobody has waited for it.
    let _ = waitpid(Some(pid), WaitOptions::NOHANG);
    test_kill_process_group(pid).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]);
        shell
    }

    #[test]
    fn what_a_child_leaves_ends_with_it() {
        // The shell says which process it leaves behind, and is killed as hard as can be.
        let said = output(&mut shell("sleep 1000 >/dev/null 2>&1 & echo $!; kill -9 $$")).expect("it starts");
        let left: i32 = String::from_utf8_lossy(&said.stdout).trim().parse().expect("a process id");
        let left = Pid::from_raw(left).expect("not zero");
        // Its new parent may take a while to collect the dead process.
        let end = Instant::now() + Duration::from_secs(60);
        while rustix::process::test_kill_process(left).is_ok() && !is_dead(left) {
            assert!(Instant::now() < end, "{left:?} goes on");
            sleep(Duration::from_millis(1));
        }
    }

    /// Whether a process is dead and only waits to be collected, where the system says so.
    fn is_dead(pid: Pid) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
        status.is_ok_and(|status| status.rsplit(')').next().is_some_and(|rest| rest.starts_with(" Z")))
    }

    #[test]
    fn a_child_that_is_dropped_is_killed() {
        let begun = Instant::now();
        drop(start(&mut shell("sleep 1000")).expect("it starts"));
        assert!(begun.elapsed() < Duration::from_secs(500));
    }

    #[test]
    fn a_child_that_could_not_be_heard_is_killed_waited_for_and_off_the_list() {
        let mut kept = start(&mut shell("sleep 1000")).expect("it starts");
        let pid = kept.pid;
        // As a panic amid `wait_with_output` would.
        drop(kept.child.take());
        drop(kept);
        assert!(waitpid(Some(pid), WaitOptions::NOHANG).is_err(), "it has been waited for");
        assert!(!children().pids.contains(&pid));
    }
}
