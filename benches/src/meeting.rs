//! How much do several threads get done under contention, at one object or in the allocator; how
//! evenly is it shared out, and how long do single operations take?
//!
//! Threads are released by a barrier and go on until they are told to stop; each carries out an
//! operation and passes a checkpoint, as in a runtime's loop.

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Barrier, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use keyway::{Guarded, Ref, Strategy, Thread, attach};
use keyway_workloads::{CannotStart, crew_of};

use crate::clock::{Together, Window};
use crate::row::every_strategy_of_threads;
use crate::{alloc_free, owner_pair, section};

const PAIR: &str = "pair-at-one-object";
const SECTION: &str = "section-at-one-object";
const ALLOC: &str = "alloc-free-each";

/// Operations between two looks at whether to stop.
const BETWEEN_LOOKS: u32 = 64;

/// A histogram of nanoseconds: three digits, up to an hour; a longer time counts as an hour.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(3_600_000_000_000, 3).expect("these bounds are allowed")
}

/// An operation of several threads on one subject.
#[derive(Clone, Copy, Debug)]
pub struct Meeting {
    /// The operation's id.
    pub operation: &'static str,
    /// The subject's id.
    pub subject: &'static str,
    run: fn(&Shape) -> Outcome,
}

/// How many threads, how long, and what is measured.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Threads that carry the operation out.
    pub threads: usize,
    /// How long they go on.
    pub time: Duration,
    /// Whether each operation is timed by itself. That takes longer than some operations: the
    /// operations are not counted then.
    pub times_each: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Operations that each thread has carried out.
    pub done: Vec<u64>,
    /// From the first thread's start to the last one's end.
    pub elapsed: Duration,
    /// Nanoseconds of single operations, if they were timed.
    pub nanoseconds: Histogram<u64>,
    /// How far the threads were at it at once.
    pub together: Together,
}

impl Outcome {
    /// Operations a second, of all threads.
    pub fn throughput(&self) -> f64 {
        self.done.iter().sum::<u64>() as f64 / self.elapsed.as_secs_f64()
    }

    /// Jain's index of the threads' numbers of operations: 1 if all did as much, one by their
    /// number if one did everything.
    pub fn fairness(&self) -> f64 {
        let (sum, squares) = self.done.iter().fold((0.0, 0.0), |(sum, squares), &done| {
            let done = done as f64;
            (sum + done, squares + done * done)
        });
        if squares == 0.0 { 1.0 } else { sum * sum / (self.done.len() as f64 * squares) }
    }
}

impl Meeting {
    /// Runs the threads at the same time, once.
    ///
    /// # Panics
    /// With [`CannotStart`] if a thread cannot be started.
    pub fn run(&self, shape: &Shape) -> Outcome {
        (self.run)(shape)
    }
}

/// Every operation on every subject under which more than one thread can be attached, and on other
/// pointers and locks.
pub fn meetings() -> Vec<Meeting> {
    fn pair<S: Strategy>() -> Meeting {
        Meeting { operation: PAIR, subject: S::runtime().id, run: pairs::<S> }
    }
    fn enter<S: Strategy>() -> Meeting {
        Meeting { operation: SECTION, subject: S::runtime().id, run: sections::<S> }
    }
    fn alloc<S: Strategy>() -> Meeting {
        Meeting { operation: ALLOC, subject: S::runtime().id, run: objects::<S> }
    }
    let peer = |operation, subject, run| Meeting { operation, subject, run };
    let pairs = every_strategy_of_threads!(pair).into_iter().chain([peer(PAIR, "arc", pairs_of_arc)]);
    let locks = [
        peer(SECTION, "parking-lot", |shape| {
            locked(shape, parking_lot::Mutex::new(1), |lock| {
                black_box(&mut *lock.lock());
            })
        }),
        peer(SECTION, "std-mutex", |shape| {
            locked(shape, std::sync::Mutex::new(1), |lock| {
                black_box(&mut *lock.lock().expect("nothing panics inside"));
            })
        }),
        peer(SECTION, "spin", |shape| {
            locked(shape, spin::Mutex::<u64>::new(1), |lock| {
                black_box(&mut *lock.lock());
            })
        }),
        peer(SECTION, "futex", |shape| {
            locked(shape, section::FutexLock::new(), |lock| {
                lock.lock();
                lock.unlock();
            })
        }),
    ];
    let objects = [
        peer(ALLOC, "box", |shape| alone(shape, || drop(black_box(Box::new(1_u64))))),
        peer(ALLOC, "arc", |shape| alone(shape, || drop(black_box(Arc::new(1_u64))))),
    ];
    pairs
        .chain(every_strategy_of_threads!(enter))
        .chain(locks)
        .chain(every_strategy_of_threads!(alloc))
        .chain(objects)
        .collect()
}

