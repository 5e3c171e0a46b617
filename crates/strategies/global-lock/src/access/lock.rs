//! The global lock: a word that is taken and given up with one atomic step each while nobody waits.

use std::time::Duration;

use keyway_object_model::lost_in_fork;
use keyway_sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use keyway_sync::fork::{self, After, Before, Condvar, Mutex, Side};
use keyway_sync::futex;
use keyway_timeline::{AS_BEFORE, Does, is_recording, note, note_since, since};

/// In `word`: nobody holds the lock.
const FREE: u32 = 0;
/// In `word`: somebody holds the lock, and nobody has come to wait since it was taken.
const HELD: u32 = 1;
/// In `word`: somebody holds the lock, and somebody may be waiting; the thread that gives it up
/// wakes one.
const CONTENDED: u32 = 2;
/// In `word`, in a forked child: held by a thread that exists in the parent only.
const LOST: u32 = 3;
/// In `word`: nobody has ever held the lock, and `before_fork` is not registered. A model, which
/// does not fork, begins with [`FREE`].
const NEW: u32 = if keyway_sync::MODELLED { FREE } else { 4 };

/// The id of a holder; given out once to each attachment. Zero is nobody.
pub(crate) type HolderId = u64;

/// The global lock of one runtime.
#[derive(Debug)]
pub struct Lock {
    /// [`FREE`], [`HELD`], [`CONTENDED`], [`LOST`] or [`NEW`].
    word: AtomicU32,
    /// Whether a waiter has asked the holder to hand the lock over. Set by waiters, cleared by the
    /// thread that takes the lock.
    asked: AtomicBool,
    /// How often the lock has changed hands, modulo 2^32. Changed by the holder only;
    /// [`hand_over`](Self::hand_over) sleeps on it.
    switches: AtomicU32,
    /// How many threads sleep in [`hand_over`](Self::hand_over).
    handing_over: AtomicU32,
    /// The last to take the lock. Changed by the holder only.
    last_holder: AtomicU64,
    /// Waiters sleep on `freed` with this.
    waiting: Mutex<()>,
    freed: Condvar,
    /// The action of its runtime before a fork.
    before_fork: Before,
}

impl Lock {
    keyway_sync::const_unless_loom! {
        /// A lock that nobody holds, of a runtime that does this before a fork.
        pub fn new(before_fork: Before) -> Self {
            Lock {
                word: AtomicU32::new(NEW),
                asked: AtomicBool::new(false),
                switches: AtomicU32::new(0),
                handing_over: AtomicU32::new(0),
                last_holder: AtomicU64::new(0),
                waiting: Mutex::new(()),
                freed: Condvar::new(),
                before_fork,
            }
        }
    }

