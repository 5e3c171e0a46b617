//! How many cores other programs leave to this one.

use std::hint::spin_loop;
use std::time::{Duration, Instant};

use keyway_workloads::together;

use crate::system::thread_cpu_time;

/// How long the threads spin to find out.
const PROBE: Duration = Duration::from_millis(200);

/// The part of the wanted cores that suffices: less than the whole, since something small always
/// runs.
const ENOUGH: f64 = 0.9;

/// Cores free for `threads` threads: each spins, and the time that it spent on a core is compared
/// with the time on a clock on the wall.
///
/// At most `threads`, however many cores there are. None where a thread's time on a core cannot be
/// had.
pub(crate) fn free_cores(threads: usize) -> Option<f64> {
    together(threads, |_| spin()).results.into_iter().sum()
}

/// Whether `free` free cores are enough for `threads` threads. Yes, if it is not known.
pub(crate) fn are_enough(free: Option<f64>, threads: usize) -> bool {
    free.is_none_or(|free| free >= ENOUGH * threads as f64)
}

/// Keeps this thread busy. Returns the part of that time which it spent on a core.
fn spin() -> Option<f64> {
    let (wall, on_core) = (Instant::now(), thread_cpu_time()?);
    while wall.elapsed() < PROBE {
        spin_loop();
    }
    let on_core = thread_cpu_time()?.saturating_sub(on_core);
    Some((on_core.as_secs_f64() / wall.elapsed().as_secs_f64()).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_threads_than_cores_are_too_many() {
        let cores = std::thread::available_parallelism().expect("this machine can tell").get();
        let Some(free) = free_cores(3 * cores) else { return };
        assert!(free > 0.0 && free <= 1.5 * cores as f64, "{free} of {cores}");
        assert!(!are_enough(Some(free), 3 * cores), "{free}");
    }

    #[test]
    fn a_little_less_than_all_is_enough_and_half_is_not() {
        assert!(are_enough(Some(1.95), 2));
        assert!(!are_enough(Some(1.0), 2));
        assert!(are_enough(None, 2));
    }
}
