//! Recording: a strategy that behaves as another one and writes down every change of every count.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use keyway_object_model::{
    ContentsLock, CountPath, Due, ObjectPtr, OwnWords, Released, Retained, Runtime, Strategy, Wrapped,
};

use crate::format::{Event, ObjectRecord, Op, dealloc, flags, path};
use crate::identity::runtime_of;
use crate::trace::Trace;

/// Events that a [`Recording`] keeps, if not told otherwise: 1 GiB of them.
const EVENTS: usize = 1 << 27;

/// The strategy `S`, whose traffic is recorded while a [`Recording`] runs.
///
/// A program is recorded by naming this in place of its strategy. Its header is 8 bytes larger. Every operation then takes a lock of
/// the process for a moment, so that the recording has one order; what a thread does keeps its order, and times are not to be measured.
///
/// # Examples
/// ```
/// use keyway::{BiasedCounts, attach};
/// use keyway_traces::{Op, Recorded, Recording};
///
/// type S = Recorded<BiasedCounts>;
///
/// let recording = Recording::start().unwrap();
/// attach::<S, _>(|thread| {
///     let one = thread.alloc("key");
///     let two = one.clone_ref(thread);
///     one.release(thread);
///     two.release(thread);
/// });
/// let trace = recording.finish();
/// let operations: Vec<Op> = trace.events.iter().map(|event| event.op).collect();
/// assert_eq!(operations, [Op::Alloc, Op::Incref, Op::Decref, Op::Decref, Op::Dealloc]);
/// // trace.write_file("my-program.rct.zst") keeps it.
/// ```
#[derive(Debug)]
pub struct Recorded<S>(PhantomData<fn(S) -> S>);

/// A recording in progress: the only one in this process. Dropped, it is lost.
#[derive(Debug)]
pub struct Recording(());

/// Another recording is in progress in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyRecording;

impl fmt::Display for AlreadyRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot record: another recording is in progress in this process")
    }
}

impl Error for AlreadyRecording {}

/// What has been recorded.
struct Tape {
    /// The number of the recording: what an object's tag says of another one is not looked at.
    session: u32,
    limit: usize,
    global_lock: bool,
    threads: u32,
    objects: Vec<ObjectRecord>,
    events: Vec<Event>,
}

static TAPE: Mutex<Option<Tape>> = Mutex::new(None);

/// Whether there is a tape: so that a program that is not being recorded takes no lock.
static RUNS: AtomicBool = AtomicBool::new(false);

static SESSIONS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// This OS thread's index, and the recording in which it has it.
    static THREAD: Cell<(u32, u8)> = const { Cell::new((0, 0)) };
}

fn tape() -> MutexGuard<'static, Option<Tape>> {
    TAPE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an object knows of its recording: its number in the upper half, the object's id in the lower. All zero: none.
#[derive(Debug)]
pub struct Tag(AtomicU64);

/// In a tag: the object's end has been recorded.
const ENDED: u64 = u64::MAX;

impl OwnWords for Tag {
    /// An object found by a strategy in its queues: its end is recorded on the thread that found it.
    fn due(&self) {
        end(self);
    }
}

impl Recording {
    /// Starts to record what is done under [`Recorded`] strategies, of one kind at a time.
    ///
    /// # Errors
    /// If a recording is in progress.
    pub fn start() -> Result<Self, AlreadyRecording> {
        Recording::start_within(EVENTS)
    }

    /// The same with another limit: what comes after so many events is not recorded.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_within(events: usize) -> Result<Self, AlreadyRecording> {
        let mut tape = tape();
        if tape.is_some() {
            return Err(AlreadyRecording);
        }
        // Relaxed: under the lock.
        let session = SESSIONS.fetch_add(1, Ordering::Relaxed) as u32 + 1;
        *tape = Some(Tape {
            session,
            limit: events,
            global_lock: false,
            threads: 0,
            objects: Vec::new(),
            events: Vec::new(),
        });
        // Relaxed: a hint, and the lock decides. Whoever misses it records a little later.
        RUNS.store(true, Ordering::Relaxed);
        Ok(Recording(()))
    }

    /// Ends the recording.
    pub fn finish(self) -> Trace {
        let tape = take().expect("a recording has a tape until it ends");
        std::mem::forget(self);
        let mut trace = Trace {
            global_lock: tape.global_lock,
            threads: tape.threads.max(1),
            objects: tape.objects,
            events: tape.events,
            names: vec!["?".to_owned()],
        };
        complete(&mut trace);
        trace
    }
}

fn take() -> Option<Tape> {
    RUNS.store(false, Ordering::Relaxed);
    tape().take()
}

impl Drop for Recording {
    fn drop(&mut self) {
        take();
    }
}

