//! All experiments in one folder: a page to read, and sentences to cite.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Output, Stdio};

use clap::Args;
use clap::builder::PossibleValuesParser;
use keyway_report::{Collected, Error, Folder, Kind, Lab, Part, Results, SCHEMA, Step, Surroundings};

use crate::children::{self, Kept};
use crate::machine;
use crate::output::{self, table};
use crate::program::Program;
use crate::streams::{self, tell};

/// Where a report goes unless it is told.
pub(crate) const FOLDER: &str = "keyway-report";

/// Run all experiments and write one report: a page that opens with a decision table, the claims to
/// cite, the raw numbers
///
/// The folder gets report.html (one file that needs no network), report.md, results.json and the
/// plots. The running part, and the time that is left, are told on standard error. After an
/// interruption the same command goes on where it was: a part that was finished is used again if
/// commit, command, program and machine are the same. The files of the report are replaced when
/// everything is there.
///
/// The exit status is 1 if a part is missing; the report says which.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub(crate) struct Arguments {
    /// About eight minutes on two cores, of which verification takes one at most: the default
    #[arg(long, conflicts_with = "full")]
    pub(crate) quick: bool,

    /// More rounds and the seeded bugs, too: about 35 minutes on two cores
    #[arg(long)]
    pub(crate) full: bool,

    /// The report's folder, which is made if need be; `keyway-report` if not given
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// This part only; may be given several times
    #[arg(long = "part", value_name = "PART", value_parser = parts())]
    pub(crate) parts: Vec<String>,

    /// As little of everything as there is, for tests: the figures mean nothing
    #[arg(long, hide = true)]
    pub(crate) briefly: bool,

    /// Stop after this many parts, as if interrupted: for tests
    #[arg(long, hide = true, value_name = "N")]
    pub(crate) stop_after: Option<usize>,
}

fn parts() -> PossibleValuesParser {
    Part::ALL.map(Part::name).into()
}

impl Lab for Program {
    fn fingerprint(&self) -> Result<u64, Error> {
        self.bytes().map(|bytes| keyway_report::fingerprint(&bytes)).map_err(Error::new)
    }

    fn run(&self, arguments: &[OsString], is_silent: bool) -> Result<Output, Error> {
        let mut command = self.command().map_err(Error::new)?;
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        if is_silent {
            command.stderr(Stdio::null());
        }
        let child = children::start(&mut command);
        child
            .and_then(Kept::output)
            .map_err(|error| Error::new(format!("cannot start this program once more: {error}")))
    }

    fn surroundings(&self) -> Surroundings {
        machine::surroundings()
    }
}

/// Runs the commands and writes the report.
pub(crate) fn run(arguments: &Arguments, output: &output::Output) -> io::Result<ExitCode> {
    match written(arguments) {
        Ok((folder, results, missing)) => {
            shown(&folder, &results, &missing, output)?;
            Ok(if missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Err(error) => {
            tell!("error: {error}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn written(arguments: &Arguments) -> Result<(PathBuf, Results, Vec<String>), Error> {
    let kind = if arguments.full { Kind::Full } else { Kind::Quick };
    let wanted: Vec<Part> =
        Part::ALL.into_iter().filter(|part| arguments.parts.iter().any(|name| name == part.name())).collect();
    let steps = keyway_report::plan(kind, arguments.briefly, &wanted);
    let path = arguments.out.clone().unwrap_or_else(|| FOLDER.into());
    // Before the folder is touched: a folder in the checkout would be a change of it.
    let surroundings = machine::surroundings();
    let folder = Folder::open(&path)?;
    let program = Program::this().map_err(Error::new)?;
    announce(&path, &steps);
    if let Some(stop) = arguments.stop_after {
        keyway_report::collect(
            program,
            &folder,
            &steps[..stop.min(steps.len())],
            &surroundings,
            &mut io::stderr(),
        )?;
        return Err(Error::new(format!("stopped after {stop} parts")));
    }
    let Collected { parts, missing } =
        keyway_report::collect(program, &folder, &steps, &surroundings, &mut io::stderr())?;
    let first = Part::ALL.iter().find_map(|part| parts.get(part));
    let provenance = first.and_then(|document| document.get("machine")).cloned().unwrap_or_default();
    let results = Results {
        schema: SCHEMA.to_owned(),
        kind,
        provenance: serde_json::from_value(provenance).unwrap_or_default(),
        claims: keyway_report::claims(&parts, kind),
        kept_ledger: crate::blocks::kept_ledger()?,
        parts,
    };
    if results.parts.is_empty() {
        return Err(Error::new(format!("no part of the report was finished: {}", missing.join("; "))));
    }
    let timelines = if results.parts.contains_key(&Part::Starvation) {
        keyway_report::timelines(program, &folder, &mut io::stderr())?
    } else {
        Vec::new()
    };
    folder.write_all(&keyway_report::files_with(&results, &missing, &timelines)?)?;
    if missing.is_empty() {
        folder.forget_parts()?;
    }
    Ok((path, results, missing))
}

fn announce(path: &Path, steps: &[Step]) {
    let minutes = steps.iter().map(|step| step.seconds).sum::<u64>().div_ceil(60);
    tell!(
        "A report to {}: {} parts, about {minutes} min on two free cores, and the build of the models if there is none. Interrupted, \
         the same command goes on where it was.",
        path.display(),
        steps.len()
    );
}

fn shown(folder: &Path, results: &Results, missing: &[String], output: &output::Output) -> io::Result<()> {
    streams::print(|out| {
        if output.is_json() {
            return out.write_all(results.to_json().as_bytes());
        }
        out.write_all(table(&keyway_report::decision_lines(results)).as_bytes())?;
        writeln!(out, "\n{}", results.provenance.in_short())?;
        let page =
            std::path::absolute(folder.join("report.html")).unwrap_or_else(|_| folder.join("report.html"));
        writeln!(out, "\nThe report: {}", page.display())?;
        writeln!(
            out,
            "{} sentences to cite: cargo lab cite ID; those of biased counts' pair: cargo lab cite owner-pair/biased-counts",
            results.claims.len()
        )
    })?;
    missing.iter().for_each(|line| tell!("missing: {line}"));
    Ok(())
}
