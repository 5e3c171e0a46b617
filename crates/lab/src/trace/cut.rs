//! A part of a trace as a trace of its own.

use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;

use keyway_traces::Trace;

use super::{LimitArguments, failed};
use crate::streams::tell;

/// Writes the part to a file.
pub(super) fn run(file: &PathBuf, part: Range<usize>, to: &PathBuf, limits: LimitArguments) -> ExitCode {
    let trace = match limits.open_to_keep(file).and_then(|mut reader| Trace::read(&mut reader)) {
        Ok(trace) => trace,
        Err(error) => return failed(&error),
    };
    if let Err(error) = trace.cut(part).write_file(to) {
        tell!("error: cannot write {}: {error}", to.display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
