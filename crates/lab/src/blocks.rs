//! The figures in README and docs: written from the report that the repository keeps.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use keyway_report::{Error, KeptLedger, Results, price_and_gain, write_whole};

use crate::models::workspace;
use crate::streams::tell;

/// Where `cargo lab verify --docs docs/results/ledger.md` leaves the ledger in short.
const IN_SHORT: &str = "docs/results/ledger.json";

/// Write the figures in README and docs anew, from docs/results/results.json
///
/// They stand between `<!-- figures: NAME -->` and `<!-- end of figures -->`. NAME is `decision`,
/// `in-short`, `machine`, `ledger`, `published`, or `claims ` and the beginning of the claims' ids.
#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// Write nothing; the exit status is 1 if a page would change
    #[arg(long)]
    check: bool,
}

/// Writes or checks the pages.
pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    match stale(arguments.check) {
        Ok(pages) if pages.is_empty() => Ok(ExitCode::SUCCESS),
        Ok(pages) => {
            let verb = if arguments.check { "not as `cargo lab blocks` would write it" } else { "written" };
            pages.iter().for_each(|page| tell!("{}: {verb}", page.display()));
            Ok(if arguments.check { ExitCode::FAILURE } else { ExitCode::SUCCESS })
        }
        Err(error) => {
            tell!("error: {error}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The pages whose blocks are not those of the report; written anew unless they are only looked at.
fn stale(only_look: bool) -> Result<Vec<PathBuf>, Error> {
    let folder = workspace().join("docs/results");
    let kept = folder.join("results.json");
    let mut results = if kept.exists() { Some(Results::read(&kept)?) } else { None };
    if let Some(results) = &mut results {
        results.kept_ledger = kept_ledger()?;
    }
    let mut stale = Vec::new();
    if let Some(results) = &results {
        let picture = folder.join("plots/price-and-gain.svg");
        let fresh = price_and_gain(results).svg();
        if fs::read_to_string(&picture).ok().as_ref() != Some(&fresh) {
            if !only_look {
                let of = |error| Error::new(format!("{}: {error}", picture.display()));
                write_whole(&picture, fresh.as_bytes()).map_err(of)?;
            }
            stale.push(picture);
        }
    }
    for page in pages()? {
        let of = |error: &dyn std::fmt::Display| Error::new(format!("{}: {error}", page.display()));
        let text = fs::read_to_string(&page).map_err(|error| of(&error))?;
        let fresh = keyway_report::refreshed(&text, results.as_ref()).map_err(|error| of(&error))?;
        if fresh == text {
            continue;
        }
        if !only_look {
            write_whole(&page, fresh.as_bytes())
                .map_err(|error| of(&format!("cannot be written: {error}")))?;
        }
        stale.push(page);
    }
    Ok(stale)
}

/// The ledger that the checkout keeps, in short; none if it keeps none.
pub(crate) fn kept_ledger() -> Result<Option<KeptLedger>, Error> {
    let path = workspace().join(IN_SHORT);
    if path.exists() { KeptLedger::read(&path).map(Some) } else { Ok(None) }
}

/// The README and the pages of docs.
fn pages() -> Result<Vec<PathBuf>, Error> {
    let docs = workspace().join("docs");
    let of = |error| Error::new(format!("{}: {error}", docs.display()));
    let mut pages = vec![workspace().join("README.md")];
    for entry in fs::read_dir(&docs).map_err(of)? {
        let page = entry.map_err(of)?.path();
        if page.extension() == Some(Path::new("md").as_os_str()) {
            pages.push(page);
        }
    }
    pages.sort();
    Ok(pages)
}
