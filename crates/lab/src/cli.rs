//! What the command line accepts, and how it ends: 0 if it did what was asked, 1 if it could not, 2
//! if the arguments are wrong.

use std::ffi::OsStr;
use std::io;
use std::panic;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use keyway_workloads::CannotStart;

use crate::output::Output;
use crate::program::Program;
use crate::streams::tell;
use crate::{
    blocks, check, cite, cost, countdown, deadlock, io as io_bound, merge, plan, predict, race, replay,
    report, scaling, starvation, timeline, trace, verdict, verify,
};

/// Experiments on strategies for sharing reference-counted objects between threads
///
/// Without an experiment: `report --quick`, which takes about eight minutes on two cores, and which
/// can be interrupted.
#[derive(Debug, Parser)]
#[command(name = "keyway-lab", bin_name = "cargo lab", version)]
struct Cli {
    #[command(subcommand)]
    experiment: Option<Experiment>,

    /// Print one JSON document on standard output, and everything else on standard error
    ///
    /// The document has `schema`, `command`, `machine` and `rows`. A measured figure is an object
    /// of `median`, `low` and `high`, of which the last two bound the 95 % bootstrap interval of
    /// the median over the rounds.
    #[arg(long, global = true, display_order = 100)]
    json: bool,

    #[command(flatten)]
    timeline: timeline::Arguments,
}

#[derive(Debug, Subcommand)]
enum Experiment {
    Blocks(blocks::Arguments),
    Check(check::Arguments),
    Cite(cite::Arguments),
    Cost(cost::Arguments),
    Countdown(countdown::Arguments),
    /// A process of `countdown`: not for people
    #[command(name = countdown::PART, hide = true)]
    CountdownPart(countdown::Part),
    Deadlock(deadlock::Arguments),
    Io(io_bound::Arguments),
    Merge(merge::Arguments),
    Plan(plan::Arguments),
    Predict(predict::Arguments),
    Race(race::Arguments),
    Replay(replay::Arguments),
    Report(report::Arguments),
    Scaling(scaling::Arguments),
    Starvation(starvation::Arguments),
    #[command(hide = true)]
    EchoServer(starvation::Server),
    Trace(trace::Arguments),
    Verdict(verdict::Arguments),
    Verify(verify::Arguments),
}

impl Experiment {
    /// Whether it runs threads of a runtime in this process.
    fn has_threads(&self) -> bool {
        use Experiment::{Blocks, Check, Cite, Merge, Plan, Race, Trace, Verify};
        !matches!(self, Blocks(_) | Check(_) | Cite(_) | Merge(_) | Plan(_) | Race(_) | Trace(_) | Verify(_))
    }
}

/// Runs what the command line asks for.
pub(crate) fn main() -> ExitCode {
    // Now, so that the file at its path is known from the beginning; an error is told by the code
    // that needs it.
    let _ = Program::this();
    let tell_panic = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        // That one is no fault of this program, and is told below.
        if !panic.payload().is::<CannotStart>() {
            tell_panic(panic);
        }
    }));
    panic::catch_unwind(run).unwrap_or_else(|panic| match panic.downcast::<CannotStart>() {
        Ok(error) => {
            tell!("error: {error}");
            ExitCode::FAILURE
        }
        Err(panic) => panic::resume_unwind(panic),
    })
}

fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => return not_run(&message),
    };
    if cli.timeline.is_wanted() && !cli.experiment.as_ref().is_none_or(Experiment::has_threads) {
        tell!(
            "error: there is no timeline of this: it runs no threads of a runtime, but models, or nothing at all"
        );
        return ExitCode::from(2);
    }
    cli.timeline.begin();
    let output = Output::new(cli.json, command_line());
    let done = match cli.experiment {
        None => report::run(&report::Arguments::default(), &output),
        Some(Experiment::Blocks(arguments)) => blocks::run(&arguments),
        Some(Experiment::Check(arguments)) => check::run(&arguments, &output),
        Some(Experiment::Cite(arguments)) => cite::run(&arguments, &output),
        Some(Experiment::Cost(arguments)) => cost::run(&arguments, &output),
        Some(Experiment::Countdown(arguments)) => countdown::run(&arguments, &output),
        Some(Experiment::CountdownPart(part)) => countdown::part(&part),
        Some(Experiment::Merge(arguments)) => merge::run(&arguments, &output),
        Some(Experiment::Plan(arguments)) => plan::run(&arguments, &output),
        Some(Experiment::Predict(arguments)) => predict::run(&arguments, &output),
        Some(Experiment::Race(arguments)) => race::run(arguments, &output),
        Some(Experiment::Replay(arguments)) => replay::run(&arguments, &output),
        Some(Experiment::Report(arguments)) => report::run(&arguments, &output),
        Some(Experiment::Scaling(arguments)) => scaling::run(&arguments, &output),
        Some(Experiment::Trace(arguments)) => trace::run(&arguments, &output),
        Some(Experiment::Verdict(arguments)) => verdict::run(&arguments, &output),
        Some(Experiment::Verify(arguments)) => verify::run(&arguments, &output),
        Some(Experiment::Starvation(arguments)) => starvation::run(&arguments, &output),
        Some(Experiment::EchoServer(server)) => Ok(server.run()),
        Some(Experiment::Deadlock(arguments)) => deadlock::run(&arguments, &output),
        Some(Experiment::Io(arguments)) => io_bound::run(&arguments, &output),
    };
    let done = done.map(|code| match cli.timeline.write(output.command()) {
        Ok(()) => code,
        Err(error) => {
            tell!("{error}");
            ExitCode::FAILURE
        }
    });
    ended_with(done)
}

/// Help, the version, or what is wrong with the arguments, in one line.
fn not_run(message: &clap::Error) -> ExitCode {
    if !message.use_stderr() {
        return ended(message.print());
    }
    tell!("{} (see `cargo lab --help`)", first_paragraph(&message.to_string()));
    ExitCode::from(2)
}

/// The message itself without tips and usage, on one line.
fn first_paragraph(message: &str) -> String {
    let lines = message.lines().map(str::trim).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

fn ended(result: io::Result<()>) -> ExitCode {
    ended_with(result.map(|()| ExitCode::SUCCESS))
}

/// A reader that has seen enough (`| head`) is not an error.
fn ended_with(result: io::Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            tell!("error: cannot write to standard output: {error}");
            ExitCode::FAILURE
        }
        Err(_) => ExitCode::SUCCESS,
    }
}

/// The command that does the same again.
fn command_line() -> String {
    let arguments = std::env::args_os().skip(1).map(|argument| quoted(&argument));
    ["cargo".to_owned(), "lab".to_owned()].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}

/// An argument as a shell takes it. An argument with control characters, or that is not UTF-8, is
/// written in bytes: `$'\xff'`.
fn quoted(argument: &OsStr) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:".contains(c);
    match argument.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(is_plain) => text.to_owned(),
        Some(text) if !text.contains(char::is_control) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => format!("$'{}'", argument.as_encoded_bytes().iter().map(shown).collect::<String>()),
    }
}

/// A byte between `$'` and `'`.
fn shown(byte: &u8) -> String {
    match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
        b' '..=b'~' => char::from(*byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_experiment_means_a_quick_report_as_if_it_was_named() {
        let named =
            Cli::try_parse_from(["keyway-lab", "report", "--quick"]).expect("nothing else is required");
        let Some(Experiment::Report(named)) = named.experiment else { panic!("{named:?}") };
        assert_eq!(named, report::Arguments { quick: true, ..report::Arguments::default() });
    }

    #[test]
    fn the_commands_of_every_report_are_commands() {
        use keyway_report::{Kind, plan};
        for (kind, briefly) in [(Kind::Quick, false), (Kind::Full, false), (Kind::Quick, true)] {
            for step in plan(kind, briefly, &[]) {
                let words = ["keyway-lab"].into_iter().chain(step.arguments.iter().map(String::as_str));
                let parsed = Cli::try_parse_from(words.chain(["--json"]));
                assert!(parsed.is_ok(), "{:?}: {parsed:?}", step.arguments);
            }
        }
    }

    #[test]
    fn a_quoted_argument_reads_back_as_itself() {
        assert_eq!(quoted(OsStr::new("--count=5")), "--count=5");
        assert_eq!(quoted(OsStr::new("it's")), r"'it'\''s'");
        assert_eq!(quoted(OsStr::new("")), "''");
        assert_eq!(quoted(OsStr::new("a\nb'")), r"$'a\x0ab\''");
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            assert_eq!(quoted(OsStr::from_bytes(b"a b\xff.svg")), r"$'a b\xff.svg'");
        }
    }
}
