//! The tape: what has been recorded so far, by all threads, in one order.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use keyway_object_model::OwnWords;

use super::limit::RecordingLimit;
use crate::format::{Event, NO_OBJECT, NO_OWNER, ObjectRecord, Op, dealloc, flags, path};

/// What has been recorded.
pub(super) struct Tape {
    /// The number of the recording: an object's tag from another recording is ignored.
    session: u32,
    most_events: usize,
    pub(super) global_lock: bool,
    /// Indices that threads have had, from 0.
    pub(super) threads: u8,
    /// Indices whose threads have exited.
    free: Vec<u8>,
    pub(super) objects: Vec<ObjectRecord>,
    pub(super) events: Vec<Event>,
    /// Whether there are [attempts](attempt) among the events.
    pub(super) has_attempts: bool,
    /// Nothing is recorded after a limit was reached: an object's later events would be missing.
    pub(super) limit: Option<RecordingLimit>,
}

static TAPE: Mutex<Option<Tape>> = Mutex::new(None);

/// Whether there is a tape: so that a program that is not being recorded takes no lock.
static RUNS: AtomicBool = AtomicBool::new(false);

static SESSIONS: AtomicU64 = AtomicU64::new(0);

/// An OS thread's index, and the recording in which it has it; 0 is none.
struct Seat(Cell<(u32, u8)>);

thread_local! {
    static SEAT: Seat = const { Seat(Cell::new((0, 0))) };
}

impl Drop for Seat {
    /// The OS thread exits: another one may have its index.
    fn drop(&mut self) {
        let (session, index) = self.0.get();
        if session == 0 {
            return;
        }
        if let Some(tape) = tape().as_mut().filter(|tape| tape.session == session) {
            tape.leave(index);
        }
    }
}

/// Threads at most: the format has a byte for the index, of which 255 says that nobody owns an
/// object.
const MOST_THREADS: u8 = NO_OWNER;

/// In an event of the tape: somebody tries to make a reference of a weak one, and has not succeeded
/// yet.
pub(super) const TRIES: u16 = u16::MAX;

/// In an event of the tape: such an attempt has succeeded, on the owner's path.
pub(super) const TRIED_AS_OWNER: u16 = u16::MAX - 1;

/// What an object knows of its recording: its number in the upper half, the object's id in the
/// lower; or one of the values below.
#[derive(Debug)]
pub struct Tag(AtomicU64);

/// The recording does not know the object.
const UNKNOWN: u64 = 0;

/// The object has ended.
const ENDED: u64 = u64::MAX;

/// The object's contents are still to be made.
const UNBORN: u64 = u64::MAX - 1;

impl Tag {
    /// Of an object whose contents are still to be made.
    pub(super) fn unborn() -> Self {
        Tag(AtomicU64::new(UNBORN))
    }

    fn get(&self) -> u64 {
        // Relaxed: written under the tape's lock, or by the only thread that can reach the object.
        // A thread that looks without the lock has a reference, which it got after the object was
        // made.
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, value: u64) {
        // Relaxed: as in `get`.
        self.0.store(value, Ordering::Relaxed);
    }
}

impl OwnWords for Tag {
    /// Found by a strategy in its queues: the end is recorded on the thread that found it.
    fn gone(&self) {
        end(self);
    }

    /// An object that ended otherwise than by a release: its contents were never made.
    fn claimed(&self) {
        if ![ENDED, UNBORN].contains(&self.get()) {
            took(self, path::OWNER);
        }
    }
}

fn tape() -> MutexGuard<'static, Option<Tape>> {
    TAPE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins a tape of at most this many events; false if there is one.
pub(super) fn begin(most_events: usize) -> bool {
    let mut tape = tape();
    if tape.is_some() {
        return false;
    }
    // Relaxed: under the lock.
    let session = SESSIONS.fetch_add(1, Ordering::Relaxed) as u32 + 1;
    *tape = Some(Tape {
        session,
        most_events,
        global_lock: false,
        threads: 0,
        free: Vec::new(),
        objects: Vec::new(),
        events: Vec::new(),
        has_attempts: false,
        limit: None,
    });
    // Relaxed: a hint, and the lock decides. A thread that misses it records a little later.
    RUNS.store(true, Ordering::Relaxed);
    true
}

/// Ends the tape.
pub(super) fn take() -> Option<Tape> {
    // Relaxed: as in `begin`.
    RUNS.store(false, Ordering::Relaxed);
    tape().take()
}

impl Tape {
    /// Adds an event. Without room for it, that is the recording's end.
    fn push(&mut self, event: Event) {
        match self.limit {
            None if self.events.len() < self.most_events => self.events.push(event),
            None => self.limit = Some(RecordingLimit::Events),
            Some(_) => {}
        }
    }

    /// The calling thread's index, and whether it is for this once: the OS thread exits, and has
    /// given back the one it had.
    fn thread(&mut self) -> Option<(u8, bool)> {
        let known = SEAT.try_with(|seat| seat.0.get());
        if let Ok((session, index)) = known
            && session == self.session
        {
            return Some((index, false));
        }
        let index = self.free.pop().or_else(|| {
            let index = Some(self.threads).filter(|&index| index < MOST_THREADS)?;
            self.threads += 1;
            Some(index)
        });
        let Some(index) = index else {
            self.limit = Some(RecordingLimit::Threads);
            return None;
        };
        let is_kept = known.is_ok() && SEAT.try_with(|seat| seat.0.set((self.session, index))).is_ok();
        Some((index, !is_kept))
    }

