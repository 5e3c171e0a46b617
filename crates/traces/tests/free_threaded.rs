//! Recording what needs no token: `Ref::new`, `clone`, `Brc`, weak references, unique access. The
//! program's counts are those of the recording, and those of its replay.

use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::thread;

use keyway::{AtomicCounts, BiasedCounts, FreeThreaded, GroupLocks, ObjectLocks, Ref, attach};
use keyway_biased_counts::Apart;
use keyway_brc::{Shared, WeakCounts, WeakShared};
use keyway_object_model::counted;
use keyway_traces::replay::{CHECKPOINT_EVERY, Plan, Replay};
use keyway_traces::{Limits, Op, Reader, Recorded, Recording, RecordingLimit, Stats, Trace, path};
use keyway_workloads::{Job, STRATEGIES, ThreadsRun, for_each};

/// There is one recording at a time in a process.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the trace says of itself when it is read back.
#[track_caller]
fn read_back(trace: &Trace) -> Stats {
    let mut bytes = Vec::new();
    trace.write(&mut bytes).expect("it is whole, and goes to memory");
    let mut reader = Reader::new("recorded", &bytes[..], Limits::DEFAULT).expect("a header");
    Stats::of(&mut reader).unwrap_or_else(|error| panic!("the recording contradicts itself: {error}"))
}

/// Replays a trace; the replay compares each count with the trace's.
struct Replayed<'a>(&'a Trace);

impl Job for Replayed<'_> {
    type Output = ();

    fn run<S: keyway::Strategy>(&mut self) {
        let id = S::runtime().id;
        let is_alone = STRATEGIES.iter().any(|info| info.id == id && info.threads == ThreadsRun::Alone);
        let plan = if is_alone { Plan::in_file_order } else { Plan::new }(self.0, CHECKPOINT_EVERY);
        Replay::new(&plan, true).whole::<S>().unwrap_or_else(|error| panic!("{id}: {error}"));
    }
}

type AtomicRecorded = Recorded<AtomicCounts>;

/// Operations by name: how many there are.
fn operations(trace: &Trace) -> [usize; 4] {
    let count = |op| trace.events.iter().filter(|event| event.op == op).count();
    [Op::Alloc, Op::Incref, Op::Decref, Op::Dealloc].map(count)
}

fn each_free_threaded(run: impl Fn(&mut dyn FnMut(&str, &Trace))) {
    run(&mut |id, trace| {
        let stats = read_back(trace);
        assert_eq!(stats.deallocs, trace.objects.len() as u64, "{id}: every object has ended");
        for_each(&mut Replayed(trace));
    });
}

/// Makes, clones and drops on this thread and on another, with and without a token.
fn without_a_token<S: FreeThreaded>() -> Trace {
    let recording = Recording::start().expect("no other recording runs");
    let mine: Ref<u32, S> = Ref::new(1);
    let theirs = mine.clone();
    thread::spawn(move || {
        let more = theirs.clone();
        drop(theirs);
        drop(more);
        drop(Ref::<u32, S>::new(2));
    })
    .join()
    .expect("it does not panic");
    attach::<S, _>(|thread| {
        let with = mine.clone_ref(thread);
        let without = with.clone();
        thread.checkpoint(); // where what was handed over is carried out
        assert_eq!(mine.count(thread), 3);
        with.release(thread);
        drop(without);
    });
    drop(mine);
    // Carries out what was handed over.
    drop(Ref::<u32, S>::new(3));
    recording.finish()
}

#[test]
fn what_needs_no_token_is_recorded_under_every_free_threaded_strategy() {
    let _alone = alone();
    each_free_threaded(|see| {
        for (id, trace) in [
            ("biased-counts", without_a_token::<Recorded<BiasedCounts>>()),
            ("biased-counts-apart", without_a_token::<Recorded<BiasedCounts<Apart>>>()),
            ("atomic-counts", without_a_token::<Recorded<AtomicCounts>>()),
            ("object-locks", without_a_token::<Recorded<ObjectLocks>>()),
            ("group-locks", without_a_token::<Recorded<GroupLocks>>()),
        ] {
            assert_eq!(operations(&trace), [3, 4, 7, 3], "{id}");
            see(id, &trace);
        }
    });
}

