//! `merge`: several reports in one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use keyway_report::{Allowed, Error, Folder, LedgerPart, Part, Results, Source};

use crate::output::{Output, table_of_words};
use crate::streams::{self, tell};

/// Put the parts of a split run together, or set machines side by side, in one report
///
/// Reports of one machine are parts of one run: each row may be there once. Reports of several
/// machines are compared, claim by claim. Files that end in .jsonl are the ledgers of the jobs that
/// `cargo lab plan` writes; all of them must be there.
#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// results.json of each report, and ledgers
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The folder of the new report, which is made if need be; nothing is written without it
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Merge results of different commits all the same
    #[arg(long)]
    different_commits: bool,

    /// Set reports of one machine side by side, in place of putting them together
    #[arg(long)]
    apart: bool,
}

/// Merges and shows what came of it.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    let merged = read(arguments).and_then(|machines| {
        if let Some(out) = &arguments.out {
            write(&Folder::open(out)?, &machines)?;
        }
        Ok(machines)
    });
    let machines = match merged {
        Ok(machines) => machines,
        Err(error) => {
            tell!("error: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let text = if output.is_json() {
        keyway_report::to_json(&machines)
    } else {
        table_of_words(&keyway_report::side_by_side(&machines), 2)
    };
    streams::print(|out| out.write_all(text.as_bytes()))?;
    Ok(ExitCode::SUCCESS)
}

fn read(arguments: &Arguments) -> Result<Vec<Results>, Error> {
    let allowed = Allowed { different_commits: arguments.different_commits, apart: arguments.apart };
    let is_ledger = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "jsonl");
    let (ledgers, reports): (Vec<&PathBuf>, Vec<&PathBuf>) = arguments.files.iter().partition(is_ledger);
    let report =
        |path: &&PathBuf| Ok(Source { file: path.display().to_string(), results: Results::read(path)? });
    let mut sources = reports.iter().map(report).collect::<Result<Vec<_>, Error>>()?;
    if !ledgers.is_empty() {
        let parts = ledgers.iter().map(|path| ledger_part(path)).collect::<Result<Vec<_>, _>>()?;
        let first = sources
            .first_mut()
            .ok_or_else(|| Error::new("ledgers belong to a report: name its results.json, too".to_owned()))?;
        if first.results.parts.contains_key(&Part::Ledger) {
            return Err(Error::new(format!("{} has a ledger already", first.file)));
        }
        let document = keyway_report::ledger(&parts, &first.results.provenance, allowed)?;
        first.results.parts.insert(Part::Ledger, document);
    }
    keyway_report::merge(sources, allowed)
}

fn ledger_part(path: &Path) -> Result<LedgerPart, Error> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| Error::new(format!("{file}: {error}")))?;
    LedgerPart::parse(&file, &text)
}

fn write(folder: &Folder, machines: &[Results]) -> Result<(), Error> {
    if let [one] = machines {
        let missing: Vec<String> = Part::ALL
            .into_iter()
            .filter(|part| !one.parts.contains_key(part))
            .map(|part| format!("{}: in none of the files", part.name()))
            .collect();
        folder.write_all(&keyway_report::files(one, &missing)?)?;
    } else {
        folder.write_all(&[
            ("report.md".to_owned(), keyway_report::comparison(machines)),
            ("report.html".to_owned(), keyway_report::comparison_page(machines)),
            ("results.json".to_owned(), keyway_report::to_json(machines)),
        ])?;
    }
    folder.forget_parts()
}