fn pairs<S: Strategy>(shape: &Shape) -> Outcome {
    let make = || attach::<S, _>(|thread| thread.alloc(1));
    run(shape, make, |object: &Ref<u64, S>, turn| {
        in_a_loop::<S>(turn, |thread| owner_pair::pair(object, thread))
    })
}

fn sections<S: Strategy>(shape: &Shape) -> Outcome {
    let make = || attach::<S, _>(|thread| thread.alloc(Guarded::new(1)));
    run(shape, make, |object: &Ref<Guarded<u64, S>, S>, turn| {
        in_a_loop::<S>(turn, |thread| section::enter(object, thread))
    })
}

fn objects<S: Strategy>(shape: &Shape) -> Outcome {
    run(shape, || (), |(), turn| in_a_loop::<S>(turn, |thread| alloc_free::object(1, thread)))
}

fn pairs_of_arc(shape: &Shape) -> Outcome {
    run(shape, || Arc::new(1_u64), |object, turn| turn.take(|| owner_pair::pair_of(object)))
}

fn locked<L: Send + Sync>(shape: &Shape, lock: L, enter: fn(&L)) -> Outcome {
    let lock = &lock;
    run(shape, || (), move |(), turn| turn.take(|| enter(black_box(lock))))
}

fn alone(shape: &Shape, operation: fn()) -> Outcome {
    run(shape, || (), |(), turn| turn.take(operation))
}

fn in_a_loop<S: Strategy>(turn: Turn<'_>, mut operation: impl FnMut(&mut Thread<S>)) -> Done {
    attach::<S, _>(|thread| {
        turn.take(|| {
            operation(thread);
            thread.checkpoint();
        })
    })
}

/// What one thread is to do, from the barrier on.
struct Turn<'a> {
    stop: &'a AtomicBool,
    times_each: bool,
}

/// What one thread has done.
struct Done {
    operations: u64,
    nanoseconds: Histogram<u64>,
}

impl Turn<'_> {
    /// Carries `operation` out until it is time to stop.
    #[inline(always)]
    fn take(self, mut operation: impl FnMut()) -> Done {
        let mut done = Done { operations: 0, nanoseconds: histogram() };
        if self.times_each {
            while !self.stop.load(Relaxed) {
                let start = Instant::now();
                operation();
                let nanoseconds = start.elapsed().as_nanos();
                // Zero is below what a histogram holds.
                done.nanoseconds.saturating_record(u64::try_from(nanoseconds).unwrap_or(u64::MAX).max(1));
            }
        } else {
            while !self.stop.load(Relaxed) {
                for _ in 0..BETWEEN_LOOKS {
                    operation();
                }
                done.operations += u64::from(BETWEEN_LOOKS);
            }
        }
        done
    }
}

