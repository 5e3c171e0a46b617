//! Recordings replayed on every strategy: every count and every destruction is the trace's.

use std::fs;
use std::path::Path;

use keyway::Strategy;
use keyway_traces::replay::{CHECKPOINT_EVERY, Plan, Replay};
use keyway_traces::{
    Event, Limits, NO_OBJECT, NO_OWNER, ObjectRecord, Op, Reader, Trace, dealloc, flags, path,
};
use keyway_workloads::{Job, STRATEGIES, ThreadsRun, for_each, run_on};

/// Replays a trace whole, without counts, and watched; in file order where one thread alone can be
/// attached.
struct Everything<'a>(&'a Trace);

impl Job for Everything<'_> {
    type Output = ();

    fn run<S: Strategy>(&mut self) {
        let id = S::runtime().id;
        let info = STRATEGIES.iter().find(|info| info.id == id).expect("it is one of the list");
        let plan = match info.threads {
            ThreadsRun::Alone => Plan::in_file_order(self.0, CHECKPOINT_EVERY),
            _ => Plan::new(self.0, CHECKPOINT_EVERY),
        };
        let replay = Replay::new(&plan, info.is_free_threaded());
        replay.whole::<S>().unwrap_or_else(|error| panic!("{id}, whole: {error}"));
        replay.life::<S>().unwrap_or_else(|error| panic!("{id}, life: {error}"));
        let sights = replay.watched::<S>().unwrap_or_else(|error| panic!("{id}, watched: {error}"));
        assert_eq!(sights.delay.len(), plan.totals().deaths, "{id}");
        assert!(sights.peak_objects >= plan.totals().older, "{id}: {sights:?}");
    }
}

fn read(file: &Path) -> Trace {
    Trace::read(&mut Reader::open(file).expect("it is whole")).expect("it is whole")
}

#[test]
fn parts_of_recordings_on_every_strategy() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
    for file in fs::read_dir(folder).expect("there is a corpus") {
        for_each(&mut Everything(&read(&file.expect("it can be listed").path())));
    }
}

#[test]
fn a_whole_recording_of_several_threads_on_every_strategy() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/recordings/ft/queue.rct.zst");
    for_each(&mut Everything(&read(Path::new(file)).cut(0..200_000)));
}