    /// Takes the lock if it is free; never waits.
    #[inline]
    pub(crate) fn try_take(&self) -> bool {
        // O1, Acquire: pairs with O3. What earlier holders did happens before what this one does.
        self.word.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Waits until the lock is free, and takes it. `patience` is how long to wait before asking the
    /// holder to hand it over; none for ever.
    #[inline]
    pub(crate) fn take(&self, holder: HolderId, patience: impl Fn() -> Option<Duration>) {
        if !self.try_take() {
            self.wait(patience);
        }
        self.note_taken(holder);
    }

    /// Gives the lock up and takes it again at once, whether anybody got it or not.
    #[cold]
    pub(crate) fn let_in(&self, holder: HolderId) {
        let before = since();
        self.give_up();
        if self.try_take() {
            // O9, Relaxed: as in `note_taken`. Another has had it for a moment, which a timeline
            // shows.
            if is_recording() && self.last_holder.load(Ordering::Relaxed) != holder {
                note_since(before, Does::Waits, || AS_BEFORE);
                note(Does::Runs, || AS_BEFORE);
            }
            return self.note_taken(holder);
        }
        note_since(before, Does::Waits, || AS_BEFORE);
        self.wait(|| None);
        self.note_taken(holder);
        note(Does::Runs, || AS_BEFORE);
    }

    /// Gives the lock up and wakes a waiter, if there is one.
    #[inline]
    pub(crate) fn give_up(&self) {
        // O3, Release: pairs with O1 and O2 of the next holder.
        if self.word.swap(FREE, Ordering::Release) == CONTENDED {
            self.wake_one();
        }
    }

    /// Whether a waiter has asked for the lock; one plain load.
    #[inline]
    pub(crate) fn is_asked_for(&self) -> bool {
        // O4, Relaxed: a hint; a thread that misses it sees it at the next checkpoint.
        self.asked.load(Ordering::Relaxed)
    }

    /// Gives the lock up, waits until another thread has really taken it, and takes it again.
    ///
    /// Only when the lock is [asked for](Self::is_asked_for): then there is a waiter, which cannot
    /// leave without the lock (I3).
    #[cold]
    pub(crate) fn hand_over(&self, holder: HolderId, patience: impl Fn() -> Option<Duration>) {
        note(Does::Waits, || AS_BEFORE);
        // O5, Relaxed: only the holder, this thread, changes it.
        let before = self.switches.load(Ordering::Relaxed);
        // O6, Relaxed: before the lock is given up, so O3 and O1 make whoever takes it see this.
        self.handing_over.fetch_add(1, Ordering::Relaxed);
        self.give_up();
        // O7, Relaxed: nothing is concluded but that the lock was taken since.
        while self.switches.load(Ordering::Relaxed) == before {
            futex::wait(&self.switches, before);
        }
        // O6, Relaxed: one sleeper less; too many wake-ups do no harm.
        self.handing_over.fetch_sub(1, Ordering::Relaxed);
        self.take(holder, patience);
    }

    #[cold]
    fn wait(&self, patience: impl Fn() -> Option<Duration>) {
        if self.is_mine_at_once() {
            return;
        }
        let mut sleeping = self.waiting.lock();
        loop {
            // O7, Relaxed: compared with itself below.
            let before = self.switches.load(Ordering::Relaxed);
            // O2, Acquire: pairs with O3, if the lock was free. Leaves CONTENDED behind, so that
            // the releasing thread wakes this one: the holder's wake-up needs `waiting`,
            // which is given up only by going to sleep.
            if self.word.swap(CONTENDED, Ordering::Acquire) == FREE {
                return;
            }
            let expired = match patience() {
                Some(patience) => self.freed.wait_for(&mut sleeping, patience).timed_out(),
                None => {
                    self.freed.wait(&mut sleeping);
                    false
                }
            };
            // O7, Relaxed: a recent switch may be missed, and the new holder asked a little early.
            // A switch in between restarts the patience.
            if expired && self.switches.load(Ordering::Relaxed) == before {
                // O8, Relaxed: a hint, as O4.
                self.asked.store(true, Ordering::Relaxed);
            }
        }
    }

    /// The rare cases: the lock is new, or lost for ever. Whether this thread has taken it. Without
    /// `waiting`: see [`fork::register`].
    fn is_mine_at_once(&self) -> bool {
        // A model does not fork, and its locks begin as `FREE`.
        if keyway_sync::MODELLED {
            return false;
        }
        // O22, Relaxed: `LOST` was written by the only thread of the process. `NEW` may be old
        // news: `register` looks again.
        match self.word.load(Ordering::Relaxed) {
            LOST => lost_in_fork("the global lock"),
            NEW => {
                // O22, Relaxed: nobody has done anything with the lock that had to be ordered.
                // The step that succeeds is the only one, and no thread forks until `before_fork`
                // is registered too. So it is registered once, and before any fork that could find
                // the lock or `waiting` taken.
                let is_first =
                    || self.word.compare_exchange(NEW, FREE, Ordering::Relaxed, Ordering::Relaxed).is_ok();
                fork::register(self.before_fork, is_first);
                self.try_take()
            }
            _ => false,
        }
    }

    /// Takes `waiting` before a fork, so that no other thread holds it in the child. There, forgets
    /// all threads but this one, which holds the lock or not.
    pub(crate) fn before_fork(&'static self, is_held_here: bool) -> After {
        let mut waiting = Some(self.waiting.lock());
        Box::new(move |side| {
            if side == Side::Child {
                self.forget_others(is_held_here);
            }
            drop(waiting.take());
        })
    }

    /// In the child of a fork, where the calling thread is the only one: all accesses Relaxed.
    fn forget_others(&self, is_held_here: bool) {
        // O8: nobody waits, so nobody has asked.
        self.asked.store(false, Ordering::Relaxed);
        // O6: nobody sleeps in `hand_over`.
        self.handing_over.store(0, Ordering::Relaxed);
        // O22: `CONTENDED` for the waiters in the parent.
        let word = match self.word.load(Ordering::Relaxed) {
            _ if is_held_here => HELD,
            HELD | CONTENDED => LOST,
            free => free,
        };
        // O22: as above.
        self.word.store(word, Ordering::Relaxed);
    }

    /// The holder tells the threads that wait for a switch that it has the lock.
    #[inline]
    fn note_taken(&self, holder: HolderId) {
        // O8, Relaxed: what was asked of the last holder; a waiter that asks after this asks us.
        if self.asked.load(Ordering::Relaxed) {
            self.asked.store(false, Ordering::Relaxed);
        }
        // O9, Relaxed: only holders touch it, and the lock orders them.
        if self.last_holder.load(Ordering::Relaxed) != holder {
            self.last_holder.store(holder, Ordering::Relaxed);
            self.note_switch();
        }
    }

    fn note_switch(&self) {
        // O5, Relaxed: a waiter for it concludes only that it changed.
        self.switches.fetch_add(1, Ordering::Relaxed);
        // O6, Relaxed: the thread that handed the lock over counted itself before it gave the lock
        // up, which O3 and O1 order. One: a second thread hands the lock over only after it has
        // taken it, which has woken the first.
        if self.handing_over.load(Ordering::Relaxed) > 0 {
            futex::wake_one(&self.switches);
        }
    }

    #[cold]
    fn wake_one(&self) {
        // The lock makes sure that a waiter which has left CONTENDED behind is asleep, not on the
        // way there.
        let sleeping = self.waiting.lock();
        self.freed.notify_one();
        drop(sleeping);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Takes the lock, which is free, and gives it up. How often it has changed hands.
    fn hold_for_a_moment(lock: &Lock, holder: HolderId) -> u32 {
        lock.take(holder, || None);
        lock.give_up();
        lock.switches.load(Ordering::Relaxed)
    }

    #[test]
    fn a_switch_is_another_holder() {
        let lock = Lock::new(|| Box::new(|_| ()));
        let switches = [1, 1, 2, 2, 1].map(|holder| hold_for_a_moment(&lock, holder));
        // A thread that comes and goes does not keep the patience of others from ending.
        assert_eq!(switches, [1, 1, 2, 2, 3]);
    }
}