#[test]
fn an_owner_without_a_token_is_recorded_on_the_owners_path() {
    let _alone = alone();
    let trace = without_a_token::<Recorded<BiasedCounts>>();
    let paths: Vec<u16> = trace
        .events
        .iter()
        .filter(|event| event.object == 0 && [Op::Incref, Op::Decref].contains(&event.op))
        .map(|event| event.arg)
        .collect();
    let (own, other) = (path::OWNER, path::SHARED);
    // At the checkpoint the object loses its owner, since another thread has released more than it
    // made.
    assert_eq!(paths, [own, other, other, other, own, own, other, other, other]);
}

/// Weak references, unique access, contents moved out; and an object made of itself.
fn pointers<S: WeakCounts>() -> Trace {
    let recording = Recording::start().expect("no other recording runs");
    let mut one: Shared<u32, S> = Shared::new(1);
    let weak = Shared::downgrade(&one);
    let again = weak.upgrade().expect("it is alive");
    assert!(Shared::get_mut(&mut one).is_none());
    drop(again);
    let there = weak.clone();
    thread::spawn(move || drop(there.upgrade().expect("it is alive"))).join().expect("no panic");
    counted::collect::<S>();
    drop(one);
    assert!(weak.upgrade().is_none());
    let mut two: Shared<u32, S> = Shared::new(2);
    assert!(Shared::get_mut(&mut two).is_some());
    assert_eq!(Shared::try_unwrap(two).ok(), Some(2));
    let three: Shared<u32, S> = Shared::new(3);
    assert_eq!(Shared::into_inner(three), Some(3));
    struct Node<S: WeakCounts>(WeakShared<Node<S>, S>);
    let four = Shared::<Node<S>, S>::new_cyclic(|weak| {
        assert!(weak.upgrade().is_none());
        Node(weak.clone())
    });
    drop(four.0.upgrade().expect("it is made by now"));
    drop(four);
    drop(weak);
    recording.finish()
}

#[test]
fn weak_references_and_unique_access_are_recorded() {
    let _alone = alone();
    each_free_threaded(|see| {
        for (id, trace) in [
            ("biased-counts", pointers::<Recorded<BiasedCounts>>()),
            ("biased-counts-apart", pointers::<Recorded<BiasedCounts<Apart>>>()),
            ("atomic-counts", pointers::<Recorded<AtomicCounts>>()),
        ] {
            assert_eq!(operations(&trace), [4, 3, 7, 4], "{id}: {:?}", trace.events);
            see(id, &trace);
        }
    });
}

/// The events of an object: what, and on which thread.
fn events_of(trace: &Trace, object: u32) -> Vec<(Op, u8)> {
    let events = trace.events.iter().filter(|event| event.object == object);
    events.map(|event| (event.op, event.thread)).collect()
}

#[test]
fn an_object_that_a_queue_gives_up_ends_there_and_then() {
    let _alone = alone();
    type S = Recorded<BiasedCounts>;
    let recording = Recording::start().expect("no other recording runs");
    let (plain, counted) = (Ref::<u32, S>::new(1), Shared::<u32, S>::new(2));
    let weak = Shared::downgrade(&counted);
    thread::spawn(move || drop((plain, counted))).join().expect("no panic");
    counted::collect::<S>();
    assert!(weak.upgrade().is_none());
    // Before the memory is freed, which the weak reference keeps.
    let trace = recording.finish();
    drop(weak);
    let expected = [(Op::Alloc, 0), (Op::Decref, 1), (Op::Queue, 1), (Op::Dealloc, 0)];
    assert_eq!((events_of(&trace, 0), events_of(&trace, 1)), (expected.to_vec(), expected.to_vec()));
    read_back(&trace);
    for_each(&mut Replayed(&trace));
}