/// Every operation of the format, in every meaning, on two threads.
fn everything() -> Trace {
    let new = |type_index| ObjectRecord { type_index, initial_count: 1, ..Default::default() };
    let old = |flags, owner, initial_count| ObjectRecord {
        flags: flags | flags::PREEXISTING,
        owner,
        initial_count,
        type_index: 0,
    };
    let objects = vec![
        old(flags::ALIVE_AT_END, 0, 3),
        old(flags::ALIVE_AT_END | flags::IMMORTAL, NO_OWNER, 1),
        old(0, NO_OWNER, 1),
        old(flags::DEFERRED | flags::ALIVE_AT_END, 1, 1),
        // Far more references than events.
        old(flags::ALIVE_AT_END, 0, u32::MAX),
        new(1), // 5: given back, then gone
        new(1), // 6: header written anew
        new(1), // 7: resurrected, then gone
        new(1), // 8: in a finaliser, and gone
        new(1), // 9: an addition larger than its argument
        new(1), // 10: made immortal
        new(1), // 11: counted by threads, and gone
        new(1), // 12: written counts
        new(1), // 13: none left, and no end told
        new(1), // 14: immortal, and gone
    ];
    let mut events = Vec::new();
    let mut say = |op, thread, arg, object| events.push(Event::new(op, thread, object).with_arg(arg));
    for (op, thread, arg, object) in [
        (Op::Decref, 0, 0, 0),
        (Op::Incref, 1, path::SHARED, 0),
        (Op::Decref, 1, path::SHARED, 0),
        (Op::IncrefImmortal, 0, 2, 1),
        (Op::DecrefImmortal, 1, 0, 1),
        (Op::DecrefImmortal, 1, 0, 1),
        (Op::Decref, 1, path::SHARED, 2),
        (Op::Queue, 1, 0, 2),
        (Op::MergeExplicit, 0, 1 + 256, 2),
        (Op::Dealloc, 0, dealloc::DELAYED, 2),
        (Op::SetDeferred, 1, 0, 3),
        (Op::IncrefPerThread, 0, 0, 3),
        (Op::Decref, 0, path::SHARED, 3),
        (Op::IncrefPerThread, 1, 0, 3),
        (Op::DecrefPerThread, 0, 0, 3),
        (Op::Decref, 0, 0, 4),
        (Op::Alloc, 0, 0, 5),
        (Op::SetMaybeWeakref, 1, 0, 5),
        (Op::Incref, 1, path::TRY, 5),
        (Op::Decref, 0, 0, 5),
        (Op::MergeZero, 0, 0, 5),
        (Op::Decref, 1, path::SHARED, 5),
        (Op::Incref, 1, path::GIVE_BACK, 5),
        (Op::Decref, 1, path::SHARED, 5),
        (Op::Dealloc, 1, 0, 5),
        (Op::Queue, 0, 0, 5),
        (Op::Alloc, 0, 0, 6),
        (Op::Incref, 0, 0, 6),
        (Op::Dealloc, 1, dealloc::REINITIALISED, 6),
        (Op::Alloc, 1, 0, 7),
        (Op::Decref, 1, 0, 7),
        (Op::Dealloc, 1, 0, 7),
        (Op::Resurrect, 1, 0, 7),
        (Op::Incref, 0, path::SHARED, 7),
        (Op::ResurrectEnd, 1, 0, 7),
        (Op::Decref, 0, path::SHARED, 7),
        (Op::Dealloc, 0, 0, 7),
        (Op::Alloc, 0, 0, 8),
        (Op::Decref, 0, 0, 8),
        (Op::Dealloc, 0, 0, 8),
        (Op::SetRefcnt, 0, 1, 8),
        (Op::Incref, 0, 0, 8),
        (Op::Decref, 0, 0, 8),
        (Op::SetRefcnt, 0, 0, 8),
        (Op::Alloc, 0, 0, 9),
        (Op::Add, 0, 511, 9),
    ] {
        say(op, thread, arg, object);
    }
    (0..600).for_each(|_| say(Op::Decref, 1, path::SHARED, 9));
    for (op, thread, arg, object) in [
        (Op::Dealloc, 1, 0, 9),
        (Op::Alloc, 0, 0, 10),
        (Op::SetImmortal, 0, 0, 10),
        (Op::Decref, 1, 0, 10),
        (Op::Decref, 1, 0, 10),
        (Op::Alloc, 1, 0, 11),
        (Op::IncrefPerThread, 0, 0, 11),
        (Op::Decref, 1, 0, 11),
        (Op::DecrefPerThread, 1, 0, 11),
        (Op::Dealloc, 1, 0, 11),
        (Op::Alloc, 0, 0, 12),
        (Op::SetRefcnt, 0, 4, 12),
        (Op::SetRefcnt, 0, 2, 12),
        (Op::Alloc, 0, 0, 13),
        (Op::Decref, 0, 0, 13),
        (Op::Alloc, 0, 0, 14),
        (Op::DecrefImmortal, 1, 0, 14),
        (Op::Decref, 1, 0, 14),
        (Op::Dealloc, 1, 0, 14),
        (Op::ThreadExit, 1, 0, NO_OBJECT),
        // After its exit, as a thread that cleans up does.
        (Op::Incref, 1, path::SHARED, 0),
    ] {
        say(op, thread, arg, object);
    }
    Trace {
        global_lock: false,
        threads: 2,
        objects,
        events,
        names: vec!["?".to_owned(), "object".to_owned()],
        ..Trace::default()
    }
}

#[test]
fn every_operation_of_the_format_on_every_strategy() {
    let trace = everything();
    let seen: std::collections::BTreeSet<Op> = trace.events.iter().map(|event| event.op).collect();
    assert_eq!(seen.len(), Op::ALL.len(), "every operation is in it");
    let mut bytes = Vec::new();
    trace.write(&mut bytes).expect("it is memory");
    let mut reader = Reader::new("everything", &bytes[..], Limits::DEFAULT).expect("it is whole");
    let trace = Trace::read(&mut reader).expect("it contradicts nothing");
    for_each(&mut Everything(&trace));
    let totals = *Plan::new(&trace, 1).totals();
    assert_eq!(totals.deaths, 8, "{totals:?}");
    assert_eq!(totals.older, 5, "{totals:?}");
}

/// Replays the plan of one trace against another one's account: the error must be seen.
struct Wrong<'a>(&'a Trace);

impl Job for Wrong<'_> {
    type Output = Result<(), String>;

    fn run<S: Strategy>(&mut self) -> Self::Output {
        let mut plan = Plan::new(self.0, CHECKPOINT_EVERY);
        plan.forget_a_release();
        Replay::new(&plan, true).whole::<S>().map(|_| ())
    }
}

#[test]
fn a_release_left_out_is_noticed() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/recordings/ft/fib.rct.zst");
    let trace = read(Path::new(file));
    for id in ["atomic-counts", "biased-counts"] {
        let error =
            run_on(id, &mut Wrong(&trace)).expect("it is one of the list").expect_err("a release is missing");
        assert!(error.contains("references") || error.contains("destroyed"), "{error}");
    }
}
