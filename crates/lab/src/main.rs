//! The command line: experiments, reports, citations. `cargo lab help` lists the experiments.
//!
//! Which file may use which, bottom to top: `system`; `free_cores`, `machine`, `rounds`, `progress`, `output`; one file an
//! experiment; `cli`.

mod cli;
mod countdown;
mod free_cores;
mod machine;
mod output;
mod progress;
mod rounds;
mod system;

fn main() -> std::process::ExitCode {
    cli::main()
}
