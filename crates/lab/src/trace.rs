//! Recorded traces: their statistics, the life of one object, a part of one.

mod cut;
mod show;
mod stat;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, value_parser};
use keyway_traces::{Limits, Reader, TraceError};

use crate::output::Output;
use crate::streams::tell;

/// Look into recorded reference-count traffic: statistics, the life of one object, a part of a
/// trace
///
/// A file is read to its end and checked, in memory that grows with the objects in its table alone.
/// For a file that is damaged or contradicts itself there is one line with file, place and reason,
/// and exit status 1.
#[derive(Args, Clone, Debug)]
#[command(arg_required_else_help = false)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Clone, Debug)]
enum Action {
    /// Sum traces up: how much traffic, by whom, on what, and for how long objects lived
    Stat {
        /// Traces, compressed with zstd or not
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,

        #[command(flatten)]
        limits: LimitArguments,
    },
    /// Show everything that happened to one object
    Show {
        /// A trace
        #[arg(value_name = "FILE")]
        file: PathBuf,

        /// The object's id: its place in the table, from 0
        #[arg(long, value_name = "N")]
        object: u32,

        #[command(flatten)]
        limits: LimitArguments,
    },
    /// Cut a part out of a trace: objects that are alive where it begins become older ones
    Cut {
        /// A trace
        #[arg(value_name = "FILE")]
        file: PathBuf,

        /// The first event of the part
        #[arg(long, value_name = "EVENT", default_value_t = 0)]
        from: usize,

        /// Events in the part, at most
        #[arg(long, value_name = "N")]
        events: usize,

        /// The file to write
        #[arg(long, value_name = "FILE")]
        to: PathBuf,

        #[command(flatten)]
        limits: LimitArguments,
    },
}

/// How much of a file is taken on.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LimitArguments {
    /// Refuse traces with more objects
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.objects, value_parser = value_parser!(u64).range(..=1 << 32))]
    max_objects: u64,

    /// Refuse traces with more events
    /// [default: 33554432 where they are kept in memory, 8589934592 for `trace stat`]
    #[arg(long, value_name = "N")]
    max_events: Option<u64>,

    /// Refuse traces that are longer after decompression
    #[arg(long, value_name = "BYTES", default_value_t = Limits::DEFAULT.bytes)]
    max_bytes: u64,
}

impl LimitArguments {
    /// Opens a trace whose events pass by.
    pub(crate) fn open(self, file: &PathBuf) -> Result<Reader<'static>, TraceError> {
        self.open_within(file, Limits::DEFAULT)
    }

    /// Opens a trace whose events are kept.
    pub(crate) fn open_to_keep(self, file: &PathBuf) -> Result<Reader<'static>, TraceError> {
        self.open_within(file, Limits::IN_MEMORY)
    }

    fn open_within(self, file: &PathBuf, default: Limits) -> Result<Reader<'static>, TraceError> {
        let events = self.max_events.unwrap_or(default.events);
        Reader::open_within(file, Limits { objects: self.max_objects, events, bytes: self.max_bytes })
    }
}

/// Does what the arguments ask for.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    match &arguments.action {
        Action::Stat { files, limits } => stat::run(files, *limits, output),
        Action::Show { file, object, limits } => show::run(file, *object, *limits, output),
        Action::Cut { file, from, events, to, limits } => {
            Ok(cut::run(file, *from..from.saturating_add(*events), to, *limits))
        }
    }
}

/// Tells what is wrong.
pub(crate) fn failed(error: &TraceError) -> ExitCode {
    tell!("error: {error}");
    ExitCode::FAILURE
}

/// Short names of files, unlike each other: `queue`, or `ft/queue` and `gil/queue`.
pub(crate) fn short_names(files: &[PathBuf]) -> Vec<String> {
    let name = |file: &PathBuf, parts: usize| {
        let mut parts: Vec<String> =
            file.iter().rev().take(parts).map(|part| part.to_string_lossy().into_owned()).collect();
        if let Some(last) = parts.first_mut()
            && let Some(dot) = last.find('.').filter(|&dot| dot > 0)
        {
            last.truncate(dot);
        }
        parts.reverse();
        parts.join("/")
    };
    let most = files.iter().map(|file| file.iter().count()).max().unwrap_or(1);
    let names = |parts: usize| files.iter().map(|file| name(file, parts)).collect::<Vec<_>>();
    let are_distinct = |names: &Vec<String>| {
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort_unstable();
        sorted.windows(2).all(|pair| pair[0] != pair[1])
    };
    (1..=most).map(names).find(are_distinct).unwrap_or_else(|| names(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_short_as_they_can_be() {
        let short = |files: &[&str]| short_names(&files.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(short(&["/a/ft/queue.rct.zst", "/a/ft/web.rct.zst"]), ["queue", "web"]);
        assert_eq!(short(&["/a/ft/queue.rct.zst", "/a/gil/queue.rct.zst"]), ["ft/queue", "gil/queue"]);
        assert_eq!(short(&["queue", "queue"]), ["queue", "queue"]);
        assert_eq!(short(&[".hidden"]), [".hidden"]);
    }
}
