//! Processes that count down: this program once more, as a child that is told what to do.
//!
//! A child that is to wait says that it is ready, and begins when it reads a line. It counts down,
//! prints how many iterations it has made, and ends. Where there is no line to read, since the
//! parent has gone, it ends without having counted.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{ChildStderr, ChildStdin, ChildStdout, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Args;

use super::count_down;
use crate::children::{self, Kept};
use crate::program::Program;
use crate::streams::tell;

/// The name under which the command line knows a child's part: not for people.
pub(crate) const PART: &str = "countdown-part";

/// What a child is told.
#[derive(Args, Clone, Debug)]
pub(crate) struct Part {
    /// The strategy's id, or the floor
    subject: String,
    /// Iterations
    count: u64,
    /// Say `ready`, and begin when there is a line to read
    #[arg(long)]
    wait: bool,
}

/// What a child does.
///
/// # Errors
/// If its parent cannot be told.
pub(crate) fn part(part: &Part) -> io::Result<ExitCode> {
    if part.wait {
        writeln!(io::stdout(), "ready")?;
        if io::stdin().lock().read_line(&mut String::new()).unwrap_or(0) == 0 {
            return Ok(ExitCode::FAILURE);
        }
    }
    let Some(done) = count_down(&part.subject, part.count, 1) else {
        tell!("error: there is no strategy {}", part.subject);
        return Ok(ExitCode::FAILURE);
    };
    writeln!(io::stdout(), "{}", done.results[0])?;
    Ok(ExitCode::SUCCESS)
}

/// The time in which `processes` processes count down, each its share: from before the first is
/// started until the last has ended; or, if they are to wait, from the word to begin until the last
/// has counted down.
///
/// # Errors
/// What went wrong, in one line.
pub(super) fn time(id: &str, count: u64, processes: usize, wait: bool) -> Result<Duration, String> {
    let start = Instant::now();
    let shares = (0..processes).map(|number| keyway_workloads::share(count, processes, number));
    let mut children = shares.map(|share| Counting::start(id, share, wait)).collect::<Result<Vec<_>, _>>()?;
    if !wait {
        children.iter_mut().try_for_each(Counting::hear_result)?;
        children.into_iter().try_for_each(Counting::end)?;
        return Ok(start.elapsed());
    }
    children.iter_mut().try_for_each(|child| child.hear("ready"))?;
    let start = Instant::now();
    children.iter_mut().try_for_each(Counting::go)?;
    children.iter_mut().try_for_each(Counting::hear_result)?;
    let elapsed = start.elapsed();
    children.into_iter().try_for_each(Counting::end)?;
    Ok(elapsed)
}

/// A child.
struct Counting {
    child: Kept,
    /// To be kept open while it waits.
    hears: ChildStdin,
    says: BufReader<ChildStdout>,
    complains: BufReader<ChildStderr>,
    share: u64,
}

impl Counting {
    fn start(id: &str, share: u64, wait: bool) -> Result<Self, String> {
        let cannot = |error: String| format!("cannot start a process to count down in: {error}");
        let mut command = Program::this().and_then(Program::command).map_err(cannot)?;
        command.args([PART, id, &share.to_string()]).args(wait.then_some("--wait"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = children::start(&mut command).map_err(|error| cannot(error.to_string()))?;
        let hears = child.stdin().expect("it is piped");
        let says = BufReader::new(child.stdout().expect("it is piped"));
        let complains = BufReader::new(child.stderr().expect("it is piped"));
        Ok(Counting { child, hears, says, complains, share })
    }

    /// Says that it may begin.
    fn go(&mut self) -> Result<(), String> {
        let line = self.hears.write_all(b"go\n");
        line.map_err(|error| format!("cannot tell a process to count down: {error}"))
    }

    /// Waits for this line and no other.
    fn hear(&mut self, expected: &str) -> Result<(), String> {
        let mut line = String::new();
        match self.says.read_line(&mut line) {
            Ok(_) if line.trim_end() == expected => Ok(()),
            Ok(0) => {
                let why = self.complaint();
                Err(format!("a process that counts down has ended before it said `{expected}`: {why}"))
            }
            Ok(_) => Err(format!("a process that counts down said `{}`, not `{expected}`", line.trim_end())),
            Err(error) => Err(format!("cannot hear a process that counts down: {error}")),
        }
    }

    /// The first line that it has said on standard error: its error is a part of ours.
    fn complaint(&mut self) -> String {
        let mut line = String::new();
        // A process that cannot be heard has said nothing.
        let _ = self.complains.read_line(&mut line);
        let line = line.trim();
        line.strip_prefix("error: ").unwrap_or(line).to_owned()
    }

    fn hear_result(&mut self) -> Result<(), String> {
        self.hear(&self.share.to_string())
    }

    fn end(self) -> Result<(), String> {
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("a process that counts down has ended with {status}")),
            Err(error) => Err(format!("cannot wait for a process that counts down: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_does_not_do_its_part_is_an_error() {
        // This very program, a harness of tests, which does not know what `--wait` is.
        let error = time("floor", 10, 2, true).expect_err("it does not say that it is ready");
        let expected = "a process that counts down has ended before it said `ready`: ";
        assert!(error.starts_with(expected) && error.len() > expected.len(), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
