//! Whether the events of a trace agree with each other and with the table of objects.

use crate::error::TraceError;
use crate::format::{ADD_SATURATED, Event, ObjectRecord, Op, dealloc, path};
use crate::reader::Reader;

/// Where an object is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Not allocated yet.
    Unborn,
    /// In use.
    Alive,
    /// Its deallocator has begun, and a finaliser is running that may still keep it.
    Finalising,
    /// Its deallocator has begun.
    Dead,
}

/// What a [`Checker`] knows of one object.
#[derive(Clone, Copy, Debug)]
pub struct State {
    /// References, by the trace's own account; meaningless if immortal.
    pub count: i64,
    /// Where it is in its life.
    pub stage: Stage,
    /// Whether it is immortal by now.
    pub immortal: bool,
    /// Whether the count is a lower bound: an [`Op::Add`] was larger than its argument can say.
    pub at_least: bool,
    /// The thread of the last release, by which a reference can be given back.
    last_release: u8,
}

impl State {
    fn of(object: &ObjectRecord) -> Self {
        let (stage, count) = match object.is_preexisting() {
            true => (Stage::Alive, object.initial_count.into()),
            false => (Stage::Unborn, 0),
        };
        State { count, stage, immortal: object.is_immortal(), at_least: false, last_release: ANYBODY }
    }

    /// Whether the count means something and is known.
    fn is_exact(&self) -> bool {
        !self.immortal && !self.at_least
    }
}

/// Before the first release that the trace shows: a part of a trace may begin between a release and
/// its undoing.
const ANYBODY: u8 = u8::MAX;

/// Follows every object through the events of a trace.
///
/// An event is contradictory that names an object before it is allocated, allocates one twice, uses
/// one after its deallocator began or its count reached zero, takes a count below zero, or begins a
/// deallocator while there are references. An immortal object's count is not looked at. An object
/// in a finaliser may be used, and lives on if there is a reference when that ends.
///
/// Events that say what happened inside the recorded runtime (queues, merges, marks) may come late,
/// after the deallocator: they were recorded by another thread.
#[derive(Debug)]
pub struct Checker {
    objects: Vec<State>,
}

impl Checker {
    /// Before the first event.
    pub fn new(objects: &[ObjectRecord]) -> Self {
        Checker { objects: objects.iter().map(State::of).collect() }
    }

    /// What is known of an object by now.
    pub fn state(&self, object: u32) -> &State {
        &self.objects[object as usize]
    }

    /// What is known of all objects by now.
    pub fn states(&self) -> &[State] {
        &self.objects
    }

    /// The next event.
    ///
    /// # Errors
    /// What it contradicts; the checker is of no use after that.
    ///
    /// # Panics
    /// If the event's object is out of range.
    #[inline]
    pub fn event(&mut self, event: &Event) -> Result<(), String> {
        if event.op == Op::ThreadExit {
            return Ok(());
        }
        let state = &mut self.objects[event.object as usize];
        step(state, event).map_err(|contradiction| contradiction.describe(event))
    }
}

/// What an event contradicts.
#[derive(Clone, Copy, Debug)]
enum Contradiction {
    Unborn,
    BornTwice,
    Dead,
    DeadTwice,
    ZeroThenUsed,
    Negative,
    DeallocAt(i64),
}

impl Contradiction {
    #[cold]
    fn describe(self, event: &Event) -> String {
        let (op, object, thread) = (event.op.name(), event.object, event.thread);
        let of = format!("{op} of object {object} by thread {thread}");
        match self {
            Contradiction::Unborn => format!("{of} before it is allocated"),
            Contradiction::BornTwice => format!("{of}, which exists already"),
            Contradiction::Dead => format!("{of} after its dealloc"),
            Contradiction::DeadTwice => format!("{of} after its dealloc: a second one"),
            Contradiction::ZeroThenUsed => format!("{of} after its count reached zero"),
            Contradiction::Negative => format!("{of} takes its count below zero"),
            Contradiction::DeallocAt(count) => format!("{of} while it has {count} references"),
        }
    }
}

