//! Recording: a strategy that behaves as another one and writes down every change of every count.
//!
//! Files, bottom to top: `limit`, `tape`, `complete`, and here what is recorded when;
//! `free_threaded` for operations without a token, and weak references.

mod complete;
mod free_threaded;
mod limit;
mod tape;

use std::error::Error;
use std::fmt;

use keyway_object_model::{ContentsLock, CountPath, Strategy};

pub use limit::RecordingLimit;
pub use tape::Tag;

use crate::format::{Op, path};
use crate::observed::{Change, Observed, Observer};
use crate::trace::Trace;

/// Events that a [`Recording`] keeps, if not told otherwise: 1 GiB of them.
const EVENTS: usize = 1 << 27;

/// The strategy `S`, whose traffic is recorded while a [`Recording`] runs.
///
/// A program is recorded by naming this in place of its strategy. It offers the same as `S`: it is
/// [`FreeThreaded`](keyway::FreeThreaded) if `S` is, and carries `Brc` and weak references if `S`
/// does. Its header is 8 bytes larger. Every operation then takes a lock of the process for a
/// moment, so that the recording has one order. The operations of a thread keep their order; times
/// are not to be measured.
///
/// An operation without a token is recorded as any other, on the index of the OS thread that
/// carries it out.
///
/// # Examples
/// ```
/// use keyway::{BiasedCounts, Ref};
/// use keyway_traces::{Op, Recorded, Recording};
///
/// type S = Recorded<BiasedCounts>;
///
/// let recording = Recording::start().unwrap();
/// let one: Ref<_, S> = Ref::new("key");
/// let two = one.clone();
/// drop(one);
/// drop(two);
/// let trace = recording.finish();
/// let operations: Vec<Op> = trace.events.iter().map(|event| event.op).collect();
/// assert_eq!(operations, [Op::Alloc, Op::Incref, Op::Decref, Op::Decref, Op::Dealloc]);
/// // trace.write_file("my-program.rct.zst") keeps it.
/// ```
pub type Recorded<S> = Observed<Recorder, S>;

/// Writes down what it sees: see [`Recorded`].
#[derive(Debug)]
pub enum Recorder {}

/// A recording in progress: the only one in this process. Dropped, it is lost.
#[derive(Debug)]
pub struct Recording {
    /// Whether the program has set the limit of events.
    is_limit_set: bool,
}

/// Another recording is in progress in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyRecording;

impl fmt::Display for AlreadyRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot record: another recording is in progress in this process")
    }
}

impl Error for AlreadyRecording {}

impl Recording {
    /// Starts to record what is done under [`Recorded`] strategies, of one kind at a time.
    ///
    /// # Errors
    /// If a recording is in progress.
    pub fn start() -> Result<Self, AlreadyRecording> {
        Recording::begin(EVENTS, false)
    }

    /// The same with another limit, which is the program's own wish: events after the first
    /// `events` are not recorded, and the trace of the first ones counts as
    /// [whole](Trace::not_whole).
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_within(events: usize) -> Result<Self, AlreadyRecording> {
        Recording::begin(events, true)
    }

    fn begin(events: usize, is_limit_set: bool) -> Result<Self, AlreadyRecording> {
        tape::begin(events).then(|| Recording { is_limit_set }).ok_or(AlreadyRecording)
    }

    /// Ends the recording.
    ///
    /// If a limit ended it earlier, [`Trace::not_whole`] names the limit. The trace is then the
    /// beginning of the program, which agrees with itself; it is not written unless that field is
    /// cleared.
    pub fn finish(self) -> Trace {
        let tape = tape::take().expect("a recording has a tape until it ends");
        let is_limit_set = self.is_limit_set;
        std::mem::forget(self);
        let trace = complete::trace_of(tape);
        let not_whole = trace.not_whole.filter(|&limit| !is_limit_set || limit != RecordingLimit::Events);
        Trace { not_whole, ..trace }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        tape::take();
    }
}

/// Whether strategies of this kind keep all threads but one out.
fn is_global_lock<S: Strategy>() -> bool {
    !S::Lock::LOCKS
}

/// How the format calls a path.
fn named<S: Strategy>(way: CountPath) -> u16 {
    match way {
        CountPath::Owner => path::OWNER,
        CountPath::Common if is_global_lock::<S>() => path::OWNER,
        _ => path::SHARED,
    }
}

impl Observer for Recorder {
    const PREFIX: &'static str = "recorded-";
    type Words = Tag;

    fn born<S: Strategy>(is_immortal: bool) -> Tag {
        tape::new_born(is_immortal, is_global_lock::<S>())
    }

    /// A release is recorded before it takes place, so that no count is zero in the program before
    /// it is in the recording.
    fn before<S: Strategy>(change: Change, path: Option<CountPath>, tag: &Tag) {
        match (change, path) {
            (Change::Retain, None) => tape::record(Op::IncrefImmortal, tag, 0, false),
            (Change::Release, None) => tape::record(Op::DecrefImmortal, tag, 0, false),
            (Change::Retain, Some(way)) => tape::record(Op::Incref, tag, named::<S>(way), false),
            (Change::Release, Some(way)) => {
                tape::record(Op::Decref, tag, named::<S>(way), way == CountPath::HandOver);
            }
        }
    }

    fn ended(tag: &Tag) {
        tape::end(tag);
    }
}

#[cfg(feature = "testing")]
// SAFETY: the count is that of `S`.
unsafe impl<S: keyway_object_model::testing::NearLimit> keyway_object_model::testing::NearLimit
    for Recorded<S>
{
    const LIMIT: u64 = S::LIMIT;

    unsafe fn leak(object: keyway_object_model::ObjectPtr<Self>, id: S::Id, references: u64) {
        // SAFETY: the caller's duties.
        unsafe { S::leak(object.wrapped(), id, references) }
    }
}

#[cfg(feature = "testing")]
// SAFETY: the owner is that of `S`.
unsafe impl<S: keyway_object_model::testing::Owned> keyway_object_model::testing::Owned for Recorded<S> {
    unsafe fn is_owner(object: keyway_object_model::ObjectPtr<Self>, id: S::Id) -> bool {
        // SAFETY: the caller's duties.
        unsafe { S::is_owner(object.wrapped(), id) }
    }
}
