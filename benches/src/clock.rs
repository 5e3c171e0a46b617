//! What time it is, and where threads really ran.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Whether this process is stepped through instead of timed. The clock is left alone then: how many
/// instructions it takes to read is not always the same.
static STEPPED: AtomicBool = AtomicBool::new(false);

/// From now on this process reads no clock, and traps where it would; see [`crate::steps`].
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) fn stop_the_clock() {
    STEPPED.store(true, Relaxed);
}

/// The time when the operations begin. If the clock has been stopped: tells the process that steps
/// through this one.
#[inline(never)]
pub(crate) fn now() -> Option<Instant> {
    if STEPPED.load(Relaxed) {
        trap();
        return None;
    }
    Some(Instant::now())
}

/// The time since [`now`]; zero if the clock has been stopped.
#[inline(never)]
pub(crate) fn since(start: Option<Instant>) -> Duration {
    match start {
        Some(start) => start.elapsed(),
        None => {
            trap();
            Duration::ZERO
        }
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn trap() {
    // SAFETY: raises a signal that the tracer takes; registers and memory stay as they are.
    unsafe { std::arch::asm!("int3", options(nomem, nostack, preserves_flags)) };
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn trap() {}

/// Calls of the operation in one turn of the timed loop: the loop's own counter and branch are no
/// part of the operation, and weigh as much as a third of a plain count.
const UNROLLED: u64 = 4;

/// How long `iterations` calls of `operation` take.
#[inline(always)]
pub(crate) fn time(iterations: u64, mut operation: impl FnMut()) -> Duration {
    let start = now();
    for _ in 0..iterations / UNROLLED {
        for _ in 0..UNROLLED {
            operation();
        }
    }
    for _ in 0..iterations % UNROLLED {
        operation();
    }
    since(start)
}

/// The time that this thread has spent on a core.
#[cfg(target_os = "linux")]
pub(crate) fn cpu_time() -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is written to.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) } != 0;
    (!failed).then(|| Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0)))
}

/// The time that this thread has spent on a core; not known here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn cpu_time() -> Option<Duration> {
    None
}

/// What `work` takes of a core's time, or on the clock where the former cannot be had.
pub(crate) fn cpu_time_of(work: impl FnOnce()) -> Duration {
    let (start, on_cpu) = (Instant::now(), cpu_time());
    work();
    cpu_time().zip(on_cpu).map_or_else(|| start.elapsed(), |(after, before)| after.saturating_sub(before))
}

/// When a thread was at its operations, and what part of that time it spent on a core.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) start: Instant,
    pub(crate) end: Instant,
    on_cpu: f64,
}

impl Window {
    /// Runs `work` and says when it ran.
    pub(crate) fn of<R>(work: impl FnOnce() -> R) -> (R, Self) {
        let (start, before) = (Instant::now(), cpu_time());
        let result = work();
        let (after, end) = (cpu_time(), Instant::now());
        let wall = (end - start).as_secs_f64().max(1e-9);
        let spent = after.zip(before).map(|(after, before)| after.saturating_sub(before).as_secs_f64());
        (result, Window { start, end, on_cpu: spent.map_or(1.0, |spent| (spent / wall).min(1.0)) })
    }
}

/// How far several threads were at their operations at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Together {
    /// The least part of its time that one of them spent on a core; 1 if that is not known.
    pub on_cpu: f64,
    /// The part of the time with at least one thread at work in which all threads were at work.
    pub overlap: f64,
}

impl Together {
    /// What these threads' windows say.
    pub(crate) fn of(windows: &[Window]) -> Self {
        let on_cpu = windows.iter().map(|window| window.on_cpu).fold(1.0, f64::min);
        let all_at_it =
            windows.iter().map(|window| window.start).max()..windows.iter().map(|window| window.end).min();
        let anyone =
            windows.iter().map(|window| window.start).min()..windows.iter().map(|window| window.end).max();
        let length = |from: Option<Instant>, to: Option<Instant>| {
            to.zip(from).map_or(0.0, |(to, from)| to.saturating_duration_since(from).as_secs_f64())
        };
        let overlap = length(all_at_it.start, all_at_it.end) / length(anyone.start, anyone.end).max(1e-9);
        Together { on_cpu, overlap }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(start: Instant, from: u64, to: u64, on_cpu: f64) -> Window {
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        Window { start: at(from), end: at(to), on_cpu }
    }

    #[test]
    fn threads_that_ran_one_after_the_other_were_not_together() {
        let start = Instant::now();
        let of = |windows: &[(u64, u64, f64)]| {
            let windows: Vec<_> =
                windows.iter().map(|&(from, to, on_cpu)| window(start, from, to, on_cpu)).collect();
            Together::of(&windows)
        };
        assert_eq!(of(&[(0, 10, 1.0), (10, 20, 1.0)]), Together { on_cpu: 1.0, overlap: 0.0 });
        assert_eq!(of(&[(0, 10, 1.0), (12, 20, 0.9)]), Together { on_cpu: 0.9, overlap: 0.0 });
        assert_eq!(of(&[(0, 10, 0.5), (0, 10, 1.0)]), Together { on_cpu: 0.5, overlap: 1.0 });
        assert_eq!(of(&[(0, 10, 1.0), (5, 10, 1.0), (0, 20, 1.0)]), Together { on_cpu: 1.0, overlap: 0.25 });
    }

    #[test]
    fn a_thread_that_sleeps_is_not_on_a_core() {
        if cpu_time().is_some() {
            let ((), window) = Window::of(|| std::thread::sleep(Duration::from_millis(20)));
            assert!(window.on_cpu < 0.5, "{window:?}");
            assert!(window.end - window.start >= Duration::from_millis(20));
        }
    }
}
