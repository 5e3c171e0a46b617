//! What does it cost to attach, to ask at a checkpoint whether others wait, and to hand the global
//! lock over?

use std::hint::{black_box, spin_loop};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::yield_now;
use std::time::{Duration, Instant};

use keyway::{GlobalLock, Interval, ReturningFirst, Strategy, Thread, Ticks, attach};
use parking_lot::lock_api::RawMutex as _;

use crate::beside::beside;
use crate::clock::time;
use crate::row::{Row, Work, every_strategy};

const ATTACH: &str = "attach";
const CHECKPOINT: &str = "checkpoint";
const HAND_OVER: &str = "hand-over";

/// Attached and detached, nobody waits.
#[inline(always)]
pub fn attached<S: Strategy>() {
    attach::<S, _>(|thread| {
        black_box(thread);
    });
}

/// A checkpoint, nobody waits.
#[inline(always)]
pub fn checkpoint<S: Strategy>(thread: &mut Thread<S>) {
    black_box(&mut *thread).checkpoint();
}

/// Every strategy.
pub fn attach_rows() -> Vec<Row> {
    fn row<S: Strategy>() -> Row {
        Row::new(ATTACH, S::runtime().id, sample_attach::<S>)
    }
    every_strategy!(row).into()
}

/// Every strategy.
pub fn checkpoint_rows() -> Vec<Row> {
    fn row<S: Strategy>() -> Row {
        Row::new(CHECKPOINT, S::runtime().id, sample_checkpoint::<S>)
    }
    every_strategy!(row).into()
}

/// The strategies whose threads take turns, and a raw lock.
pub fn hand_over_rows() -> Vec<Row> {
    fn row(subject: &'static str, sample: fn(u64) -> Duration) -> Row {
        Row::of_threads(HAND_OVER, subject, 2, Work::InTurns(sample))
    }
    vec![
        row(GlobalLock::<Interval>::runtime().id, sample_hand_over::<GlobalLock<Interval>>),
        row(GlobalLock::<Ticks>::runtime().id, sample_hand_over::<GlobalLock<Ticks>>),
        row(GlobalLock::<ReturningFirst>::runtime().id, sample_hand_over::<GlobalLock<ReturningFirst>>),
        row("parking-lot-raw", sample_hand_over_of_raw),
    ]
}

#[inline(never)]
fn sample_attach<S: Strategy>(times: u64) -> Duration {
    time(times, attached::<S>)
}

fn sample_checkpoint<S: Strategy>(times: u64) -> Duration {
    attach::<S, _>(|thread| time_checkpoints(times, thread))
}

#[inline(never)]
fn time_checkpoints<S: Strategy>(times: u64, thread: &mut Thread<S>) -> Duration {
    time(times, || checkpoint(thread))
}

/// Whose turn it is.
struct Turns(AtomicUsize);

impl Turns {
    fn wait(&self, me: usize) {
        let mut looks = 0_u32;
        while self.0.load(Relaxed) != me {
            looks += 1;
            // Where there is one core, the other has to get it.
            if looks.is_multiple_of(1024) { yield_now() } else { spin_loop() }
        }
    }

    fn pass_on(&self, me: usize) {
        self.0.store(1 - me, Relaxed);
    }
}

/// Two threads that are each let go by the other: one waits for its turn in a blocking region, and
/// wants the lock back while the other, whose turn has ended, still holds it and is about to give
/// it up.
fn two_threads(hand_overs: u64, turns: &(impl Fn(&Turns, usize, u64) + Sync)) -> Duration {
    let (state, barrier) = (&Turns(AtomicUsize::new(0)), &Barrier::new(2));
    let each = hand_overs.div_ceil(2);
    let run = move |me| {
        barrier.wait();
        let start = Instant::now();
        turns(state, me, each);
        (start, Instant::now())
    };
    let (one, other) = beside(|| run(1), || run(0));
    one.1.max(other.1) - one.0.min(other.0)
}

fn sample_hand_over<S: Strategy>(hand_overs: u64) -> Duration {
    two_threads(hand_overs, &|turns: &Turns, me, times| {
        attach::<S, _>(|thread| {
            for _ in 0..times {
                thread.blocking(|| turns.wait(me));
                turns.pass_on(me);
            }
        });
    })
}

fn sample_hand_over_of_raw(hand_overs: u64) -> Duration {
    let lock = parking_lot::RawMutex::INIT;
    two_threads(hand_overs, &|turns: &Turns, me, times| {
        for _ in 0..times {
            turns.wait(me);
            let held = lock.lock();
            turns.pass_on(me);
            // SAFETY: locked just above.
            unsafe { lock.unlock(held) };
        }
    })
}
