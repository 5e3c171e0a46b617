//! The command line: experiments, reports, citations. `cargo lab help` lists the experiments.
//!
//! Which file may use which, bottom to top: `streams`, `system`; `program`, `children`;
//! `free_cores`, `models`, `checkout`, `machine`, `rounds`, `output`, `file`, `plot`, `markdown`,
//! `intervals`; `timeline`; `progress`; one file or folder an experiment; `cli`.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod blocks;
mod check;
mod checkout;
mod children;
mod cite;
mod cli;
mod cost;
mod countdown;
mod deadlock;
mod file;
mod free_cores;
mod intervals;
mod io;
mod machine;
mod markdown;
mod merge;
mod models;
mod output;
mod plan;
mod predict;
mod program;
mod progress;
mod race;
mod replay;
mod report;
mod rounds;
mod scaling;
mod starvation;
mod streams;
mod system;
mod timeline;
mod trace;
mod verdict;
mod verify;

use keyway_report::plot;

fn main() -> std::process::ExitCode {
    file::large_is_an_error();
    cli::main()
}