#[test]
fn an_object_whose_contents_are_taken_ends_there_and_then() {
    let _alone = alone();
    type P = Shared<u32, Recorded<AtomicCounts>>;
    let recording = Recording::start().expect("no other recording runs");
    let (one, two) = (P::new(1), P::new(2));
    let weak = (Shared::downgrade(&one), Shared::downgrade(&two));
    assert_eq!((Shared::try_unwrap(one).ok(), Shared::into_inner(two)), (Some(1), Some(2)));
    let trace = recording.finish();
    drop(weak);
    let expected = [(Op::Alloc, 0), (Op::Decref, 0), (Op::Dealloc, 0)];
    assert_eq!((events_of(&trace, 0), events_of(&trace, 1)), (expected.to_vec(), expected.to_vec()));
}

#[test]
fn contents_that_were_never_made_are_no_object() {
    let _alone = alone();
    type P = Shared<u32, Recorded<AtomicCounts>>;
    let recording = Recording::start().expect("no other recording runs");
    let made = std::panic::catch_unwind(|| {
        P::new_cyclic(|weak| {
            assert!(weak.upgrade().is_none());
            panic!("no contents")
        })
    });
    assert!(made.is_err());
    let trace = recording.finish();
    assert!(trace.objects.is_empty() && trace.events.is_empty(), "{:?}", trace.events);
}

/// A life replay takes objects' only references away without a release.
#[test]
fn an_object_that_is_taken_without_a_release_ends_all_the_same() {
    let _alone = alone();
    let trace = without_a_token::<AtomicRecorded>();
    let plan = Plan::new(&trace, CHECKPOINT_EVERY);
    let recording = Recording::start().expect("no other recording runs");
    Replay::new(&plan, true).life::<AtomicRecorded>().expect("it agrees");
    let again = recording.finish();
    assert_eq!(operations(&again), [3, 0, 3, 3]);
    read_back(&again);
}

/// Upgrades that race with the last release, many times over.
fn races<S: WeakCounts>(id: &str) {
    const ROUNDS: usize = if cfg!(debug_assertions) { 500 } else { 50_000 };
    let recording = Recording::start().expect("no other recording runs");
    let slot: Mutex<Option<WeakShared<u32, S>>> = Mutex::new(None);
    let (ready, over) = (Barrier::new(3), Barrier::new(3));
    let (ready, over, slot) = (&ready, &over, &slot);
    let successes = thread::scope(|scope| {
        let upgraders: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(move || {
                    let mut successes = 0;
                    for _ in 0..ROUNDS {
                        ready.wait();
                        let weak = slot.lock().unwrap().clone().expect("it was put there");
                        while let Some(strong) = weak.upgrade() {
                            successes += 1;
                            drop(strong);
                        }
                        over.wait();
                    }
                    successes
                })
            })
            .collect();
        for _ in 0..ROUNDS {
            let strong: Shared<u32, S> = Shared::new(7);
            *slot.lock().unwrap() = Some(Shared::downgrade(&strong));
            ready.wait();
            drop(strong);
            counted::collect::<S>();
            over.wait();
        }
        upgraders.into_iter().map(|thread| thread.join().expect("no panic")).sum::<usize>()
    });
    drop(slot.lock().unwrap().take());
    counted::collect::<S>();
    let trace = recording.finish();
    let stats = read_back(&trace);
    assert_eq!(stats.count_of(Op::Incref), successes as u64, "{id}: no more and no less");
    assert_eq!(stats.count_of(Op::Decref), (successes + ROUNDS) as u64, "{id}");
    assert_eq!(stats.deallocs, ROUNDS as u64, "{id}");
    let plan = Plan::new(&trace, CHECKPOINT_EVERY);
    Replay::new(&plan, true).whole::<AtomicCounts>().unwrap_or_else(|error| panic!("{id}: {error}"));
}

