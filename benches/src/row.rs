//! One line of a table: an operation on a subject.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// An operation on one subject: a strategy, or what strategies are compared with.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The operation's id, such as `owner-pair`.
    pub operation: &'static str,
    /// The subject's id: a strategy's, or that of a reference such as `rc`.
    pub subject: &'static str,
    /// How many threads are at it at once.
    pub threads: usize,
    /// Whether a sample is the work of the calling thread alone, so that it can be stepped through.
    pub alone: bool,
    /// Operations in a sample, where a sample of another size would be another question.
    pub fixed: Option<u64>,
    /// Carries out so many operations and says how long they took, without what comes before and after them.
    pub sample: fn(u64) -> Duration,
}

impl Row {
    pub(crate) fn new(operation: &'static str, subject: &'static str, sample: fn(u64) -> Duration) -> Self {
        Row { operation, subject, threads: 1, alone: true, fixed: None, sample }
    }
}

/// Whether this process steps through operations instead of timing them. The clock is left alone then: how many instructions
/// it takes to read is not always the same.
static UNTIMED: AtomicBool = AtomicBool::new(false);

/// The least part of its time that a thread of the last sample with several threads spent on a core, as bits of an `f64`.
static SHARE: AtomicU64 = AtomicU64::new(1_f64.to_bits());

/// From now on this process reads no clock; see [`crate::steps`].
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) fn stop_the_clock() {
    UNTIMED.store(true, Relaxed);
}

/// The time, unless the clock has been stopped.
#[inline(never)]
pub(crate) fn now() -> Option<Instant> {
    if UNTIMED.load(Relaxed) { None } else { Some(Instant::now()) }
}

/// The time since [`now`]; zero if the clock has been stopped.
#[inline(never)]
pub(crate) fn since(start: Option<Instant>) -> Duration {
    start.map_or(Duration::ZERO, |start| start.elapsed())
}

/// How long so many calls of `operation` take.
#[inline(always)]
pub(crate) fn time(iterations: u64, mut operation: impl FnMut()) -> Duration {
    let start = now();
    for _ in 0..iterations {
        operation();
    }
    since(start)
}

/// The time that this thread has spent on a core.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) fn cpu_time() -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is written to.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) } != 0;
    (!failed).then(|| Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0)))
}

/// The time that this thread has spent on a core; not known here.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(crate) fn cpu_time() -> Option<Duration> {
    None
}

/// What `work` takes of a core's time, or on the clock where the former cannot be had.
pub(crate) fn cpu_time_of(work: impl FnOnce()) -> Duration {
    let (start, on_cpu) = (Instant::now(), cpu_time());
    work();
    cpu_time().zip(on_cpu).map_or_else(|| start.elapsed(), |(after, before)| after.saturating_sub(before))
}

/// Runs `work` and returns what it returns, with the part of its time that it was on a core.
pub(crate) fn with_share<R>(work: impl FnOnce() -> R) -> (R, f64) {
    let (start, on_cpu) = (Instant::now(), cpu_time());
    let result = work();
    let spent = cpu_time().zip(on_cpu).map(|(after, before)| after.saturating_sub(before));
    (result, spent.map_or(1.0, |spent| spent.as_secs_f64() / start.elapsed().as_secs_f64()))
}

pub(crate) fn set_share(shares: [f64; 2]) {
    SHARE.store(shares[0].min(shares[1]).min(1.0).to_bits(), Relaxed);
}

/// The least part of its time that a thread of the last sample with several threads spent on a core; 1 if that is not known.
pub fn on_cpu_share() -> f64 {
    f64::from_bits(SHARE.load(Relaxed))
}

/// The list of `$row::<S>()` for every strategy `S`.
macro_rules! every_strategy {
    ($row:ident) => {
        [
            $row::<keyway::SingleThread>(),
            $row::<keyway::GlobalLock<keyway::Interval>>(),
            $row::<keyway::GlobalLock<keyway::Ticks>>(),
            $row::<keyway::ObjectLocks>(),
            $row::<keyway::GroupLocks>(),
            $row::<keyway::AtomicCounts>(),
            $row::<keyway::BiasedCounts>(),
        ]
    };
}

/// The list of `$row::<S>()` for every strategy `S` under which threads run in parallel.
macro_rules! every_free_threaded {
    ($row:ident) => {
        [
            $row::<keyway::ObjectLocks>(),
            $row::<keyway::GroupLocks>(),
            $row::<keyway::AtomicCounts>(),
            $row::<keyway::BiasedCounts>(),
        ]
    };
}
pub(crate) use {every_free_threaded, every_strategy};