/// Fills in what is known only in the end: which objects live, which were shared, and how many references older ones had at least.
fn complete(trace: &mut Trace) {
    #[derive(Clone, Copy, Default)]
    struct Sum {
        change: i64,
        least: i64,
        ended: bool,
        thread: Option<u8>,
    }
    let mut sums = vec![Sum::default(); trace.objects.len()];
    for event in &trace.events {
        let (object, sum) = (&mut trace.objects[event.object as usize], &mut sums[event.object as usize]);
        match event.op {
            Op::Incref | Op::Alloc => sum.change += 1,
            Op::Decref => sum.change -= 1,
            _ => {}
        }
        if event.op != Op::Decref {
            // Whoever uses it has a reference.
            sum.least = sum.least.min(sum.change - i64::from(event.op == Op::Incref) - 1);
        }
        sum.ended |= event.op == Op::Dealloc;
        sum.least = sum.least.min(sum.change);
        if sum.thread.is_some_and(|thread| thread != event.thread) && !object.is_immortal() {
            object.flags |= flags::MANY_THREADS;
        }
        sum.thread = Some(event.thread);
        let is_count = matches!(event.op, Op::Incref | Op::Decref);
        if is_count && event.arg != path::OWNER {
            object.flags |= flags::SHARED_PATH;
        }
    }
    for (object, sum) in trace.objects.iter_mut().zip(sums) {
        if object.is_preexisting() {
            let least = if sum.ended { -sum.change } else { (-sum.least).max(1) };
            object.initial_count = u32::try_from(least).unwrap_or(u32::MAX);
        }
        if !sum.ended {
            object.flags |= flags::ALIVE_AT_END;
        }
    }
}

impl Tape {
    fn thread(&mut self) -> Option<u8> {
        let (session, index) = THREAD.get();
        if session == self.session {
            return Some(index);
        }
        let index = u8::try_from(self.threads).ok().filter(|&index| index != u8::MAX)?;
        self.threads += 1;
        THREAD.set((self.session, index));
        Some(index)
    }

    /// The object's id; a new one if the recording has not seen it.
    fn object(&mut self, tag: &Tag, record: ObjectRecord) -> u32 {
        // Relaxed: under the lock.
        let known = tag.0.load(Ordering::Relaxed);
        if known >> 32 == u64::from(self.session) {
            return known as u32;
        }
        let id = self.objects.len() as u32;
        self.objects.push(record);
        tag.0.store(u64::from(self.session) << 32 | u64::from(id), Ordering::Relaxed);
        id
    }

    fn has_room(&self) -> bool {
        self.events.len() < self.limit && self.objects.len() < u32::MAX as usize
    }
}

/// An object that the recording had not seen before this operation: it was made before.
fn older(op: Op) -> ObjectRecord {
    let immortal = if matches!(op, Op::IncrefImmortal | Op::DecrefImmortal) { flags::IMMORTAL } else { 0 };
    ObjectRecord {
        flags: flags::PREEXISTING | immortal,
        owner: crate::format::NO_OWNER,
        ..Default::default()
    }
}

/// Records an operation, if a recording runs.
#[inline]
fn record(op: Op, tag: &Tag, arg: u16) {
    // Relaxed: see `start_within`.
    if RUNS.load(Ordering::Relaxed) {
        record_on_tape(op, tag, arg);
    }
}

#[cold]
fn record_on_tape(op: Op, tag: &Tag, arg: u16) {
    let mut tape = tape();
    let Some(tape) = tape.as_mut().filter(|tape| tape.has_room()) else { return };
    let Some(thread) = tape.thread() else { return };
    let object = tape.object(tag, older(op));
    tape.events.push(Event { op, thread, arg, object });
}

/// A new object's tag; `flags` are those with which its life begins.
fn born<S: Strategy>(flags: u8) -> Tag {
    let tag = Tag(AtomicU64::new(0));
    if !RUNS.load(Ordering::Relaxed) {
        return tag;
    }
    let mut tape = tape();
    if let Some(tape) = tape.as_mut().filter(|tape| tape.has_room())
        && let Some(thread) = tape.thread()
    {
        tape.global_lock = !S::Lock::LOCKS;
        let record = ObjectRecord { flags, owner: thread, initial_count: 1, ..Default::default() };
        let object = tape.object(&tag, record);
        tape.events.push(Event::new(Op::Alloc, thread, object));
    }
    tag
}

/// Records an object's end, once.
fn end(tag: &Tag) {
    if RUNS.load(Ordering::Relaxed) && tag.0.load(Ordering::Relaxed) != ENDED {
        record_on_tape(Op::Dealloc, tag, dealloc::NORMAL);
        // Relaxed: nobody else can reach the object.
        tag.0.store(ENDED, Ordering::Relaxed);
    }
}

/// How the format calls a path.
fn named<S: Strategy>(way: CountPath) -> u16 {
    match way {
        CountPath::Owner => path::OWNER,
        CountPath::Common if !S::Lock::LOCKS => path::OWNER,
        _ => path::SHARED,
    }
}

type Words<S> = Wrapped<S, Tag>;

/// # Safety
/// - The object is alive, by a reference of the caller's, for `'a`.
unsafe fn tag<'a, S: Strategy + 'a>(object: ObjectPtr<Recorded<S>>) -> &'a Tag {
    // SAFETY: the caller's duty.
    unsafe { object.count() }.own()
}

