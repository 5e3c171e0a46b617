//! What does one more reference cost when another thread is at the same object at the same time?
//!
//! `duel-owner` times the thread that made the object, `duel-other` the one that did not; both make pairs for the whole
//! time. Two threads at one `Arc` are the same either way.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use keyway::{FreeThreaded, attach};

use crate::owner_pair::{time_pairs, time_pairs_of};
use crate::row::{Row, every_free_threaded, set_share, with_share};

const OWNER: &str = "duel-owner";
const OTHER: &str = "duel-other";

/// Pairs between two looks at whether the other thread is done.
const BETWEEN_LOOKS: u64 = 256;

/// The owner's side, under every strategy with parallel threads, and `Arc`.
pub fn owner_rows() -> Vec<Row> {
    fn row<S: FreeThreaded>() -> Row {
        Row { threads: 2, alone: false, ..Row::new(OWNER, S::runtime().id, sample::<S, true>) }
    }
    every_free_threaded!(row).into_iter().chain([arc(OWNER)]).collect()
}

/// The other's side.
pub fn other_rows() -> Vec<Row> {
    fn row<S: FreeThreaded>() -> Row {
        Row { threads: 2, alone: false, ..Row::new(OTHER, S::runtime().id, sample::<S, false>) }
    }
    every_free_threaded!(row).into_iter().chain([arc(OTHER)]).collect()
}

fn arc(operation: &'static str) -> Row {
    Row { threads: 2, alone: false, ..Row::new(operation, "arc", sample_of_arc) }
}

/// Two threads at one object; the timed one begins when the other is at it, and ends it.
struct Duel {
    start: Barrier,
    at_it: AtomicBool,
    over: AtomicBool,
}

impl Duel {
    fn new() -> Self {
        Duel { start: Barrier::new(2), at_it: AtomicBool::new(false), over: AtomicBool::new(false) }
    }

    /// The thread that is timed, and its share of a core.
    fn timed(&self, pairs: u64, time_pairs: impl Fn(u64) -> Duration) -> (Duration, f64) {
        self.start.wait();
        while !self.at_it.load(Relaxed) {
            std::hint::spin_loop();
        }
        let result = with_share(|| time_pairs(pairs));
        self.over.store(true, Relaxed);
        result
    }

    /// The thread in its way.
    fn untimed(&self, time_pairs: impl Fn(u64) -> Duration) -> f64 {
        self.start.wait();
        let fight = || {
            while !self.over.load(Relaxed) {
                time_pairs(BETWEEN_LOOKS);
                self.at_it.store(true, Relaxed);
            }
        };
        with_share(fight).1
    }
}

fn sample<S: FreeThreaded, const TIMES_OWNER: bool>(pairs: u64) -> Duration {
    let duel = &Duel::new();
    attach::<S, _>(|thread| {
        let object = &thread.alloc(1);
        let other = move || {
            attach::<S, _>(|thread| {
                if TIMES_OWNER {
                    (Duration::ZERO, duel.untimed(|pairs| time_pairs(pairs, object, thread)))
                } else {
                    duel.timed(pairs, |pairs| time_pairs(pairs, object, thread))
                }
            })
        };
        thread::scope(|scope| {
            let other = scope.spawn(other);
            let owner = if TIMES_OWNER {
                duel.timed(pairs, |pairs| time_pairs(pairs, object, thread))
            } else {
                (Duration::ZERO, duel.untimed(|pairs| time_pairs(pairs, object, thread)))
            };
            let other = other.join().expect("nothing in it panics");
            set_share([owner.1, other.1]);
            owner.0 + other.0
        })
    })
}

fn sample_of_arc(pairs: u64) -> Duration {
    let (duel, object) = (&Duel::new(), &Arc::new(1_u64));
    thread::scope(|scope| {
        let other = scope.spawn(move || duel.untimed(|pairs| time_pairs_of(pairs, object)));
        let (time, share) = duel.timed(pairs, |pairs| time_pairs_of(pairs, object));
        set_share([share, other.join().expect("nothing in it panics")]);
        time
    })
}
