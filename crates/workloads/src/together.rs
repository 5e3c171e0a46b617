//! Several threads at one task, released by a barrier and timed.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Barrier, OnceLock};
use std::time::{Duration, Instant};

use crate::crew::{CannotStart, crew_of};

/// The results of several threads, and the time that they took.
#[derive(Clone, Debug)]
pub struct Together<T> {
    /// From the first thread's release to the last one's end.
    pub elapsed: Duration,
    /// The results, in the order of the threads' numbers.
    pub results: Vec<T>,
}

/// The result of a workload, and the time that it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// From the first thread's release to the last one's end.
    pub elapsed: Duration,
    /// The result: the same under every strategy and with any number of threads.
    pub result: u64,
}

impl From<Together<u64>> for Done {
    /// The sum of what the threads returned.
    fn from(together: Together<u64>) -> Self {
        Done { elapsed: together.elapsed, result: together.results.iter().sum() }
    }
}

/// Runs `work` on `threads` new threads, numbered from 0, all released by one barrier.
///
/// Starting and joining the threads is outside the time. One thread is a new thread too, so that
/// its allocator and scheduler treat it as they treat each of two.
///
/// # Panics
/// If `work` panics, or, with [`CannotStart`], if a thread cannot be started: then none has begun.
pub fn together<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Together<T> {
    together_with(threads, || (), |number, ()| work(number)).0
}

/// As [`together`], with something that all threads share. The first thread makes it, outside the
/// time, before the others begin: as the main thread of an interpreter loads what the threads then
/// use. It is handed back at the end.
///
/// # Panics
/// If `make` or `work` panics, or, with [`CannotStart`], if a thread cannot be started: then none
/// has begun.
pub fn together_with<T: Send + Sync, R: Send>(
    threads: usize,
    make: impl Fn() -> T + Sync,
    work: impl Fn(usize, &T) -> R + Sync,
) -> (Together<R>, T) {
    let (barrier, made) = (Barrier::new(threads), OnceLock::new());
    let timed = |number| {
        if number == 0 {
            // The others are released in any case, so that a panic is not a wait without end.
            let result = catch_unwind(AssertUnwindSafe(|| made.get_or_init(&make)));
            barrier.wait();
            if let Err(panic) = result {
                resume_unwind(panic);
            }
        } else {
            barrier.wait();
        }
        let shared = made.get().expect("the first thread has made what all share");
        let start = Instant::now();
        let result = work(number, shared);
        (start, result, Instant::now())
    };
    let finished = crew_of(threads, timed, || ()).unwrap_or_else(|error: CannotStart| error.raise());
    let first = finished.iter().map(|(start, ..)| *start).min();
    let last = finished.iter().map(|(.., end)| *end).max();
    let elapsed = first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first);
    let together = Together { elapsed, results: finished.into_iter().map(|(_, result, _)| result).collect() };
    (together, made.into_inner().expect("the first thread has made what all share"))
}

/// The part of `size` that falls to one of `threads` threads; the remainder goes to the first ones.
pub fn share(size: u64, threads: usize, number: usize) -> u64 {
    let (threads, number) = (threads as u64, number as u64);
    size / threads + u64::from(number < size % threads)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

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

    #[test]
    fn the_first_thread_makes_what_all_share_before_any_begins() {
        let maker = std::sync::Mutex::new(None);
        let make = || *maker.lock().expect("no panic") = Some(thread::current().id());
        let (done, ()) =
            together_with(3, make, |_, ()| (thread::current().id(), *maker.lock().expect("no panic")));
        for (_, made_by) in &done.results {
            assert_eq!(*made_by, Some(done.results[0].0));
        }
    }

    #[test]
    fn a_panic_of_the_one_who_makes_it_reaches_the_caller() {
        let result = catch_unwind(|| together_with(2, || panic!("as asked"), |_, ()| ()).1);
        assert_eq!(result.expect_err("it panicked").downcast_ref::<&str>(), Some(&"as asked"));
    }

    #[test]
    fn shares_add_up_and_differ_by_one_at_most() {
        assert_eq!([0, 1, 2].map(|number| share(11, 3, number)), [4, 4, 3]);
        assert_eq!([0, 1].map(|number| share(1, 2, number)), [1, 0]);
    }
}