/// Records a release, before it takes place, so that no count is zero in the recording before it is.
///
/// # Safety
/// - As for [`tag`].
unsafe fn record_release<S: Strategy>(object: ObjectPtr<Recorded<S>>, way: CountPath) {
    // SAFETY: the caller's duty.
    let tag = unsafe { tag(object) };
    record(Op::Decref, tag, named::<S>(way));
    if way == CountPath::HandOver {
        record(Op::Queue, tag, 0);
    }
}

// SAFETY: counts, threads and contents are those of `S`, to which each duty is handed on; what is added touches only the tag and the tape, runs
// no user code, and waits for a leaf lock alone. `release_anywhere` tells an OS thread that is attached to `S` itself. After `Destroy`
// nobody but the caller can reach the object, which is then not yet claimed. Identity: one static a wrapper.
unsafe impl<S: Strategy> Strategy for Recorded<S> {
    type Attached = S::Attached;

    fn runtime() -> &'static Runtime {
        runtime_of::<Self>("recorded-", S::runtime().id)
    }

    fn attach(due: &mut Due<Self>) -> S::Attached {
        S::attach(&mut due.wrapped())
    }

    fn detach(attached: &S::Attached, due: &mut Due<Self>) {
        S::detach(attached, &mut due.wrapped());
    }

    fn checkpoint(attached: &S::Attached, due: &mut Due<Self>) {
        S::checkpoint(attached, &mut due.wrapped());
    }

    fn leave(attached: &S::Attached, due: &mut Due<Self>) {
        S::leave(attached, &mut due.wrapped());
    }

    fn reenter(attached: &S::Attached, due: &mut Due<Self>) {
        S::reenter(attached, &mut due.wrapped());
    }

    type Id = S::Id;

    fn id(attached: &S::Attached) -> S::Id {
        S::id(attached)
    }

    type Count = Words<S>;

    fn new_count(id: S::Id, attached: &S::Attached) -> Words<S> {
        Wrapped::new(S::new_count(id, attached), born::<S>(0))
    }

    fn immortal_count(id: S::Id, attached: &S::Attached) -> Words<S> {
        Wrapped::new(S::immortal_count(id, attached), born::<S>(flags::IMMORTAL))
    }

    unsafe fn retain(object: ObjectPtr<Self>, id: S::Id, attached: &S::Attached) -> Retained {
        // SAFETY: the caller keeps the object alive.
        if unsafe { object.is_immortal() } {
            // SAFETY: as above.
            record(Op::IncrefImmortal, unsafe { tag(object) }, 0);
        } else {
            // SAFETY: as above.
            let way = unsafe { S::path(object.wrapped(), id) };
            // SAFETY: as above.
            record(Op::Incref, unsafe { tag(object) }, named::<S>(way));
        }
        // SAFETY: the caller's duties.
        unsafe { S::retain(object.wrapped(), id, attached) }
    }

    unsafe fn release(
        object: ObjectPtr<Self>,
        id: S::Id,
        attached: &S::Attached,
        due: &mut Due<Self>,
    ) -> Released {
        // SAFETY: alive, by the caller's reference.
        let immortal = unsafe { object.is_immortal() };
        if immortal {
            // SAFETY: as above.
            record(Op::DecrefImmortal, unsafe { tag(object) }, 0);
        } else {
            // SAFETY: as above.
            let way = unsafe { S::path(object.wrapped(), id) };
            // SAFETY: as above.
            unsafe { record_release(object, way) };
        }
        // SAFETY: the caller's duties.
        let released = unsafe { S::release(object.wrapped(), id, attached, &mut due.wrapped()) };
        if released == Released::Destroy && !immortal {
            // SAFETY: nobody has destroyed it yet: that is the caller's to do now.
            end(unsafe { tag(object) });
        }
        released
    }

    unsafe fn release_unattached(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: alive, by the caller's reference.
        unsafe { record_release(object, CountPath::Common) };
        // SAFETY: the caller's duties.
        let released = unsafe { object.wrapped::<S, Tag>().release_anywhere() };
        if released == Released::Destroy {
            // SAFETY: as in `release`.
            end(unsafe { tag(object) });
        }
        released
    }

    unsafe fn count(object: ObjectPtr<Self>, id: S::Id, attached: &S::Attached) -> usize {
        // SAFETY: the caller's duties.
        unsafe { S::count(object.wrapped(), id, attached) }
    }

    unsafe fn path(object: ObjectPtr<Self>, id: S::Id) -> CountPath {
        // SAFETY: the caller's duties.
        unsafe { S::path(object.wrapped(), id) }
    }

    type Lock = S::Lock;
}

#[cfg(feature = "testing")]
// SAFETY: the count is that of `S`.
unsafe impl<S: keyway_object_model::testing::NearLimit> keyway_object_model::testing::NearLimit
    for Recorded<S>
{
    const LIMIT: u64 = S::LIMIT;

    unsafe fn leak(object: ObjectPtr<Self>, id: S::Id, references: u64) {
        // SAFETY: the caller's duties.
        unsafe { S::leak(object.wrapped(), id, references) }
    }
}