#[test]
fn upgrades_that_race_with_the_last_release_agree_with_it() {
    let _alone = alone();
    races::<Recorded<AtomicCounts>>("atomic-counts");
    races::<Recorded<BiasedCounts>>("biased-counts");
}

/// As many threads as `at_once`, `times` over, each with a share of one object.
fn crowd(times: usize, at_once: usize) -> Trace {
    type S = Recorded<AtomicCounts>;
    let recording = Recording::start().expect("no other recording runs");
    let shared: Ref<u32, S> = Ref::new(5);
    for _ in 0..times {
        let all_are_here = Barrier::new(at_once);
        thread::scope(|scope| {
            let work = || {
                drop(shared.clone());
                all_are_here.wait();
            };
            let threads: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
            // The end of a scope does not wait until the threads have exited.
            threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        });
    }
    drop(shared);
    recording.finish()
}

/// A server with a thread a connection has more of them than the format has indices.
#[test]
fn any_number_of_threads_one_after_the_other() {
    let _alone = alone();
    let trace = crowd(600, 1);
    assert_eq!(trace.not_whole, None);
    assert_eq!(trace.threads, 2, "a thread has the index of one that has exited");
    let stats = read_back(&trace);
    assert_eq!((stats.count_of(Op::Incref), stats.count_of(Op::Decref)), (600, 601));
    assert_eq!(stats.count_of(Op::ThreadExit), 600);
    for_each(&mut Replayed(&trace));
}

#[test]
fn two_hundred_and_fifty_five_threads_at_once() {
    let _alone = alone();
    let trace = crowd(2, 254);
    assert_eq!((trace.not_whole, trace.threads), (None, 255));
    let stats = read_back(&trace);
    assert_eq!((stats.count_of(Op::Incref), stats.count_of(Op::Decref)), (508, 509));
}

#[test]
fn a_limit_that_nobody_asked_for_is_an_error_that_names_it() {
    let _alone = alone();
    let mut trace = crowd(1, 255);
    assert_eq!(trace.not_whole, Some(RecordingLimit::Threads));
    let mut bytes = Vec::new();
    let error = trace.write(&mut bytes).expect_err("it is not whole").to_string();
    assert!(error.contains("255 threads") && bytes.is_empty(), "{error}");
    let file = tempfile::tempdir().expect("a folder").path().join("x.rct.zst");
    assert!(trace.write_file(&file).is_err());
    // The events that there are agree with each other.
    trace.not_whole = None;
    read_back(&trace);
    for_each(&mut Replayed(&trace));
}

#[test]
fn what_a_thread_drops_as_it_exits_is_recorded() {
    let _alone = alone();
    type S = Recorded<BiasedCounts>;
    struct Will(std::cell::RefCell<Vec<Ref<u32, S>>>);
    thread_local! {
        static WILL: Will = const { Will(std::cell::RefCell::new(Vec::new())) };
    }
    let recording = Recording::start().expect("no other recording runs");
    // More of them than there are indices.
    const THREADS: usize = 300;
    for number in 0..THREADS {
        let is_first = number % 2 == 0;
        thread::spawn(move || {
            let keep = |object| WILL.with(|will| will.0.borrow_mut().push(object));
            // Destroyed before or after the operations that the recording has for the thread.
            if is_first {
                WILL.with(|_| ());
            }
            let object = Ref::new(1);
            keep(object.clone());
            keep(object);
        })
        .join()
        .expect("no panic");
    }
    drop(Ref::<u32, S>::new(2));
    let trace = recording.finish();
    let objects = THREADS + 1;
    assert_eq!(trace.not_whole, None);
    assert_eq!(operations(&trace), [objects, THREADS, objects + THREADS, objects]);
    read_back(&trace);
    for_each(&mut Replayed(&trace));
}
