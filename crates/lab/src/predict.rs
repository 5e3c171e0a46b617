//! The experiment `predict`: what more threads than there are cores may get done at one object, as
//! a band. Nothing is measured.

mod show;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Args, value_parser};
use keyway_predict::latencies::{Latencies, Machine};
use keyway_predict::{Measured, Prediction, predict};
use serde::Serialize;
use serde_json::Value;

use crate::output::Output;
use crate::streams::tell;
use crate::{file, models};

/// The version of the document: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-lab/predict/1";

/// What is read if nothing is named, in the checkout.
const RESULTS: &str = "docs/results/results.json";

/// What more threads than there are cores may get done at one object: a band from what was
/// measured, never a line
///
/// The lower side is the universal scalability law, fitted to the throughput of each number of
/// threads that was measured; the largest is held out first, and the error on it shown. Below four
/// measured counts there is no lower side. The upper side is a closed queueing model of the row's
/// hottest cache line: what an operation costs when nobody else is there, and how long a line
/// travels between cores by a published table. It is held against the row of two threads.
///
/// A result that makes no sense is refused, and the output says so. More than four times the
/// measured count is speculative. docs/predict.md has the assumptions.
#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// Numbers of threads to predict for
    #[arg(
        long, value_name = "N,...", value_delimiter = ',', default_values_t = [64, 256],
        value_parser = value_parser!(u32).range(1..=4096)
    )]
    threads: Vec<u32>,

    /// Predict from this file: a report's results.json, or what `cargo lab scaling --json` or
    /// `cargo lab cost --json` have printed; may be given several times. Without it,
    /// docs/results/results.json
    #[arg(long, value_name = "FILE")]
    from: Vec<PathBuf>,

    /// Let lines travel as on this machine of the table, in place of the server whose cores are
    /// nearest
    #[arg(long, value_name = "ID", value_parser = machine_ids())]
    latency_of: Option<String>,

    /// Also draw the bands to this file, as SVG
    #[arg(long, value_name = "FILE", value_parser = file::place())]
    plot: Option<PathBuf>,

    /// Also write the table to this file, as a page of the documentation
    #[arg(long, value_name = "FILE", value_parser = file::place())]
    docs: Option<PathBuf>,
}

fn machine_ids() -> PossibleValuesParser {
    let machines = Latencies::published().machines.into_iter();
    machines
        .map(|machine| clap::builder::PossibleValue::new(machine.id).help(machine.processor))
        .collect::<Vec<_>>()
        .into()
}

/// What the document holds besides.
#[derive(Debug, Serialize)]
struct Predictions<'a> {
    /// Where the table of latencies was published.
    latencies: Source,
    rows: &'a [Prediction],
}

#[derive(Debug, Serialize)]
struct Source {
    source: &'static str,
    commit: &'static str,
    file: &'static str,
    machine: &'static str,
    near_ns: f64,
}

/// Computes the bands and prints them.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    let measured = match read(&arguments.from) {
        Ok(measured) => measured,
        Err(error) => {
            tell!("error: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let table = Latencies::published();
    let named = arguments.latency_of.as_deref().and_then(|id| table.machine(id));
    let machine = named.unwrap_or_else(|| table.nearest_server());
    let mut threads = arguments.threads.clone();
    threads.sort_unstable();
    threads.dedup();
    let rows = predict(&measured, &threads, machine);
    let foot = measured.machine_in_short();
    let notes = show::notes(&rows, &table, machine);

    let write = |path: &Option<PathBuf>, text: &dyn Fn() -> String| {
        path.as_ref().map_or(Ok(()), |path| file::write(path, &text()))
    };
    let page = || {
        show::page(
            &rows,
            &notes,
            &foot,
            output.command(),
            arguments.plot.as_deref(),
            arguments.docs.as_deref(),
        )
    };
    let written = [write(&arguments.docs, &page), write(&arguments.plot, &|| show::plot(&rows).svg())];
    output.print_about(
        SCHEMA,
        &measured.machine,
        &foot,
        &Predictions { latencies: source(&table, machine), rows: &rows },
        || show::text(&rows),
        &notes,
    )?;
    let mut code = ExitCode::SUCCESS;
    for error in written.into_iter().filter_map(Result::err) {
        tell!("{error}");
        code = ExitCode::FAILURE;
    }
    Ok(code)
}

fn source(table: &Latencies, machine: &Machine) -> Source {
    Source {
        source: table.source,
        commit: table.commit,
        file: machine.file,
        machine: machine.processor,
        near_ns: machine.near_ns,
    }
}

fn read(files: &[PathBuf]) -> Result<Measured, String> {
    if files.is_empty() {
        let results = models::workspace().join(RESULTS);
        if !results.is_file() {
            return Err(format!(
                "there is no {RESULTS}: name a report's results.json, or documents of `cargo lab scaling --json` and `cargo lab cost --json`, with --from"
            ));
        }
        return Measured::read(&[document(&results)?]).map_err(|error| format!("{RESULTS}: {error}"));
    }
    let documents = files.iter().map(|file| document(file)).collect::<Result<Vec<_>, _>>()?;
    Measured::read(&documents).map_err(|error| {
        let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
        format!("{}: {error}", names.join(", "))
    })
}

fn document(path: &Path) -> Result<Value, String> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}