#[inline]
fn step(state: &mut State, event: &Event) -> Result<(), Contradiction> {
    if state.stage == Stage::Unborn && event.op != Op::Alloc {
        return Err(Contradiction::Unborn);
    }
    match event.op {
        Op::Incref if event.arg == path::GIVE_BACK && state.count == 0 => {
            in_use(state)?;
            if ![event.thread, ANYBODY].contains(&state.last_release) && state.is_exact() {
                return Err(Contradiction::ZeroThenUsed);
            }
            state.count = 1;
        }
        Op::Incref | Op::IncrefPerThread => retain(state, 1)?,
        Op::Add => {
            retain(state, event.arg.into())?;
            state.at_least |= event.arg >= ADD_SATURATED;
        }
        Op::Decref | Op::DecrefPerThread => {
            in_use(state)?;
            release(state)?;
            state.last_release = event.thread;
        }
        Op::Alloc => {
            if state.stage != Stage::Unborn {
                return Err(Contradiction::BornTwice);
            }
            state.stage = Stage::Alive;
            state.count = 1;
        }
        Op::Dealloc => end(state, event.arg)?,
        Op::IncrefImmortal | Op::DecrefImmortal if !state.immortal => in_use(state)?,
        Op::SetImmortal => state.immortal = true,
        Op::Resurrect => set(state, 1),
        Op::SetRefcnt => set(state, event.arg.into()),
        Op::ResurrectEnd => {
            release(state)?;
            left_finaliser(state);
        }
        Op::IncrefImmortal
        | Op::DecrefImmortal
        | Op::Queue
        | Op::MergeZero
        | Op::MergeExplicit
        | Op::SetDeferred
        | Op::SetMaybeWeakref
        | Op::ThreadExit => {}
    }
    Ok(())
}

fn in_use(state: &State) -> Result<(), Contradiction> {
    if state.stage == Stage::Dead { Err(Contradiction::Dead) } else { Ok(()) }
}

fn retain(state: &mut State, references: i64) -> Result<(), Contradiction> {
    in_use(state)?;
    if state.count == 0 && state.is_exact() {
        return Err(Contradiction::ZeroThenUsed);
    }
    state.count += references;
    Ok(())
}

fn release(state: &mut State) -> Result<(), Contradiction> {
    state.count -= 1;
    if state.count < 0 && state.is_exact() { Err(Contradiction::Negative) } else { Ok(()) }
}

fn end(state: &mut State, arg: u16) -> Result<(), Contradiction> {
    if state.stage == Stage::Dead {
        return Err(Contradiction::DeadTwice);
    }
    let is_over = if state.at_least { state.count > 0 } else { state.count != 0 };
    if is_over && arg != dealloc::REINITIALISED && !state.immortal {
        return Err(Contradiction::DeallocAt(state.count));
    }
    state.stage = Stage::Dead;
    state.count = 0;
    Ok(())
}

/// The count is written: at the beginning and the end of a finaliser, where the deallocator has
/// begun.
fn set(state: &mut State, count: i64) {
    match state.stage {
        Stage::Dead if count > 0 => state.stage = Stage::Finalising,
        Stage::Finalising => {
            state.count = count;
            return left_finaliser(state);
        }
        _ => {}
    }
    state.count = count;
}

fn left_finaliser(state: &mut State) {
    if state.stage == Stage::Finalising {
        state.stage = if state.count == 0 { Stage::Dead } else { Stage::Alive };
    }
}

/// Reads a trace to its end and checks it. Returns the names of types, which come last.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(reader: &mut Reader<'_>) -> Result<Vec<String>, TraceError> {
    check_and(reader, |_, _| ())
}

/// The same, and shows each event to `see`, with its number, after it has been checked.
///
/// # Errors
/// The first thing that is wrong with the trace.
pub fn check_and(
    reader: &mut Reader<'_>,
    mut see: impl FnMut(u64, &Event),
) -> Result<Vec<String>, TraceError> {
    check_with(reader, |number, event, _| see(number, event))
}

/// The same, and shows the object's state after the event too.
pub(crate) fn check_with(
    reader: &mut Reader<'_>,
    mut see: impl FnMut(u64, &Event, &Checker),
) -> Result<Vec<String>, TraceError> {
    let mut checker = Checker::new(reader.objects());
    let mut number = 0;
    while let Some(events) = reader.next_chunk()? {
        let mut wrong = None;
        for event in events {
            if let Err(reason) = checker.event(event) {
                wrong = Some(reason);
                break;
            }
            see(number, event, &checker);
            number += 1;
        }
        if let Some(reason) = wrong {
            return Err(reader.error_at(number, &reason));
        }
    }
    reader.names()
}
