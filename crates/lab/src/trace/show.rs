//! The life of one object, event by event.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use keyway_traces::{Life, Moment, Op, Stage, dealloc, path};
use serde::Serialize;

use super::{LimitArguments, failed};
use crate::machine::Machine;
use crate::output::{Output, table_of_words};

/// The version of the document: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-lab/trace-show/1";

#[derive(Debug, Serialize)]
struct Row {
    event: u64,
    thread: u8,
    operation: &'static str,
    argument: u16,
    /// References after it; null for an immortal object.
    count: Option<i64>,
    /// What the argument and the state mean, in words.
    note: String,
}

/// Prints the life of an object.
pub(super) fn run(
    file: &PathBuf,
    object: u32,
    limits: LimitArguments,
    output: &Output,
) -> io::Result<ExitCode> {
    let life = match limits.open_to_keep(file).and_then(|mut reader| Life::of(&mut reader, object)) {
        Ok(life) => life,
        Err(error) => return Ok(failed(&error)),
    };
    let rows: Vec<Row> = life.moments.iter().map(row).collect();
    let machine = Machine::before_run(1);
    output.print(SCHEMA, &machine, &rows, || text(object, &life, &rows), &[])?;
    Ok(ExitCode::SUCCESS)
}

fn row(moment: &Moment) -> Row {
    let Moment { number, event, after } = moment;
    Row {
        event: *number,
        thread: event.thread,
        operation: event.op.name(),
        argument: event.arg,
        count: (!after.immortal).then_some(after.count),
        note: note(moment),
    }
}

fn note(moment: &Moment) -> String {
    let Moment { event, after, .. } = moment;
    let what = match (event.op, event.arg) {
        (Op::Incref | Op::Decref, path::SHARED) => "not the owner's path",
        (Op::Incref, path::TRY) => "not the owner's path, could have failed",
        (Op::Incref, path::GIVE_BACK) => "gives back what was just released",
        (Op::Dealloc, dealloc::NORMAL) => "the deallocator begins",
        (Op::Dealloc, dealloc::DELAYED) => "the deallocator begins, delayed",
        (Op::Dealloc, dealloc::REINITIALISED) => "the header is written anew: it lives on as another object",
        (Op::Add, arg) => return format!("{arg} references{}", if after.at_least { " or more" } else { "" }),
        (Op::Queue, _) => "the release before went to the owner's queue",
        (Op::MergeZero, _) => "the owner has none left: the object loses its owner",
        (Op::MergeExplicit, arg) => {
            let by = if arg >= 256 { ", by the collector" } else { "" };
            return format!("the object loses its owner, {} references consumed{by}", arg % 256);
        }
        (Op::Resurrect, _) => "a finaliser begins",
        (Op::ResurrectEnd, _) if after.stage == Stage::Dead => "the finaliser has ended",
        (Op::ResurrectEnd, _) => "the finaliser has ended, and kept the object",
        _ => "",
    };
    what.to_owned()
}

fn text(id: u32, life: &Life, rows: &[Row]) -> String {
    let heading = ["event", "thread", "operation", "count", "note"].map(str::to_owned).to_vec();
    let line = |row: &Row| {
        let count = row.count.map_or_else(|| "immortal".to_owned(), |count| count.to_string());
        vec![row.event.to_string(), row.thread.to_string(), row.operation.to_owned(), count, row.note.clone()]
    };
    let lines: Vec<Vec<String>> = [heading].into_iter().chain(rows.iter().map(line)).collect();
    format!("{}\n\n{}", headline(id, life), table_of_words(&lines, 5))
}

fn headline(id: u32, life: &Life) -> String {
    let object = &life.object;
    let birth = match object.is_preexisting() {
        true => format!("from before the recording, with {} references", object.initial_count),
        false => format!("allocated by thread {}", object.owner),
    };
    let end = match life.moments.last() {
        None => "nothing happened to it",
        Some(last) if last.after.stage == Stage::Dead => "dead at the end",
        Some(_) => "alive at the end",
    };
    let immortal = if object.is_immortal() { ", immortal" } else { "" };
    let threads =
        life.moments.iter().map(|moment| moment.event.thread).collect::<std::collections::BTreeSet<_>>();
    let threads = match threads.len() {
        1 => "1 thread".to_owned(),
        several => format!("{several} threads"),
    };
    format!(
        "Object {id}: {}{immortal}, {birth}; {} events on {threads}; {end}.",
        life.type_name,
        life.moments.len()
    )
}