/// Threads that all use what the first of them has made: it is the owner, where there is one.
///
/// A thread that panics goes on to each barrier at which others wait for it: the panic reaches the
/// caller, and is not a wait without end.
fn run<T: Send + Sync>(
    shape: &Shape,
    make: impl Fn() -> T + Sync,
    work: impl Fn(&T, Turn<'_>) -> Done + Sync,
) -> Outcome {
    let (made, stop) = (OnceLock::new(), AtomicBool::new(false));
    let (is_made, start) = (Barrier::new(shape.threads), Barrier::new(shape.threads + 1));
    let each = |number: usize| {
        let making = catch_unwind(AssertUnwindSafe(|| {
            if number == 0 {
                made.get_or_init(&make);
            }
        }));
        is_made.wait();
        start.wait();
        making.unwrap_or_else(|panic| resume_unwind(panic));
        let shared = made.get().expect("the first thread has made it");
        let turn = Turn { stop: &stop, times_each: shape.times_each };
        let result = catch_unwind(AssertUnwindSafe(|| Window::of(|| work(shared, turn))));
        // Until all are done: a release of the shared object is not to fall into the time of
        // another.
        is_made.wait();
        result.unwrap_or_else(|panic| resume_unwind(panic))
    };
    let time_it = || {
        start.wait();
        thread::sleep(shape.time);
        stop.store(true, Relaxed);
    };
    let results: Vec<(Done, Window)> =
        crew_of(shape.threads, each, time_it).unwrap_or_else(|error: CannotStart| error.raise());
    let windows: Vec<Window> = results.iter().map(|(_, window)| *window).collect();
    let (start, end) =
        (windows.iter().map(|window| window.start).min(), windows.iter().map(|window| window.end).max());
    let mut nanoseconds = histogram();
    results
        .iter()
        .for_each(|(done, _)| nanoseconds.add(&done.nanoseconds).expect("all have the same bounds"));
    Outcome {
        done: results.iter().map(|(done, _)| done.operations).collect(),
        elapsed: end.zip(start).map_or(Duration::ZERO, |(end, start)| end - start),
        nanoseconds,
        together: Together::of(&windows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(done: &[u64]) -> Outcome {
        Outcome {
            done: done.to_vec(),
            elapsed: Duration::from_millis(500),
            nanoseconds: histogram(),
            together: Together { on_cpu: 1.0, overlap: 1.0 },
        }
    }

    #[test]
    fn fairness_is_one_for_equal_shares_and_a_half_where_one_of_two_gets_all() {
        assert_eq!(outcome(&[5, 5, 5]).fairness(), 1.0);
        assert_eq!(outcome(&[7, 0]).fairness(), 0.5);
        assert_eq!(outcome(&[3, 1]).fairness(), 0.8);
        assert_eq!(outcome(&[0, 0]).fairness(), 1.0);
        assert_eq!(outcome(&[30, 70]).throughput(), 200.0);
    }

    #[test]
    fn a_panic_of_the_maker_or_of_one_at_work_reaches_the_caller() {
        let shape = Shape { threads: 2, time: Duration::from_millis(1), times_each: false };
        let first = AtomicBool::new(true);
        let one_panics = |(): &(), turn: Turn<'_>| {
            assert!(!first.swap(false, Relaxed), "as asked");
            turn.take(|| ())
        };
        let caught = [
            catch_unwind(|| run(&shape, || panic!("as asked"), |(): &(), turn| turn.take(|| ()))),
            catch_unwind(AssertUnwindSafe(|| run(&shape, || (), one_panics))),
        ];
        for result in caught {
            assert_eq!(result.expect_err("it panicked").downcast_ref::<&str>(), Some(&"as asked"));
        }
    }

    /// The outcome of a short time; of a longer one if nothing was done in the short one, as where
    /// a busy machine gives the threads no time at all.
    fn done_in_a_while(meeting: &Meeting, threads: usize, times_each: bool) -> Outcome {
        let times = (0..8).map(|longer| Duration::from_millis(2 << (2 * longer)));
        let mut outcomes = times.map(|time| meeting.run(&Shape { threads, time, times_each }));
        let does_something =
            |outcome: &Outcome| outcome.done.iter().any(|&done| done > 0) || !outcome.nanoseconds.is_empty();
        outcomes.find(does_something).unwrap_or_else(|| panic!("{meeting:?} does nothing"))
    }

    #[test]
    fn every_meeting_gets_something_done_by_every_number_of_threads() {
        for meeting in meetings() {
            for threads in [1, 2] {
                let counted = done_in_a_while(&meeting, threads, false);
                assert_eq!(counted.done.len(), threads, "{meeting:?}");
                assert!(counted.nanoseconds.is_empty() && !counted.elapsed.is_zero(), "{meeting:?}");
                let timed = done_in_a_while(&meeting, threads, true);
                assert!(!timed.nanoseconds.is_empty(), "{meeting:?}");
            }
        }
    }
}