    /// A thread exits, and another one may have its index.
    fn leave(&mut self, index: u8) {
        self.push(Event::new(Op::ThreadExit, index, NO_OBJECT));
        self.free.push(index);
    }

    /// The object's id, if the recording knows it.
    fn known(&self, tag: &Tag) -> Option<u32> {
        let known = tag.get();
        (known >> 32 == u64::from(self.session)).then_some(known as u32)
    }

    /// The object's id; a new one if the recording has not seen it.
    fn object(&mut self, tag: &Tag, record: ObjectRecord) -> Option<u32> {
        if let Some(id) = self.known(tag) {
            return Some(id);
        }
        if self.objects.len() >= NO_OBJECT as usize {
            self.limit = Some(RecordingLimit::Objects);
            return None;
        }
        let id = self.objects.len() as u32;
        self.objects.push(record);
        tag.set(u64::from(self.session) << 32 | u64::from(id));
        Some(id)
    }
}

/// An object that the recording had not seen before this operation: it was made before.
fn older(op: Op) -> ObjectRecord {
    let immortal = if matches!(op, Op::IncrefImmortal | Op::DecrefImmortal) { flags::IMMORTAL } else { 0 };
    ObjectRecord { flags: flags::PREEXISTING | immortal, owner: NO_OWNER, ..Default::default() }
}

/// Does something with the tape and the calling thread's index, if a recording runs that has not
/// ended.
#[cold]
fn on_tape<R>(f: impl FnOnce(&mut Tape, u8) -> Option<R>) -> Option<R> {
    let mut tape = tape();
    let tape = tape.as_mut().filter(|tape| tape.limit.is_none())?;
    let (thread, is_for_once) = tape.thread()?;
    let result = f(tape, thread);
    if is_for_once {
        tape.leave(thread);
    }
    result
}

fn runs() -> bool {
    // Relaxed: see `begin`.
    RUNS.load(Ordering::Relaxed)
}

/// Records an operation, if a recording runs; and after a release whether it is handed over.
#[inline]
pub(super) fn record(op: Op, tag: &Tag, arg: u16, is_handed_over: bool) {
    if runs() {
        on_tape(|tape, thread| {
            let object = tape.object(tag, older(op))?;
            tape.push(Event { op, thread, arg, object });
            if is_handed_over {
                tape.push(Event::new(Op::Queue, thread, object));
            }
            Some(())
        });
    }
}

/// Records a new object, with one reference.
pub(super) fn born(tag: &Tag, is_immortal: bool, global_lock: bool) {
    let record_it = |tape: &mut Tape, thread| {
        tape.global_lock = global_lock;
        let flags = if is_immortal { flags::IMMORTAL } else { 0 };
        let record = ObjectRecord { flags, owner: thread, initial_count: 1, ..Default::default() };
        let object = tape.object(tag, record)?;
        tape.push(Event::new(Op::Alloc, thread, object));
        Some(())
    };
    if !runs() || on_tape(record_it).is_none() {
        tag.set(UNKNOWN);
    }
}

/// A new tag, of an object with one reference.
pub(super) fn new_born(is_immortal: bool, global_lock: bool) -> Tag {
    let tag = Tag(AtomicU64::new(UNKNOWN));
    born(&tag, is_immortal, global_lock);
    tag
}

/// Records an object's end, once.
pub(super) fn end(tag: &Tag) {
    if tag.get() != ENDED {
        record(Op::Dealloc, tag, dealloc::NORMAL, false);
        tag.set(ENDED);
    }
}

/// Records the release of an object's only reference, and its end.
pub(super) fn took(tag: &Tag, arg: u16) {
    record(Op::Decref, tag, arg, false);
    end(tag);
}

/// The place on the tape of an attempt to make a reference of a weak one.
pub(super) struct Attempt {
    session: u32,
    place: usize,
}

/// Keeps a place for the result of an attempt, which counts for nothing until it
/// [succeeds](succeed).
///
/// The place comes before the attempt, as a retain's does before the retain: other threads'
/// releases that are recorded later do not see the count without it.
pub(super) fn attempt(tag: &Tag) -> Option<Attempt> {
    if !runs() || tag.get() == ENDED {
        return None;
    }
    on_tape(|tape, thread| {
        let object = match tag.get() {
            UNBORN => NO_OBJECT,
            ENDED => return None,
            _ => tape.object(tag, older(Op::Incref))?,
        };
        let place = tape.events.len();
        tape.push(Event { op: Op::Incref, thread, arg: TRIES, object });
        tape.has_attempts = true;
        (tape.limit.is_none()).then_some(Attempt { session: tape.session, place })
    })
}

/// An attempt has succeeded.
pub(super) fn succeed(attempt: &Attempt, tag: &Tag, as_owner: bool) {
    let mut tape = tape();
    let Some(tape) = tape.as_mut().filter(|tape| tape.session == attempt.session) else { return };
    let arg = if as_owner { TRIED_AS_OWNER } else { path::TRY };
    // An object that was unborn is known by now: its birth was recorded before it could have a
    // reference.
    if let Some(object) = tape.known(tag) {
        let thread = tape.events[attempt.place].thread;
        tape.events[attempt.place] = Event { op: Op::Incref, thread, arg, object };
    }
}
