//! Whether what somebody claims holds here.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use keyway_report::{Claim, Error, Kind, Outcome};
use serde::Serialize;

use crate::machine::Machine;
use crate::output::Output;
use crate::program::Program;
use crate::streams::{self, tell};

/// The version of the document.
const SCHEMA: &str = "keyway-lab/check/1";

/// Measure again what is claimed, and say which claims still hold here
///
/// A claim holds if its interval and the one measured here have something in common. The line below
/// a claim repeats its conditions: threads, free cores, rounds, report, machine, commit. Another
/// line has those of here, where they are others. Each command of the claims runs once; it must be
/// one of the report's experiments and may not name a file. The exit status is 1 if a claim does
/// not hold, or if that cannot be said.
#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// A results.json, a list of claims, or one claim, as `cargo lab cite ID --json` prints it
    #[arg(value_name = "CLAIMS.json")]
    file: PathBuf,

    /// Only claims whose id begins so; may be given several times
    #[arg(long = "claim", value_name = "ID")]
    ids: Vec<String>,

    /// Measure nothing: compare with this report, and say how much of it repeats
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    outcome: &'static str,
    claimed: keyway_report::Figure,
    here: Option<keyway_report::Figure>,
    why: Option<String>,
    claimed_under: Conditions,
    here_under: Option<Conditions>,
}

/// What a claim says of how it was measured.
#[derive(Debug, Serialize)]
struct Conditions {
    conditions: String,
    threads: usize,
    rounds: Option<String>,
    report: Option<&'static str>,
    machine: String,
    commit: String,
}

impl Conditions {
    fn of(claim: &Claim) -> Self {
        Conditions {
            conditions: claim.conditions.clone(),
            threads: claim.threads,
            rounds: claim.rounds().map(str::to_owned),
            report: claim.report.map(Kind::name),
            machine: claim.machine.clone(),
            commit: claim.commit.clone(),
        }
    }
}

/// Measures and compares.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    match compared(arguments) {
        Ok(outcomes) => show(&outcomes, output),
        Err(error) => {
            tell!("error: {error}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn compared(arguments: &Arguments) -> Result<Vec<(Claim, Outcome)>, Error> {
    let mut claims = keyway_report::read_claims(&arguments.file)?;
    if !arguments.ids.is_empty() {
        claims.retain(|claim| arguments.ids.iter().any(|id| claim.id.starts_with(id)));
    }
    if claims.is_empty() {
        return Err(Error::new(format!(
            "{}: no claim begins with {}",
            arguments.file.display(),
            arguments.ids.join(" or ")
        )));
    }
    if let Some(other) = &arguments.against {
        return Ok(keyway_report::compare(&claims, &keyway_report::read_claims(other)?));
    }
    let program = Program::this().map_err(Error::new)?;
    Ok(keyway_report::check(&claims, |arguments| {
        tell!("cargo lab {}", arguments.join(" "));
        keyway_report::run_once(program, arguments)
    }))
}

fn show(outcomes: &[(Claim, Outcome)], output: &Output) -> io::Result<ExitCode> {
    if output.is_json() {
        let rows: Vec<Row> = outcomes.iter().map(|(claim, outcome)| row(claim, outcome)).collect();
        let machine = Machine::before_run(1);
        output.print(SCHEMA, &machine, &rows, String::new, &[keyway_report::in_short(outcomes)])?;
    } else {
        streams::print(|out| {
            for (claim, outcome) in outcomes {
                writeln!(out, "{}", keyway_report::line(claim, outcome))?;
            }
            writeln!(out, "\n{}", keyway_report::in_short(outcomes))
        })?;
    }
    let all_hold = outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Holds(_)));
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn row(claim: &Claim, outcome: &Outcome) -> Row {
    let (outcome, here, why) = match outcome {
        Outcome::Holds(here) => ("holds", Some(here), None),
        Outcome::Differs(here) => ("differs", Some(here), None),
        Outcome::Unknown(why) => ("unknown", None, Some(why.clone())),
    };
    Row {
        id: claim.id.clone(),
        outcome,
        claimed: claim.value,
        here: here.map(|here| here.value),
        why,
        claimed_under: Conditions::of(claim),
        here_under: here.map(|here| Conditions::of(here)),
    }
}
