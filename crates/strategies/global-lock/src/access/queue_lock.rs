//! A global lock that is handed over: a word with a fast path while nobody waits, and behind it a
//! queue of waiters, one of whom is given the lock without its ever becoming free.

use std::cell::Cell;
use std::hint::spin_loop;
use std::sync::Arc;
use std::time::Duration;

use keyway_object_model::lost_in_fork;
use keyway_sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use keyway_sync::fork::{self, After, Before, Condvar, Mutex, MutexGuard, Side};
use keyway_sync::{clock, cores};
use keyway_timeline::{AS_BEFORE, Does, note};

use super::order::{Next, Order, Place};

/// In `word`: nobody holds the lock.
const FREE: u32 = 0;
/// In `word`: somebody holds the lock, and nobody has come to wait since it was taken.
const HELD: u32 = 1;
/// In `word`: somebody holds the lock, and `order` accounts for it; the thread that gives it up
/// looks there.
const QUEUED: u32 = 2;
/// In `word`, in a forked child: held by a thread that exists in the parent only.
const LOST: u32 = 3;
/// In `word`: nobody has ever held the lock, and `before_fork` is not registered. A model, which
/// does not fork, begins with [`FREE`].
const NEW: u32 = if keyway_sync::MODELLED { FREE } else { 4 };

/// How often the first in the queue looks whether it has the lock before it goes to sleep: some 10
/// microseconds. A visit is shorter, as a rule, and being woken up takes longer. In a model each
/// look would be one more step.
const LOOKS: u32 = if keyway_sync::MODELLED { 1 } else { 250 };

/// Where a thread waits. Kept alive, until it has been woken, by the thread that hands it the lock.
#[derive(Debug)]
struct Seat {
    /// Whether it has been handed the lock. Set by the thread that hands it over, cleared by the
    /// thread itself.
    has_lock: AtomicBool,
    /// While its thread sleeps: whether the sleep ends with the turn or visit. Changed under
    /// `order`.
    watches: AtomicBool,
    bell: Condvar,
}

/// The lock's data for each attachment.
#[derive(Debug)]
pub struct Waiter {
    seat: Arc<Seat>,
    /// How long this thread has held the lock, in nanoseconds, as far as it counts.
    used: Cell<u64>,
}

impl Waiter {
    pub(crate) fn new() -> Self {
        let seat =
            Seat { has_lock: AtomicBool::new(false), watches: AtomicBool::new(false), bell: Condvar::new() };
        Waiter { seat: Arc::new(seat), used: Cell::new(0) }
    }
}

/// Why a thread wants the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comes {
    /// It attaches.
    New,
    /// It has been in a blocking region.
    Back,
}

/// The lock of one runtime under [`ReturningFirst`](super::ReturningFirst).
#[derive(Debug)]
pub struct QueueLock {
    /// [`FREE`], [`HELD`], [`QUEUED`], [`LOST`] or [`NEW`].
    word: AtomicU32,
    /// Whether the holder is asked for the lock. Changed under `order`.
    asked: AtomicBool,
    /// The core on which the thread whose turn it is ran when it last gave the lock up; [`UNKNOWN`]
    /// if that is not known.
    core: AtomicUsize,
    order: Mutex<Order<Arc<Seat>>>,
    /// The action of its runtime before a fork.
    before_fork: Before,
}

/// In `core`.
const UNKNOWN: usize = usize::MAX;

type Guard<'a> = MutexGuard<'a, Order<Arc<Seat>>>;

impl QueueLock {
    keyway_sync::const_unless_loom! {
        /// A lock that nobody holds, of a runtime that does this before a fork.
        pub fn new(before_fork: Before) -> Self {
            QueueLock {
                word: AtomicU32::new(NEW),
                asked: AtomicBool::new(false),
                core: AtomicUsize::new(UNKNOWN),
                order: Mutex::new(Order::new()),
                before_fork,
            }
        }
    }

