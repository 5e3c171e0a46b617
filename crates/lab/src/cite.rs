//! One sentence of a report, to cite.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use keyway_report::{Claim, Error, Form, Results};

use crate::models::workspace;
use crate::output::Output;
use crate::report::FOLDER;
use crate::streams::{self, tell};

/// Print a claim of a report with its interval, conditions, machine, commit and command: as
/// Markdown, as BibTeX and as one plain line
///
/// Claims are taken from the report in `keyway-report`, or, where there is none, from the one of
/// this repository (docs/results). Standard error says which of the two it was.
#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// Such as owner-pair/biased-counts; its beginning lists what there is
    #[arg(value_name = "ID")]
    id: String,

    /// In this form alone
    #[arg(long = "as", value_name = "FORM", value_enum)]
    form: Option<Style>,

    /// Take claims from this results.json
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Style {
    Markdown,
    Bibtex,
    Plain,
}

/// Prints the claim.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    let found = results(arguments.from.clone()).and_then(|(results, chosen)| {
        let mut claim =
            results.claim(&arguments.id).cloned().ok_or_else(|| unknown(&arguments.id, &results, &chosen))?;
        // Older reports say it once for all claims.
        claim.report = claim.report.or(Some(results.kind));
        Ok((claim, results.provenance.date, chosen))
    });
    let (claim, date, chosen) = match found {
        Ok(found) => found,
        Err(error) => {
            tell!("error: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    if let Some(chosen) = chosen {
        tell!("{chosen}");
    }
    streams::print(|out| {
        if output.is_json() {
            serde_json::to_writer_pretty(&mut *out, &claim)?;
            writeln!(out)
        } else {
            writeln!(out, "{}", cited(&claim, arguments.form, &date))
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn cited(claim: &Claim, style: Option<Style>, date: &str) -> String {
    let forms = match style {
        None => vec![Form::Markdown, Form::BibTeX, Form::Plain],
        Some(Style::Markdown) => vec![Form::Markdown],
        Some(Style::Bibtex) => vec![Form::BibTeX],
        Some(Style::Plain) => vec![Form::Plain],
    };
    forms.into_iter().map(|form| keyway_report::cite(claim, form, date)).collect::<Vec<_>>().join("\n\n")
}

/// The report that was asked for, or the nearest, and which one it is if it was chosen here.
fn results(from: Option<PathBuf>) -> Result<(Results, Option<String>), Error> {
    let near = PathBuf::from(FOLDER).join("results.json");
    let kept = workspace().join("docs/results/results.json");
    match from {
        Some(file) => Ok((Results::read(&file)?, None)),
        None if near.exists() => Ok((Results::read(&near)?, Some(format!("From {}.", near.display())))),
        None if kept.exists() => {
            let chosen = format!("From {}, since there is no {} here.", kept.display(), near.display());
            Ok((Results::read(&kept)?, Some(chosen)))
        }
        None => Err(Error::new(format!(
            "there is no {}, and no {}: run `cargo lab report`, or name a file with --from",
            near.display(),
            kept.display()
        ))),
    }
}

/// A few claims that could have been meant.
fn unknown(id: &str, results: &Results, chosen: &Option<String>) -> Error {
    let beginning = id.split('/').next().unwrap_or_default();
    let near = results.claims.iter().map(|claim| claim.id.as_str());
    let mut near: Vec<&str> =
        near.filter(|claim| claim.starts_with(beginning) || claim.contains(id)).take(12).collect();
    if near.is_empty() {
        near = results.claims.iter().map(|claim| claim.id.as_str()).take(5).collect();
    }
    let chosen = chosen.as_ref().map_or(String::new(), |chosen| format!(". {chosen}"));
    Error::new(format!("there is no claim {id}; there are {}{chosen}", near.join(", ")))
}
