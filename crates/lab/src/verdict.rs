//! The experiment `verdict`: may a strategy take the place of the global lock? Van Rossum's
//! criterion, computed.

mod echo;
mod judge;
mod memory;
mod plan;
mod show;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, value_parser};
use keyway_workloads::STRATEGIES;
use serde::Serialize;

use crate::file;
use crate::machine::Machine;
use crate::markdown;
use crate::output::Output;
use crate::rounds::Figure;
use crate::streams::tell;
use judge::{Answer, Judged};
use memory::Memory;
use plan::{Plan, geometric_mean};

/// The version of the document: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-lab/verdict/1";

/// The strategy that the others are compared with: the lock that van Rossum's criterion is about.
const REFERENCE: &str = "global-lock-interval";

/// Van Rossum's criterion, for every strategy: are single-threaded programs, and multi-threaded
/// I/O-bound ones, not slower?
///
/// Guido van Rossum has said on what condition he would take a change that removes CPython's global
/// lock: a program with one thread must not become slower, and neither must one with several
/// threads that mostly wait for input and output (artima.com/weblogs/viewpost.jsp?thread=214235;
/// the article cites it). Here each strategy is held to that, against global-lock-interval: with
/// every workload on one thread, by the geometric mean of their ratios; and with several clients
/// that send messages to servers, which answer 200 microseconds later. The memory that an object
/// takes stands next to it.
///
/// Everything is measured once a round, and ratios are formed within a round; the reference is
/// measured twice. The answer is `yes` (not slower) if the 95 % bootstrap interval of the median
/// ratio has nothing above 1; `no` if it lies above 1 as a whole, and above what the reference
/// differs from itself; otherwise `within noise`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// How often everything is measured
    #[arg(long, value_name = "N", default_value_t = 21, value_parser = value_parser!(u32).range(1..=100_000))]
    rounds: u32,

    /// How large the programs are, in hundredths of their usual sizes
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = value_parser!(u64).range(1..=100_000))]
    percent: u64,

    /// I/O-bound threads
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u16).range(2..=256))]
    threads: u16,

    /// Judge this strategy only; may be given several times
    #[arg(long = "strategy", value_name = "ID", value_parser = strategy_ids())]
    strategies: Vec<String>,

    /// Also draw the ratios to this file, as SVG
    #[arg(long, value_name = "FILE", value_parser = file::place())]
    plot: Option<PathBuf>,

    /// Also write the tables to this file, as a page of the documentation
    #[arg(long, value_name = "FILE", value_parser = file::place())]
    docs: Option<PathBuf>,
}

fn strategy_ids() -> PossibleValuesParser {
    let ids = STRATEGIES.iter().map(|strategy| PossibleValue::new(strategy.id).help(strategy.summary));
    ids.collect::<Vec<_>>().into()
}

/// One row of the document: a strategy.
#[derive(Debug, Serialize)]
struct Row {
    strategy: &'static str,
    /// With one thread: the geometric mean of the workloads' ratios, and the answer.
    single_thread: Judged,
    /// The ratio of each workload.
    workloads: Vec<WorkloadRatio>,
    /// Several I/O-bound threads, where several are attached at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    io_bound: Option<Judged>,
    /// How many I/O-bound threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    threads: Option<usize>,
    /// Whether the criterion is met: no if either is, yes if both are. Left out if one is not
    /// known.
    #[serde(skip_serializing_if = "Option::is_none")]
    meets_criterion: Option<Answer>,
    memory: Memory,
}

/// A workload's time on one thread by that of the reference.
#[derive(Debug, Serialize)]
struct WorkloadRatio {
    workload: &'static str,
    ratio: Figure,
}

/// The further fields of the document: the difference of the reference from itself, measured again.
#[derive(Debug, Serialize)]
struct Verdict {
    /// The strategy that the ratios are to.
    reference: &'static str,
    /// The reference compared with itself: the accuracy of a ratio.
    again: Again,
    rows: Vec<Row>,
}

/// The reference measured twice, and its objects.
#[derive(Clone, Copy, Debug, Serialize)]
struct Again {
    single_thread: Figure,
    io_bound: Figure,
    memory: Memory,
}

/// Runs the experiment and prints its results.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    let plan = Plan::new(arguments);
    let mut machine = Machine::before_run(2);
    let measured = match plan.measure(arguments) {
        Ok(measured) => measured,
        Err(error) => {
            tell!("error: the echo servers: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    machine.after_run();
    let verdict = judge_all(arguments, &plan, &measured);
    let notes: Vec<String> = machine.shortage().into_iter().collect();
    let written = write_files(arguments, &verdict, &machine, output.command());
    output.print_results(SCHEMA, &machine, &verdict, || show::text(arguments, &verdict), &notes)?;
    match written {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            tell!("{error}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn judge_all(arguments: &Arguments, plan: &Plan, measured: &plan::Measured) -> Verdict {
    let again = Again {
        single_thread: measured.figure(|round| geometric_mean(plan.ratios(round, plan.again()))),
        io_bound: measured.figure(|round| plan.io_ratio(round, plan.again()).unwrap_or(f64::NAN)),
        memory: memory::of(REFERENCE, REFERENCE),
    };
    let row = |subject: usize| {
        let strategy = plan.id(subject);
        let single_thread = measured.figure(|round| geometric_mean(plan.ratios(round, subject)));
        let single_thread = Judged::new(single_thread, again.single_thread);
        let io_bound = plan.has_io(subject).then(|| {
            let ratio = measured.figure(|round| plan.io_ratio(round, subject).unwrap_or(f64::NAN));
            Judged::new(ratio, again.io_bound)
        });
        let workloads = plan.workloads().enumerate().map(|(number, workload)| WorkloadRatio {
            workload,
            ratio: measured.figure(|round| plan.ratios(round, subject).nth(number).unwrap_or(f64::NAN)),
        });
        Row {
            strategy,
            workloads: workloads.collect(),
            threads: io_bound.as_ref().map(|_| usize::from(arguments.threads)),
            meets_criterion: io_bound.as_ref().map(|io| single_thread.not_slower.and(io.not_slower)),
            single_thread,
            io_bound,
            memory: memory::of(strategy, REFERENCE),
        }
    };
    let rows = plan.judged().map(row).collect();
    Verdict { reference: REFERENCE, again, rows }
}

/// Writes the files that the arguments ask for.
fn write_files(
    arguments: &Arguments,
    verdict: &Verdict,
    machine: &Machine,
    command: &str,
) -> Result<(), String> {
    let (plot, page) = (arguments.plot.as_deref(), arguments.docs.as_deref());
    if let Some(plot) = plot {
        file::write(plot, &show::plot(verdict).svg())?;
    }
    if let Some(page) = page {
        let reading = "[The lab](../lab.md) says how the figures are taken.";
        let mut text = markdown::beginning("The verdict", command, reading, machine);
        machine.shortage().iter().for_each(|shortage| text += &format!("**{shortage}**\n\n"));
        text += &show::page(arguments, verdict);
        if let Some(plot) = plot {
            text += &format!("\n{}", markdown::image("The verdict", plot, page));
        }
        file::write(page, &text)?;
    }
    Ok(())
}