    /// Takes the lock if it is free; never waits.
    #[inline]
    pub(crate) fn try_take(&self) -> bool {
        // O12, Acquire: pairs with O13 and O15. What earlier holders did happens before what this
        // one does.
        self.word.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Waits until this thread has the lock. `interval` in nanoseconds.
    #[inline]
    pub(crate) fn take(&self, waiter: &Waiter, comes: Comes, interval: impl Fn() -> u64) {
        if !self.try_take() {
            self.wait(waiter, comes, interval());
        }
    }

    /// Gives the lock up, to a waiter if there is one. For a holder without a [`Waiter`], too.
    #[inline]
    pub(crate) fn give_up(&self, waiter: Option<&Waiter>, interval: impl Fn() -> u64) {
        // O13, Release: pairs with O12 and O14 of the next holder. Relaxed on failure: what has
        // been queued is read under `order`.
        if self.word.compare_exchange(HELD, FREE, Ordering::Release, Ordering::Relaxed).is_err() {
            self.hand_on(waiter, interval());
        }
    }

    /// Whether the holder is asked for the lock; one plain load.
    #[inline]
    pub(crate) fn is_asked_for(&self) -> bool {
        // O16, Relaxed: a hint; a thread that misses it sees it at the next checkpoint.
        self.asked.load(Ordering::Relaxed)
    }

    /// The holder was asked: hands the lock to the next thread, if it must, and waits to get it
    /// back.
    #[cold]
    pub(crate) fn yield_turn(&self, waiter: &Waiter, interval: u64) {
        let mut order = self.order.lock();
        match order.checkpoint(Arc::clone(&waiter.seat), clock::now(), interval) {
            Some((next, place)) => {
                waiter.used.set(next.used);
                note(Does::Waits, || AS_BEFORE);
                if place.is_first {
                    self.note_core();
                }
                self.hand_to(order, next);
                self.sleep(waiter, place, interval);
            }
            None => self.note_asked(&order),
        }
    }

    #[cold]
    fn wait(&self, waiter: &Waiter, comes: Comes, interval: u64) {
        if self.is_mine_at_once() {
            return;
        }
        let mut order = self.order.lock();
        let now = clock::now();
        // O14, Acquire: pairs with O13 and O15, if the lock was free. Leaves QUEUED behind, so that
        // the releasing thread looks at the queue, which `order` keeps from it until this
        // thread stands in it.
        let found = self.word.swap(QUEUED, Ordering::Acquire);
        if found != QUEUED {
            order.begin(now, interval);
            self.note_asked(&order);
        }
        if found == FREE {
            return;
        }
        let seat = Arc::clone(&waiter.seat);
        let place = match comes {
            Comes::New => order.arrives(seat, now),
            Comes::Back => order.returns(seat, waiter.used.get(), now, interval),
        };
        if place.asks {
            self.note_asked(&order);
        }
        drop(order);
        self.sleep(waiter, place, interval);
    }

    /// Waits until this thread is handed the lock.
    fn sleep(&self, waiter: &Waiter, place: Place, interval: u64) {
        let seat = &waiter.seat;
        let looks = if place.is_first { LOOKS } else { 0 };
        let is_handed = (0..looks).any(|_| {
            spin_loop();
            seat.has_lock()
        });
        if !is_handed {
            self.sleep_long(seat, interval);
        }
        // O19, Relaxed: nobody else touches it before this thread stands in the queue again, which
        // `order` orders.
        seat.has_lock.store(false, Ordering::Relaxed);
    }

    /// Only the first watches the clock. All others sleep until they are handed the lock, or have
    /// become the first and are rung for (Q6): a crowd that woke up with every interval would keep
    /// `order` from the thread that has the lock.
    fn sleep_long(&self, seat: &Arc<Seat>, interval: u64) {
        let mut order = self.order.lock();
        while !seat.has_lock() {
            let is_first = order.is_first(|first| Arc::ptr_eq(first, seat));
            // O21, Relaxed: under `order`, as its load.
            seat.watches.store(is_first, Ordering::Relaxed);
            if !is_first {
                seat.bell.wait(&mut order);
                continue;
            }
            let patience = order.patience(clock::now(), interval);
            let slept = seat.bell.wait_for(&mut order, Duration::from_nanos(patience));
            if slept.timed_out() && !seat.has_lock() && order.expires(clock::now(), interval) {
                self.note_asked(&order);
                drop(order);
                self.follow_turn();
                order = self.order.lock();
            }
        }
    }

    /// Moves this thread, which has just asked for its turn, to the core of the turn that ends. So
    /// turns stay on one core, and others are free for visits: a kernel may leave a thread whose
    /// call has returned for milliseconds on the core where a turn has begun meanwhile.
    fn follow_turn(&self) {
        // O20, Relaxed: a hint.
        let core = self.core.load(Ordering::Relaxed);
        if core != UNKNOWN {
            cores::follow(core);
        }
    }

    /// The thread whose turn it is notes where it runs.
    fn note_core(&self) {
        // O20, Relaxed: a hint.
        self.core.store(cores::current().unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    /// The holder gives the lock up, and somebody may be waiting.
    #[cold]
    fn hand_on(&self, waiter: Option<&Waiter>, interval: u64) {
        let mut order = self.order.lock();
        let next = order.leaves(clock::now(), interval);
        if let Some(waiter) = waiter {
            waiter.used.set(next.used);
        }
        self.hand_to(order, next);
    }

    /// Makes the next thread the holder, or the lock free.
    fn hand_to(&self, order: Guard<'_>, next: Next<Arc<Seat>>) {
        self.note_asked(&order);
        let Some(seat) = next.thread else {
            // O15, Release: as O13.
            return self.word.store(FREE, Ordering::Release);
        };
        // O17, Release: pairs with O18. As O13, from holder to holder.
        seat.has_lock.store(true, Ordering::Release);
        // O21, Relaxed: under `order`, as its store.
        let first = order.first().filter(|first| !first.watches.load(Ordering::Relaxed)).map(Arc::clone);
        // Both sleepers hold `order` from their look until they sleep, so they sleep or have yet to
        // look. Rung for after it has been given up, they find it free.
        drop(order);
        seat.bell.notify_one();
        if let Some(first) = first {
            first.bell.notify_one();
        }
    }

    /// The rare cases: the lock is new, or lost for ever. Whether this thread has taken it. Without
    /// `order`: see [`fork::register`].
    fn is_mine_at_once(&self) -> bool {
        // A model does not fork, and its locks begin as `FREE`.
        if keyway_sync::MODELLED {
            return false;
        }
        // O23, Relaxed: `LOST` was written by the only thread of the process. `NEW` may be old
        // news: `register` looks again.
        match self.word.load(Ordering::Relaxed) {
            LOST => lost_in_fork("the global lock"),
            NEW => {
                // O23, Relaxed: nobody has done anything with the lock that had to be ordered.
                // The step that succeeds is the only one, and no thread forks until `before_fork`
                // is registered too. So it is registered once, and before any fork that could find
                // the lock or `order` taken.
                let is_first =
                    || self.word.compare_exchange(NEW, FREE, Ordering::Relaxed, Ordering::Relaxed).is_ok();
                fork::register(self.before_fork, is_first);
                self.try_take()
            }
            _ => false,
        }
    }

    /// Takes `order` before a fork, so that it is whole in the child. There, forgets all threads
    /// but this one, which holds the lock or not.
    pub(crate) fn before_fork(&'static self, is_held_here: bool) -> After {
        let mut order = Some(self.order.lock());
        Box::new(move |side| {
            let Some(mut order) = order.take() else { return };
            if side == Side::Child {
                order.forget_waiters();
                self.forget_others(is_held_here);
            }
        })
    }

    /// In the child of a fork, where the calling thread is the only one: all accesses Relaxed.
    fn forget_others(&self, is_held_here: bool) {
        // O16: nobody waits, so nobody has asked.
        self.asked.store(false, Ordering::Relaxed);
        // O23: `QUEUED` for the waiters in the parent.
        let word = match self.word.load(Ordering::Relaxed) {
            _ if is_held_here => HELD,
            HELD | QUEUED => LOST,
            free => free,
        };
        // O23: as above.
        self.word.store(word, Ordering::Relaxed);
    }

    /// How many threads wait.
    #[cfg(feature = "testing")]
    pub(crate) fn queued(&self) -> usize {
        self.order.lock().waiting()
    }

    fn note_asked(&self, order: &Guard<'_>) {
        // O16, Relaxed: a hint, as O16.
        self.asked.store(order.asks(), Ordering::Relaxed);
    }
}

impl Seat {
    fn has_lock(&self) -> bool {
        // O18, Acquire: pairs with O17.
        self.has_lock.load(Ordering::Acquire)
    }
}
