//! What does one more reference cost when another thread is at the same object at the same time?
//!
//! `duel-owner` times the thread that made the object, `duel-other` the one that did not; both make
//! pairs for the whole time. Two threads at one `Arc` are the same either way.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use keyway::{Brc, FreeThreaded, attach};

use crate::beside::beside;
use crate::clock::{Together, Window};
use crate::owner_pair::{time_pairs, time_pairs_of};
use crate::peers::Pointer;
use crate::row::{Row, Sample, Work, every_free_threaded};

const OWNER: &str = "duel-owner";
const OTHER: &str = "duel-other";

/// Pairs between two looks at whether the other thread is done.
const BETWEEN_LOOKS: u64 = 256;

/// The owner's side, under every strategy with parallel threads, and other pointers.
pub fn owner_rows() -> Vec<Row> {
    fn row<S: FreeThreaded>() -> Row {
        Row::of_threads(OWNER, S::runtime().id, 2, Work::AtOnce(sample::<S, true>))
    }
    every_free_threaded!(row).into_iter().chain(peers::<true>(OWNER)).collect()
}

/// The other's side.
pub fn other_rows() -> Vec<Row> {
    fn row<S: FreeThreaded>() -> Row {
        Row::of_threads(OTHER, S::runtime().id, 2, Work::AtOnce(sample::<S, false>))
    }
    every_free_threaded!(row).into_iter().chain(peers::<false>(OTHER)).collect()
}

fn peers<const TIMES_OWNER: bool>(operation: &'static str) -> [Row; 3] {
    let arc = sample_of::<Arc<u64>, TIMES_OWNER>;
    let brc = sample_of::<Brc<u64>, TIMES_OWNER>;
    let biasedrc = sample_of::<biasedrc::Brc<u64>, TIMES_OWNER>;
    let biasedrc = Row::of_threads(operation, "biasedrc", 2, Work::Apart(biasedrc));
    [
        Row::of_threads(operation, "arc", 2, Work::AtOnce(arc)),
        Row::of_threads(operation, "brc", 2, Work::AtOnce(brc)),
        Row { defect: biasedrc::Brc::<u64>::DEFECT, ..biasedrc },
    ]
}

/// Two threads at one object; the timed one begins when the other is at it, and ends it.
struct Duel {
    start: Barrier,
    at_it: AtomicBool,
    over: AtomicBool,
}

/// What one of the two did.
struct Done {
    time: Duration,
    window: Window,
}

impl Duel {
    fn new() -> Self {
        Duel { start: Barrier::new(2), at_it: AtomicBool::new(false), over: AtomicBool::new(false) }
    }

    fn run(&self, is_timed: bool, pairs: u64, time_pairs: impl Fn(u64) -> Duration) -> Done {
        self.start.wait();
        if is_timed { self.timed(pairs, time_pairs) } else { self.untimed(time_pairs) }
    }

    fn timed(&self, pairs: u64, time_pairs: impl Fn(u64) -> Duration) -> Done {
        while !self.at_it.load(Relaxed) {
            std::hint::spin_loop();
        }
        let (time, window) = Window::of(|| time_pairs(pairs));
        self.over.store(true, Relaxed);
        Done { time, window }
    }

    /// The thread in the other's way. Its window is the longer one, by the little that it takes to
    /// notice: where it is longer by more, the two were not together.
    fn untimed(&self, time_pairs: impl Fn(u64) -> Duration) -> Done {
        time_pairs(BETWEEN_LOOKS);
        self.at_it.store(true, Relaxed);
        let fight = || {
            while !self.over.load(Relaxed) {
                time_pairs(BETWEEN_LOOKS);
            }
        };
        let ((), window) = Window::of(fight);
        Done { time: Duration::ZERO, window }
    }
}

fn judged(one: &Done, other: &Done) -> Sample {
    Sample { time: one.time + other.time, together: Some(Together::of(&[one.window, other.window])) }
}

fn sample<S: FreeThreaded, const TIMES_OWNER: bool>(pairs: u64) -> Sample {
    let duel = &Duel::new();
    attach::<S, _>(|thread| {
        let object = &thread.alloc(1);
        let other = move || {
            attach::<S, _>(|thread| duel.run(!TIMES_OWNER, pairs, |pairs| time_pairs(pairs, object, thread)))
        };
        let owner = || duel.run(TIMES_OWNER, pairs, |pairs| time_pairs(pairs, object, thread));
        let (owner, other) = beside(other, owner);
        judged(&owner, &other)
    })
}

fn sample_of<P: Pointer + Send + Sync, const TIMES_OWNER: bool>(pairs: u64) -> Sample {
    let (duel, object) = (&Duel::new(), &P::new(1));
    let side = |is_timed| move || duel.run(is_timed, pairs, |pairs| time_pairs_of(pairs, object));
    let (owner, other) = beside(side(!TIMES_OWNER), side(TIMES_OWNER));
    judged(&owner, &other)
}
