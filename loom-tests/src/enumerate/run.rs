//! Running one program from one start state under loom.

use std::mem::ManuallyDrop;
use std::ptr;

use keyway::{FreeThreaded, Ref, Strategy, Thread, attach};
use keyway_object_model::testing::{
    AsAnother, clone_as_another, end_immortal, raw_count, release_as_another,
};
use keyway_sync::thread::{JoinHandle, spawn};

use super::extent::Extent;
use super::flat::Flat;
use super::program::{Op, Program};
use super::start::{State, Step, starts};
use crate::model::Explorer;
use crate::payload::{Fate, Payload};

type Hand<S> = Vec<Ref<Payload, S>>;

/// How a thread that is not attached clones a reference.
type CloneAnywhere<S> = fn(&Ref<Payload, S>) -> Ref<Payload, S>;

/// What the threads of a program go by.
struct Ways<S: Strategy> {
    clone: CloneAnywhere<S>,
    /// References that there are at any time, at most: no count shows more.
    most: usize,
    /// The object's count, if it is constant because no thread changes it.
    always: Option<usize>,
}

impl<S: Strategy> Clone for Ways<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Strategy> Copy for Ways<S> {}

/// Under a strategy whose references cannot be cloned without a token, no program does.
fn never<S: Strategy>(_: &Ref<Payload, S>) -> Ref<Payload, S> {
    unreachable!("no such program is made")
}

/// Explores every program within the extent from every start state, under a strategy whose threads
/// run in parallel.
pub(crate) fn every_program<S: AsAnother, T: State>(explorer: &mut Explorer, extent: Extent) {
    every_program_of_part::<S, T>(explorer, extent, 0, 1);
}

/// As [`every_program`], for one in `of` start states, beginning with number `first`.
pub(crate) fn every_program_of_part<S: AsAnother, T: State>(
    explorer: &mut Explorer,
    extent: Extent,
    first: usize,
    of: usize,
) {
    for start in starts::<T>(extent.threads).into_iter().skip(first).step_by(of) {
        explorer.count_start_state();
        let attached = start.state.is_attached();
        for threads in extent.programs_from(start.state.held(), attached, true) {
            let (path, most) = (start.path.clone(), most(&start.state, &threads));
            explorer.explore(move || run::<S>(&path, attached, &threads, extent.others_attach, most));
        }
    }
}

/// How many references there are at any time, at most.
fn most<T: State>(start: &T, threads: &[Program]) -> usize {
    start.references() + threads.iter().flatten().filter(|&&op| op == Op::Retain).count()
}

/// As [`every_program`], under a strategy that lets one thread at a time be attached.
pub(crate) fn every_program_by_turns<S: Strategy>(explorer: &mut Explorer, extent: Extent) {
    for start in starts::<Flat>(extent.threads) {
        explorer.count_start_state();
        for threads in extent.programs_from(start.state.held(), true, false) {
            let (held, most) = (start.state.held().to_vec(), most(&start.state, &threads));
            explorer.explore(move || run_by_turns::<S>(&held, &threads, extent.others_attach, most));
        }
    }
}

/// As [`run`]; but while thread 0 is attached the others may be unable to go on, so it waits for
/// them when it has detached.
fn run_by_turns<S: Strategy>(held: &[usize], threads: &[Program], others_attach: bool, most: usize) {
    let fate = Fate::new();
    let ways = Ways { clone: never, most, always: None };
    let mut mine = Vec::new();
    let others = attach::<S, _>(|thread| {
        let first = thread.alloc(fate.payload(7));
        let mut hands: Vec<Hand<S>> =
            held.iter().map(|&held| (0..held).map(|_| first.clone_ref(thread)).collect()).collect();
        first.release(thread);
        let others = start_others(&mut hands, threads, others_attach, ways);
        mine = hands.remove(0);
        run_attached(thread, &threads[0], &mut mine, &mut |_| (), ways);
        others
    });
    join(others)(&mut mine);
    attach::<S, _>(|_| drop(mine));
    fate.assert_destroyed_once();
}

/// As [`every_program`], on an immortal object; its whole state is the references that each thread
/// holds.
pub(crate) fn every_program_on_an_immortal_object<S: FreeThreaded>(explorer: &mut Explorer, extent: Extent) {
    on_an_immortal_object::<S>(explorer, extent, Some(Ref::clone));
}

