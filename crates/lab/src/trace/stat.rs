//! The statistics of traces, one line each.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use keyway_traces::{Op, Stats};
use serde::Serialize;

use super::{LimitArguments, failed, short_names};
use crate::machine::Machine;
use crate::output::{Output, table};

/// The version of the document: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-lab/trace-stat/1";

/// One trace; the words are those of [`Stats`].
#[derive(Debug, Serialize)]
struct Row {
    trace: String,
    file: String,
    global_lock: bool,
    threads: u32,
    events: u64,
    objects: u32,
    preexisting: u32,
    immortal_objects: u64,
    count_operations: u64,
    immortal_skips: u64,
    per_thread: u64,
    immortal_percent: f64,
    owner_percent: f64,
    shared_percent: f64,
    by_try: u64,
    shared_objects_percent: f64,
    shared_objects: u64,
    on_shared_objects_percent: f64,
    hand_overs: u64,
    ten_hottest_percent: f64,
    queued: u64,
    merge_zero: u64,
    merge_explicit: u64,
    max_live: u64,
    deallocs: u64,
    deallocs_by_others: u64,
    life_operations_mean: f64,
    life_operations_median: f64,
    life_events_median: f64,
    life_events_p90: u64,
}

impl Row {
    fn new(trace: String, file: &Path, stats: &Stats) -> Self {
        let header = &stats.header;
        Row {
            trace,
            file: file.display().to_string(),
            global_lock: header.global_lock,
            threads: header.threads,
            events: header.events,
            objects: header.objects,
            preexisting: header.preexisting,
            immortal_objects: stats.immortal_objects,
            count_operations: stats.count_operations,
            immortal_skips: stats.immortal_skips(),
            per_thread: stats.per_thread(),
            immortal_percent: stats.immortal_percent(),
            owner_percent: stats.owner_percent(),
            shared_percent: stats.shared_percent(),
            by_try: stats.by_try,
            shared_objects_percent: stats.shared_objects_percent(),
            shared_objects: stats.shared_objects,
            on_shared_objects_percent: stats.on_shared_objects_percent(),
            hand_overs: stats.hand_overs,
            ten_hottest_percent: stats.ten_hottest_percent(),
            queued: stats.count_of(Op::Queue),
            merge_zero: stats.count_of(Op::MergeZero),
            merge_explicit: stats.count_of(Op::MergeExplicit),
            max_live: stats.max_live,
            deallocs: stats.deallocs,
            deallocs_by_others: stats.deallocs_by_others,
            life_operations_mean: stats.life_operations.mean,
            life_operations_median: stats.life_operations.median,
            life_events_median: stats.life_events.median,
            life_events_p90: stats.life_events.p90,
        }
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.trace.clone(),
            self.threads.to_string(),
            self.events.to_string(),
            format!("{} ({})", self.objects, self.preexisting),
            self.count_operations.to_string(),
            self.immortal_skips.to_string(),
            self.per_thread.to_string(),
            format!("{:.1}", self.immortal_percent),
            format!("{:.2}", self.owner_percent),
            format!("{:.2}", self.shared_percent),
            self.by_try.to_string(),
            format!("{:.2} ({})", self.shared_objects_percent, self.shared_objects),
            format!("{:.1}", self.on_shared_objects_percent),
            self.hand_overs.to_string(),
            format!("{:.0}", self.ten_hottest_percent),
            self.queued.to_string(),
            self.merge_zero.to_string(),
            self.merge_explicit.to_string(),
            self.max_live.to_string(),
            self.deallocs.to_string(),
            self.deallocs_by_others.to_string(),
            format!("{:.1}/{}", self.life_operations_mean, self.life_operations_median),
            format!("{}/{}", self.life_events_median, self.life_events_p90),
        ]
    }
}

const HEADING: [&str; 23] = [
    "trace",
    "thr",
    "events",
    "objects (pre)",
    "mortal count ops",
    "immortal skips",
    "per-thread",
    "imm %",
    "owner %",
    "shared %",
    "try-inc",
    "multi-thread obj % (n)",
    "ops on them %",
    "hand-overs",
    "top-10 obj %",
    "queued",
    "merge0",
    "explicit merges",
    "max live",
    "deallocs",
    "by non-alloc thread",
    "life ops mean/med",
    "life events med/p90",
];

/// Prints the statistics of every file; none if one of them is wrong.
pub(super) fn run(files: &[PathBuf], limits: LimitArguments, output: &Output) -> io::Result<ExitCode> {
    let mut rows = Vec::new();
    for (file, name) in files.iter().zip(short_names(files)) {
        match limits.open(file).and_then(|mut reader| Stats::of(&mut reader)) {
            Ok(stats) => rows.push(Row::new(name, file, &stats)),
            Err(error) => return Ok(failed(&error)),
        }
    }
    let machine = Machine::before_run(1);
    let lines = [HEADING.map(str::to_owned).to_vec()].into_iter().chain(rows.iter().map(Row::cells));
    output.print(SCHEMA, &machine, &rows, || table(&lines.collect::<Vec<_>>()), &[])?;
    Ok(ExitCode::SUCCESS)
}
