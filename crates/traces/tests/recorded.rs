//! Every recording passes the checker, and replays.

use std::sync::{Mutex, PoisonError};

use keyway::{Ref, Strategy, attach};
use keyway_traces::replay::{CHECKPOINT_EVERY, Plan, Replay};
use keyway_traces::{AlreadyRecording, Limits, Op, Reader, Recorded, Recording, Stats, Trace};
use keyway_workloads::{Job, STRATEGIES, ThreadsRun, for_each};

/// There is one recording at a time in a process.
static ALONE: Mutex<()> = Mutex::new(());

/// Two threads that share some objects, and one from before the recording.
fn program<S: Strategy>() {
    let old: Ref<u32, S> = attach::<S, _>(|thread| thread.alloc(0));
    let recording = Recording::start().expect("no other recording runs");
    assert_eq!(Recording::start().map(|_| ()), Err(AlreadyRecording));
    let shared: Vec<Ref<u32, S>> =
        attach::<S, _>(|thread| (0..50).map(|number| thread.alloc(number)).collect());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                attach::<S, _>(|thread| {
                    for number in 0..500 {
                        let one = shared[number % 50].clone_ref(thread);
                        let other = old.clone_ref(thread);
                        let own = thread.alloc(*one);
                        thread.checkpoint();
                        drop((one, other, own));
                    }
                });
            });
        }
    });
    // Handed over and released on a thread that is attached to nothing.
    std::thread::scope(|scope| {
        scope.spawn(move || drop(shared));
    });
    attach::<S, _>(|thread| old.release(thread));
    let trace = recording.finish();
    check::<S>(&trace);
}

fn check<S: Strategy>(trace: &Trace) {
    let id = S::runtime().id;
    let mut bytes = Vec::new();
    trace.write(&mut bytes).expect("it is memory");
    let mut reader = Reader::new("recorded", &bytes[..], Limits::DEFAULT).expect("it is whole");
    let stats = Stats::of(&mut reader).unwrap_or_else(|error| panic!("{id}: {error}"));
    assert_eq!(stats.count_of(Op::Alloc), 1050, "{id}");
    assert_eq!(stats.count_of(Op::Incref), 2000, "{id}");
    assert_eq!(stats.count_of(Op::Decref), 3051, "{id}");
    assert_eq!(stats.count_of(Op::Dealloc), 1051, "{id}: every object has an end");
    assert_eq!(stats.header.preexisting, 1, "{id}");
    assert_eq!(stats.header.global_lock, id.contains("global-lock") || id.contains("single-thread"), "{id}");
}

struct Program;

impl Job for Program {
    type Output = ();

    fn run<S: Strategy>(&mut self) {
        program::<Recorded<S>>();
    }
}

#[test]
fn a_program_of_several_threads_is_recorded_whole_under_every_strategy() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for_each(&mut Program);
}

/// Replays a trace.
struct Replayed(Trace);

impl Job for Replayed {
    type Output = ();

    fn run<S: Strategy>(&mut self) {
        let id = S::runtime().id;
        let alone = STRATEGIES.iter().any(|info| info.id == id && info.threads == ThreadsRun::Alone);
        let plan = if alone { Plan::in_file_order } else { Plan::new }(&self.0, CHECKPOINT_EVERY);
        Replay::new(&plan, true).whole::<S>().unwrap_or_else(|error| panic!("{id}: {error}"));
    }
}

#[test]
fn what_was_recorded_can_be_replayed_and_recorded_again() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/trees.rct.zst");
    let trace = Trace::read(&mut Reader::open(file).expect("it is whole")).expect("it is whole");
    let plan = Plan::new(&trace, CHECKPOINT_EVERY);
    let recording = Recording::start().expect("no other recording runs");
    Replay::new(&plan, true).whole::<Recorded<keyway::BiasedCounts>>().expect("it agrees");
    let again = recording.finish();
    let died = again.events.iter().filter(|event| event.op == Op::Dealloc).count() as u64;
    assert!(died >= plan.totals().deaths, "what is left is given up in the end");
    for_each(&mut Replayed(again));
}

#[test]
fn a_limit_ends_a_recording_early_and_leaves_a_whole_trace() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    type S = Recorded<keyway::AtomicCounts>;
    let recording = Recording::start_within(25).expect("no other recording runs");
    attach::<S, _>(|thread| (0..100).for_each(|number| thread.alloc(number).release(thread)));
    let trace = recording.finish();
    assert_eq!(trace.events.len(), 25);
    let mut bytes = Vec::new();
    trace.write(&mut bytes).expect("it is memory");
    let mut reader = Reader::new("recorded", &bytes[..], Limits::DEFAULT).expect("it is whole");
    assert!(Trace::read(&mut reader).is_ok());
    // A recording that is dropped leaves room for the next.
    drop(Recording::start().expect("the other one has ended"));
    assert!(Recording::start().is_ok());
}

/// An immortal object's operations, under a strategy that does not count it and under one that
/// does.
fn immortal<S: Strategy>() -> Vec<(Op, u8)> {
    let recording = Recording::start().expect("no other recording runs");
    attach::<Recorded<S>, _>(|thread| {
        let none = thread.alloc_immortal("None");
        let more = none.clone_ref(thread);
        more.release(thread);
        none.release(thread); // the last
    });
    let trace = recording.finish();
    assert!(trace.objects[0].is_immortal());
    let mut bytes = Vec::new();
    trace.write(&mut bytes).expect("it is memory");
    let mut reader = Reader::new("recorded", &bytes[..], Limits::DEFAULT).expect("it is whole");
    let stats = Stats::of(&mut reader).expect("it agrees with itself");
    assert_eq!((stats.immortal_objects, stats.immortal_skips(), stats.count_operations), (1, 3, 0));
    for_each(&mut Replayed(trace.clone()));
    trace.events.iter().map(|event| (event.op, event.thread)).collect()
}

#[test]
fn an_immortal_object_is_recorded_as_one() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let events = [(Op::Alloc, 0), (Op::IncrefImmortal, 0), (Op::DecrefImmortal, 0), (Op::DecrefImmortal, 0)];
    assert_eq!(immortal::<keyway::BiasedCounts>(), events);
    assert_eq!(immortal::<keyway::SingleThread>(), events);
}

#[test]
fn an_immortal_object_from_before_is_recorded_as_one() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    type S = Recorded<keyway::AtomicCounts>;
    let none = attach::<S, _>(|thread| thread.alloc_immortal(0));
    let recording = Recording::start().expect("no other recording runs");
    attach::<S, _>(|thread| none.clone_ref(thread).release(thread));
    let trace = recording.finish();
    let object = trace.objects[0];
    assert!(object.is_immortal() && object.is_preexisting());
    for_each(&mut Replayed(trace));
}
