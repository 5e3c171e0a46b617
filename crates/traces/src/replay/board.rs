//! Where the objects of a replay say that they have been destroyed, and where threads wait for each
//! other.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use crossbeam::utils::CachePadded;

/// Kept for one replay after the other, and never freed: objects point to it.
#[derive(Debug)]
pub(super) struct Board {
    /// For each object how often it was destroyed.
    destroyed: Vec<AtomicU8>,
    pub(super) watch: Option<Watch>,
}

/// What is noted of each object in a replay that is watched and not timed.
#[derive(Debug)]
pub(super) struct Watch {
    start: Instant,
    /// For each object when its last release began, and when it was destroyed, in ns from the
    /// start.
    released: Vec<AtomicU64>,
    ended: Vec<AtomicU64>,
    /// For each object [`RETURNED`] or [`GONE`].
    state: Vec<AtomicU8>,
    live: Level,
    waiting: Level,
}

/// In a state: the last release has returned, and the object is still there.
const RETURNED: u8 = 1;
/// In a state: it has been destroyed.
const GONE: u8 = 2;

/// A number and its peak.
#[derive(Debug, Default)]
struct Level {
    now: AtomicI64,
    peak: AtomicI64,
}

impl Level {
    // Relaxed: a number to look at.
    fn add(&self, change: i64) {
        let now = self.now.fetch_add(change, Ordering::Relaxed) + change;
        self.peak.fetch_max(now, Ordering::Relaxed);
    }

    fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed).max(0) as u64
    }
}

impl Board {
    pub(super) fn new(objects: usize, watched: bool) -> Self {
        Board {
            destroyed: (0..objects).map(|_| AtomicU8::new(0)).collect(),
            watch: watched.then(|| Watch {
                start: Instant::now(),
                released: (0..objects).map(|_| AtomicU64::new(0)).collect(),
                ended: (0..objects).map(|_| AtomicU64::new(0)).collect(),
                state: (0..objects).map(|_| AtomicU8::new(0)).collect(),
                live: Level::default(),
                waiting: Level::default(),
            }),
        }
    }

    /// Before a replay: nothing has been destroyed.
    pub(super) fn clear(&self) {
        self.destroyed.iter().for_each(|count| count.store(0, Ordering::Relaxed));
    }

    /// How often an object was destroyed.
    pub(super) fn destroyed(&self, object: u32) -> u8 {
        self.destroyed[object as usize].load(Ordering::Relaxed)
    }
}

impl Watch {
    fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    pub(super) fn born(&self) {
        self.live.add(1);
    }

    pub(super) fn before_last_release(&self, object: u32) {
        self.released[object as usize].store(self.now(), Ordering::Relaxed);
    }

    pub(super) fn after_last_release(&self, object: u32) {
        // Relaxed: a read-modify-write decides which of the two came first.
        if self.state[object as usize].swap(RETURNED, Ordering::Relaxed) == 0 {
            self.waiting.add(1);
        }
    }

    fn gone(&self, object: u32) {
        self.ended[object as usize].store(self.now(), Ordering::Relaxed);
        self.live.add(-1);
        if self.state[object as usize].swap(GONE, Ordering::Relaxed) == RETURNED {
            self.waiting.add(-1);
        }
    }

    /// From the last release of an object to its destruction, in ns.
    pub(super) fn delay(&self, object: u32) -> u64 {
        let [released, ended] =
            [&self.released, &self.ended].map(|times| times[object as usize].load(Ordering::Relaxed));
        ended.saturating_sub(released)
    }

    /// The most objects that were alive at once, and the most that nobody held and that had not
    /// been destroyed yet.
    pub(super) fn peaks(&self) -> (u64, u64) {
        (self.live.peak(), self.waiting.peak())
    }
}

/// What an object of a replay contains.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) id: u32,
    board: &'static Board,
}

impl Cell {
    #[inline]
    pub(super) fn new(id: u32, board: &'static Board) -> Self {
        Cell { id, board }
    }
}

impl Drop for Cell {
    #[inline]
    fn drop(&mut self) {
        let count = &self.board.destroyed[self.id as usize];
        // Relaxed, in two steps: one thread destroys an object; a second time would be a second
        // object with the same id.
        count.store(count.load(Ordering::Relaxed).saturating_add(1), Ordering::Relaxed);
        if let Some(watch) = &self.board.watch {
            watch.gone(self.id);
        }
    }
}

/// What a thread tells others, and how they wait for it.
#[derive(Debug, Default)]
pub(super) struct Bell {
    told: AtomicU32,
    sleepers: AtomicU32,
    /// Whether the thread has panicked, and tells nothing any more.
    is_broken: AtomicBool,
    lock: Mutex<()>,
    rung: Condvar,
}

/// The bells of all threads of a replay.
pub(super) type Bells = Vec<CachePadded<Bell>>;

impl Bell {
    /// The thread has told this many times.
    #[inline]
    pub(super) fn tell(&self, times: u32) {
        // SeqCst, against `sleep`: either this thread sees the sleeper, or the sleeper sees what
        // was told. Also Release: the operations before this one happen before the operations of
        // the thread that has waited.
        self.told.swap(times, Ordering::SeqCst);
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
        self.rung.notify_all();
    }

    /// Whether it has told this many times already.
    #[inline]
    pub(super) fn has_told(&self, times: u32) -> bool {
        // Acquire: pairs with `tell`.
        self.told.load(Ordering::Acquire) >= times
    }

    /// The thread has panicked: nobody is to wait for it any more.
    pub(super) fn breaks(&self) {
        // Relaxed, here and below: a sleeper looks under the lock that `wake` takes, and after the
        // barrier of a replay the barrier orders it.
        self.is_broken.store(true, Ordering::Relaxed);
        self.wake();
    }

    /// Whether the thread has panicked.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Relaxed)
    }

    /// Sleeps until it has told this many times, or has panicked; whether it has told.
    pub(super) fn sleep(&self, times: u32) -> bool {
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        // SeqCst: see `tell`.
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        let has_told = loop {
            if self.told.load(Ordering::SeqCst) >= times {
                break true;
            }
            if self.is_broken() {
                break false;
            }
            guard = self.rung.wait(guard).unwrap_or_else(PoisonError::into_inner);
        };
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
        has_told
    }
}
