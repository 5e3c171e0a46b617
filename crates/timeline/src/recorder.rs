//! The recorder behind the hooks: one at a time in a process.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

use crate::buffer::{Buffer, Event};
use crate::event::Does;
use crate::span::{Span, spans};

/// Whether something is being recorded.
static ON: AtomicBool = AtomicBool::new(false);

/// The number of the recording: buffers of an earlier one are not written to.
static RECORDING: AtomicU64 = AtomicU64::new(0);

/// When the recording began, since [`START`].
static BEGAN: AtomicU64 = AtomicU64::new(0);

/// When this process first asked.
static START: OnceLock<Instant> = OnceLock::new();

/// The threads that have noted something in this recording.
static THREADS: Mutex<Vec<Noted>> = Mutex::new(Vec::new());

thread_local! {
    /// Where this thread writes, and the number of the recording that it is for.
    static BUFFER: RefCell<(u64, Arc<Buffer>)> = RefCell::default();
}

/// A thread that has noted something.
#[derive(Debug)]
struct Noted {
    name: Option<String>,
    buffer: Arc<Buffer>,
}

/// A recording in progress; on drop it ends.
#[derive(Debug)]
pub struct Recorder(());

/// The result.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The threads, in the order in which they were first heard of.
    pub threads: Vec<Thread>,
    /// How long it took, in nanoseconds.
    pub length: u64,
}

/// The activities of one thread.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Its name; `thread` and a number if it has none.
    pub name: String,
    /// Its activities, without gaps but where it was not attached.
    pub spans: Vec<Span>,
    /// How many events did not fit into its buffer.
    pub lost: u64,
}

impl Recorder {
    /// Begins to record what all threads of this process do; none if that is being done already.
    pub fn begin() -> Option<Recorder> {
        let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        // Relaxed, all of them: changed under `THREADS`, which a thread that notes an event for the
        // first time locks, too; and a thread that reads `ON` a little late notes a little late.
        if ON.load(Ordering::Relaxed) {
            return None;
        }
        threads.clear();
        RECORDING.fetch_add(1, Ordering::Relaxed);
        BEGAN.store(since_start(), Ordering::Relaxed);
        ON.store(true, Ordering::Relaxed);
        Some(Recorder(()))
    }

    /// Ends it.
    pub fn end(self) -> Recording {
        let length = now();
        drop(self);
        let threads = std::mem::take(&mut *THREADS.lock().unwrap_or_else(PoisonError::into_inner));
        let thread = |(number, noted): (usize, Noted)| Thread {
            name: noted.name.unwrap_or_else(|| format!("thread {}", number + 1)),
            spans: spans(noted.buffer.events(), length),
            lost: noted.buffer.lost(),
        };
        Recording { threads: threads.into_iter().enumerate().map(thread).collect(), length }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Relaxed: as in `begin`.
        ON.store(false, Ordering::Relaxed);
    }
}

/// Whether something is being recorded: one load.
#[inline]
pub(crate) fn is_on() -> bool {
    // Relaxed: a hint; a thread that sees it late notes less.
    ON.load(Ordering::Relaxed)
}

/// Nanoseconds since the recording began.
pub(crate) fn now() -> u64 {
    // Relaxed: it does not change while something is being recorded.
    since_start().saturating_sub(BEGAN.load(Ordering::Relaxed))
}

fn since_start() -> u64 {
    // 2^61 nanoseconds are more than seventy years.
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// The calling thread notes something, of now or of a moment that has been.
#[cold]
pub(crate) fn note(does: Does, place: usize, at: Option<u64>) {
    let event = Event { at: at.unwrap_or_else(now), does, place };
    // A thread whose thread-locals are gone, or that is inside here already, notes nothing.
    let _ = BUFFER.try_with(|buffer| {
        let Ok(mut buffer) = buffer.try_borrow_mut() else { return };
        // Relaxed: as in `begin`.
        let recording = RECORDING.load(Ordering::Relaxed);
        if buffer.0 != recording {
            *buffer = (recording, register());
        }
        buffer.1.push(event);
    });
}

/// A buffer for the calling thread.
fn register() -> Arc<Buffer> {
    let buffer = Arc::new(Buffer::default());
    let noted = Noted { name: thread::current().name().map(str::to_owned), buffer: Arc::clone(&buffer) };
    THREADS.lock().unwrap_or_else(PoisonError::into_inner).push(noted);
    buffer
}
