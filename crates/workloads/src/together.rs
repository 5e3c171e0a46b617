//! Several threads at one task, released by a barrier and timed.

use std::panic::resume_unwind;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// What several threads did, and how long it took.
#[derive(Clone, Debug)]
pub struct Together<T> {
    /// From the first thread's release to the last one's end.
    pub elapsed: Duration,
    /// What each returned, in the order of their numbers.
    pub results: Vec<T>,
}

/// Runs `work` on so many new threads, numbered from 0, all released by one barrier.
///
/// Starting and joining the threads is outside the time. One thread is a new thread too, so that its allocator and
/// scheduler treat it as they treat each of two.
///
/// # Panics
/// If `work` panics, or a thread cannot be started.
pub fn together<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Together<T> {
    let barrier = Barrier::new(threads);
    let timed = |number| {
        barrier.wait();
        let start = Instant::now();
        let result = work(number);
        (start, result, Instant::now())
    };
    let finished: Vec<_> = thread::scope(|scope| {
        let timed = &timed;
        let running: Vec<_> = (0..threads).map(|number| scope.spawn(move || timed(number))).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let first = finished.iter().map(|(start, ..)| *start).min();
    let last = finished.iter().map(|(.., end)| *end).max();
    let elapsed = first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first);
    Together { elapsed, results: finished.into_iter().map(|(_, result, _)| result).collect() }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn all_threads_run_at_once_and_results_keep_their_order() {
        // Ends only if all four are inside at the same time.
        let inside = Barrier::new(4);
        let together = together(4, |number| {
            inside.wait();
            number * 10
        });
        assert_eq!(together.results, [0, 10, 20, 30]);
    }

    #[test]
    fn the_time_lasts_until_the_slowest_thread_ends() {
        let nap = Duration::from_millis(20);
        let together = together(2, |number| thread::sleep(nap * number as u32));
        assert!(together.elapsed >= nap, "{:?}", together.elapsed);
    }

    #[test]
    fn a_panic_in_one_thread_reaches_the_caller() {
        let result = std::panic::catch_unwind(|| together(2, |number| assert_ne!(number, 1, "as asked")));
        let message = result.expect_err("one of two panicked");
        assert!(message.downcast_ref::<String>().is_some_and(|text| text.contains("as asked")));
    }
}