/// As [`every_program_on_an_immortal_object`], under a strategy that lets one thread at a time be
/// attached: there it is counted.
pub(crate) fn every_program_on_an_immortal_object_by_turns<S: Strategy>(
    explorer: &mut Explorer,
    extent: Extent,
) {
    on_an_immortal_object::<S>(explorer, extent, None);
}

fn on_an_immortal_object<S: Strategy>(
    explorer: &mut Explorer,
    extent: Extent,
    clone: Option<CloneAnywhere<S>>,
) {
    for start in starts::<Flat>(extent.threads) {
        explorer.count_start_state();
        for threads in extent.programs_from(start.state.held(), true, clone.is_some()) {
            let held = start.state.held().to_vec();
            explorer.explore(move || run_on_an_immortal_object(&held, &threads, extent.others_attach, clone));
        }
    }
}

/// Lets all threads run, and releases what they still hold at the end; then the object must still
/// be there, and its count as it was if it is nobody's to change.
fn run_on_an_immortal_object<S: Strategy>(
    held: &[usize],
    threads: &[Program],
    others_attach: bool,
    clone: Option<CloneAnywhere<S>>,
) {
    let fate = Fate::new();
    let mut mine = Vec::new();
    let (others, uncounted, ways) = attach::<S, _>(|thread| {
        let first = thread.alloc_immortal(fate.payload(7));
        // SAFETY: never dropped, and the object outlives every reference that is: that is what is
        // shown.
        let uncounted = ManuallyDrop::new(unsafe { ptr::read(&raw const first) });
        let always = clone.is_some().then(|| raw_count(&first, thread));
        let ways = Ways { clone: clone.unwrap_or(never), most: usize::MAX, always };
        let mut hands: Vec<Hand<S>> =
            held.iter().map(|&held| (0..held).map(|_| first.clone_ref(thread)).collect()).collect();
        first.release(thread);
        let others = start_others(&mut hands, threads, others_attach, ways);
        mine = hands.remove(0);
        run_attached(thread, &threads[0], &mut mine, &mut |_| (), ways);
        (others, uncounted, ways)
    });
    join(others)(&mut mine);
    attach::<S, _>(|thread| {
        drop(mine);
        if let Some(always) = ways.always {
            assert!(raw_count(&uncounted, thread) == always, "rule broken: an immortal object was counted");
        }
    });
    fate.assert_not_destroyed();
    // SAFETY: all threads have ended, and their operations happen before.
    unsafe { end_immortal(ManuallyDrop::into_inner(uncounted)) };
    fate.assert_destroyed_once();
}

/// Brings an object into the start state and lets all threads run. Whatever they still hold at the
/// end is released by the owner; then the object must be gone.
fn run<S: AsAnother>(path: &[Step], attached: bool, threads: &[Program], others_attach: bool, most: usize) {
    let fate = Fate::new();
    let ways = Ways { clone: Ref::clone, most, always: None };
    attach::<S, _>(|thread| {
        let mut hands: Vec<Hand<S>> = threads.iter().map(|_| Vec::new()).collect();
        hands[0].push(thread.alloc(fate.payload(7)));
        let (before, after) =
            path.split_at(path.iter().position(|step| *step == Step::Leave).unwrap_or(path.len()));
        for step in before {
            take(*step, &mut hands, Some(thread));
        }
        let mut mine = Vec::new();
        if attached {
            let others = start_others(&mut hands, threads, others_attach, ways);
            mine = hands.remove(0);
            run_attached(thread, &threads[0], &mut mine, &mut join(others), ways);
        } else {
            let rest = thread.blocking(|| {
                for step in &after[1..] {
                    take(*step, &mut hands, None);
                }
                let others = start_others(&mut hands, threads, others_attach, ways);
                mine = hands.remove(0);
                let mut end = join(others);
                let rest = run_unattached(&threads[0], &mut mine, &mut end, ways);
                rest.map(|rest| (rest, end))
            });
            if let Some((rest, mut end)) = rest {
                run_attached(thread, rest, &mut mine, &mut end, ways);
            }
        }
    });
    fate.assert_destroyed_once();
}

