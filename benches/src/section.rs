//! What does it cost to enter an object, and two at once, when nobody else wants to?

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use keyway::{Guarded, Strategy, Thread, attach};
use keyway_object_model::ContentsLock;
use parking_lot::lock_api::RawMutex as _;

use crate::clock::time;
use crate::row::{Row, every_strategy};

const OPERATION: &str = "section";
const PAIR: &str = "section-pair";
const LOCK_ALONE: &str = "section-below-the-face";

/// One section: the contents are touched, hidden from the optimiser.
#[inline(always)]
pub fn enter<S: Strategy>(object: &Guarded<u64, S>, thread: &mut Thread<S>) {
    object.enter(thread, |section| {
        black_box(&mut **section);
    });
}

/// A section of two objects.
#[inline(always)]
pub fn enter_pair<S: Strategy>(a: &Guarded<u64, S>, b: &Guarded<u64, S>, thread: &mut Thread<S>) {
    let entered = a.enter_pair(b, thread, |a, b, _| {
        black_box((a, b));
    });
    black_box(entered.is_ok());
}

/// Every strategy, and locks.
pub fn rows() -> Vec<Row> {
    fn row<S: Strategy>() -> Row {
        Row::new(OPERATION, S::runtime().id, sample::<S>)
    }
    let locks = [
        Row::new(OPERATION, "parking-lot-raw", sample_of_raw),
        Row::new(OPERATION, "parking-lot", sample_of_parking_lot),
        Row::new(OPERATION, "std-mutex", sample_of_std),
        Row::new(OPERATION, "spin", sample_of_spin),
        Row::new(OPERATION, "futex", sample_of_futex),
    ];
    every_strategy!(row).into_iter().chain(locks).collect()
}

/// Below the face: the lock of each strategy that sections take and give up, by itself. Strategies
/// without locks have none.
pub fn lock_rows() -> Vec<Row> {
    fn row<S: Strategy>() -> Option<Row> {
        S::Lock::LOCKS.then(|| Row::new(LOCK_ALONE, S::runtime().id, sample_lock::<S>))
    }
    every_strategy!(row).into_iter().flatten().collect()
}

/// Two objects at once: every strategy, and two raw locks one inside the other.
pub fn pair_rows() -> Vec<Row> {
    fn row<S: Strategy>() -> Row {
        Row::new(PAIR, S::runtime().id, sample_pair::<S>)
    }
    let locks = [Row::new(PAIR, "two-parking-lot-raw", sample_of_two_raw)];
    every_strategy!(row).into_iter().chain(locks).collect()
}

fn sample<S: Strategy>(sections: u64) -> Duration {
    attach::<S, _>(|thread| {
        let object = thread.alloc(Guarded::new(1));
        time_sections(sections, &object, thread)
    })
}

#[inline(never)]
fn time_sections<S: Strategy>(sections: u64, object: &Guarded<u64, S>, thread: &mut Thread<S>) -> Duration {
    time(sections, || enter(object, thread))
}

#[inline(never)]
fn sample_lock<S: Strategy>(sections: u64) -> Duration {
    let (lock, mut contents) = (S::Lock::new(), 1_u64);
    time(sections, || {
        black_box(&lock).lock();
        black_box(&mut contents);
        // SAFETY: locked just above.
        unsafe { lock.unlock() };
    })
}

fn sample_pair<S: Strategy>(sections: u64) -> Duration {
    attach::<S, _>(|thread| {
        let (a, b) = (thread.alloc(Guarded::new(1)), thread.alloc(Guarded::new(2)));
        time_pairs(sections, &a, &b, thread)
    })
}

#[inline(never)]
fn time_pairs<S: Strategy>(
    sections: u64,
    a: &Guarded<u64, S>,
    b: &Guarded<u64, S>,
    thread: &mut Thread<S>,
) -> Duration {
    time(sections, || enter_pair(a, b, thread))
}

/// One lock and unlock of a raw one-byte lock around contents.
fn sample_of_raw(sections: u64) -> Duration {
    time_raw(sections, &mut (parking_lot::RawMutex::INIT, 1))
}

#[inline(never)]
fn time_raw(sections: u64, object: &mut (parking_lot::RawMutex, u64)) -> Duration {
    let (lock, contents) = object;
    time(sections, || {
        let held = black_box(&*lock).lock();
        black_box(&mut *contents);
        // SAFETY: locked just above.
        unsafe { lock.unlock(held) };
    })
}

fn sample_of_two_raw(sections: u64) -> Duration {
    time_two_raw(sections, &mut (parking_lot::RawMutex::INIT, 1), &mut (parking_lot::RawMutex::INIT, 2))
}

#[inline(never)]
fn time_two_raw(
    sections: u64,
    a: &mut (parking_lot::RawMutex, u64),
    b: &mut (parking_lot::RawMutex, u64),
) -> Duration {
    time(sections, || {
        let (held_a, held_b) = (black_box(&a.0).lock(), black_box(&b.0).lock());
        black_box((&mut a.1, &mut b.1));
        // SAFETY: locked just above.
        unsafe { a.0.unlock(held_a) };
        // SAFETY: locked just above.
        unsafe { b.0.unlock(held_b) };
    })
}

#[inline(never)]
fn sample_of_parking_lot(sections: u64) -> Duration {
    let object = parking_lot::Mutex::new(1_u64);
    time(sections, || {
        black_box(&mut *black_box(&object).lock());
    })
}

#[inline(never)]
fn sample_of_std(sections: u64) -> Duration {
    let object = std::sync::Mutex::new(1_u64);
    time(sections, || {
        black_box(&mut *black_box(&object).lock().expect("nothing panics inside"));
    })
}

#[inline(never)]
fn sample_of_spin(sections: u64) -> Duration {
    let object = spin::Mutex::<u64>::new(1);
    time(sections, || {
        black_box(&mut *black_box(&object).lock());
    })
}

#[inline(never)]
fn sample_of_futex(sections: u64) -> Duration {
    let (lock, mut contents) = (FutexLock::new(), 1_u64);
    time(sections, || {
        black_box(&lock).lock();
        black_box(&mut contents);
        lock.unlock();
    })
}

/// The three-state lock on a 32-bit futex word: free, held, held with waiters.
pub(crate) struct FutexLock(AtomicU32);

impl FutexLock {
    pub(crate) fn new() -> Self {
        FutexLock(AtomicU32::new(0))
    }

    #[inline]
    pub(crate) fn lock(&self) {
        if self.0.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            self.wait();
        }
    }

    #[cold]
    fn wait(&self) {
        while self.0.swap(2, Ordering::Acquire) != 0 {
            atomic_wait::wait(&self.0, 2);
        }
    }

    #[inline]
    pub(crate) fn unlock(&self) {
        if self.0.swap(0, Ordering::Release) == 2 {
            atomic_wait::wake_one(&self.0);
        }
    }
}