/// Takes one step towards a start state. Thread 0 is attached if there is a token.
fn take<S: AsAnother>(step: Step, hands: &mut [Hand<S>], thread: Option<&mut Thread<S>>) {
    match (step, thread) {
        (Step::Retain(0), Some(thread)) => {
            let more = hands[0][0].clone_ref(thread);
            hands[0].push(more);
        }
        (Step::Release(0), Some(thread)) => hands[0].pop().expect("held").release(thread),
        (Step::Retain(who), _) => {
            let more = clone_as_another(&hands[who][0]);
            hands[who].push(more);
        }
        (Step::Release(who), _) => release_as_another(hands[who].pop().expect("held")),
        (Step::Give(from, to), _) => {
            let given = hands[from].pop().expect("held");
            hands[to].push(given);
        }
        (Step::Checkpoint, Some(thread)) => thread.checkpoint(),
        (Step::Checkpoint | Step::Leave, _) => unreachable!("not a step of a thread that has left"),
    }
}

/// Starts all threads but the first, each with its references; each returns the references that it
/// still holds at its end.
fn start_others<S: Strategy>(
    hands: &mut Vec<Hand<S>>,
    threads: &[Program],
    attach_them: bool,
    ways: Ways<S>,
) -> Vec<JoinHandle<Hand<S>>> {
    let theirs = hands.drain(1..).collect::<Vec<_>>();
    theirs
        .into_iter()
        .zip(&threads[1..])
        .map(|(mut hand, program)| {
            let program = program.clone();
            spawn(move || {
                if attach_them {
                    attach::<S, _>(|thread| run_attached(thread, &program, &mut hand, &mut |_| (), ways));
                } else {
                    run_unattached(&program, &mut hand, &mut |_| (), ways);
                }
                hand
            })
        })
        .collect()
}

/// Waits for the others and takes over what they still hold. Called by the owner when its program
/// is at its end.
fn join<S: Strategy>(others: Vec<JoinHandle<Hand<S>>>) -> impl FnMut(&mut Hand<S>) {
    let mut others = others.into_iter();
    move |mine| {
        for other in others.by_ref() {
            mine.extend(other.join().expect("the thread has not panicked"));
        }
    }
}

/// Runs a program from where the thread is attached; `end` where it ends, attached or not.
fn run_attached<S: Strategy>(
    thread: &mut Thread<S>,
    mut program: &[Op],
    hand: &mut Hand<S>,
    end: &mut dyn FnMut(&mut Hand<S>),
    ways: Ways<S>,
) {
    while let [op, rest @ ..] = program {
        program = rest;
        match op {
            Op::Retain => hand.push(hand[0].clone_ref(thread)),
            Op::Release => hand.pop().expect("held").release(thread),
            Op::Read => {
                assert_eq!(hand[0].read(), 7, "an object is seen whole");
                let count = hand[0].count(thread);
                assert!(
                    (1..=ways.most).contains(&count),
                    "rule broken: a count of {count}, of {} references at most",
                    ways.most
                );
                if let Some(always) = ways.always {
                    assert!(
                        raw_count(&hand[0], thread) == always,
                        "rule broken: an immortal object was counted"
                    );
                }
            }
            Op::Checkpoint => thread.checkpoint(),
            Op::Switch => match thread.blocking(|| run_unattached(rest, hand, end, ways)) {
                Some(rest) => program = rest,
                None => return,
            },
        }
    }
    end(hand);
}

/// Runs a program from where the thread is not attached. Returns what is left of it if the thread
/// attaches again; otherwise `end` has been called.
fn run_unattached<'a, S: Strategy>(
    mut program: &'a [Op],
    hand: &mut Hand<S>,
    end: &mut dyn FnMut(&mut Hand<S>),
    ways: Ways<S>,
) -> Option<&'a [Op]> {
    while let [op, rest @ ..] = program {
        program = rest;
        match op {
            Op::Retain => hand.push((ways.clone)(&hand[0])),
            Op::Release => drop(hand.pop()),
            Op::Read => assert_eq!(hand[0].read(), 7, "an object is seen whole"),
            Op::Checkpoint => unreachable!("a thread that is not attached passes no checkpoints"),
            Op::Switch => return Some(program),
        }
    }
    end(hand);
    None
}
