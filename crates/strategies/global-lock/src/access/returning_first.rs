//! A global lock that does not starve threads that wait for something else than the lock.

use keyway_sync::fork::{After, Before};
use keyway_timeline::{AS_BEFORE, Does, note};

use super::policy::{Policy, Sealed, Timed};
use super::queue_lock::{Comes, QueueLock, Waiter};
use crate::thread::Attached;

/// A thread that comes back from a blocking region goes first, unless it has held the lock for
/// longer than the thread whose turn it is; that thread goes on with its turn afterwards. All
/// others wait in line for a turn of one switch interval.
///
/// The interval is in microseconds, 5,000 by default.
#[derive(Debug)]
pub enum ReturningFirst {}

impl ReturningFirst {
    keyway_sync::const_unless_loom! {
        /// A lock that nobody holds; for [`runtime!`](crate::runtime!).
        #[doc(hidden)]
        pub fn new_lock(before_fork: Before) -> QueueLock {
            QueueLock::new(before_fork)
        }
    }
}

impl Sealed for ReturningFirst {}

impl Timed for ReturningFirst {}

impl Policy for ReturningFirst {
    const ID: &'static str = "global-lock-returning-first";
    const DEFAULT_INTERVAL: u32 = 5_000;

    type Lock = QueueLock;
    type Waiter = Waiter;

    fn new_waiter() -> Waiter {
        Waiter::new()
    }

    fn before_fork(lock: &'static QueueLock, is_held_here: bool) -> After {
        lock.before_fork(is_held_here)
    }

    #[inline]
    fn try_take(lock: &QueueLock) -> bool {
        lock.try_take()
    }

    #[inline]
    fn give_back(lock: &QueueLock, interval: impl Fn() -> u32) {
        lock.give_up(None, || nanoseconds(interval()));
    }

    #[inline]
    fn take_first(lock: &QueueLock, attached: &Attached<Self>, interval: impl Fn() -> u32) {
        lock.take(&attached.waiter, Comes::New, || nanoseconds(interval()));
    }

    #[inline]
    fn take_again(lock: &QueueLock, attached: &Attached<Self>, interval: impl Fn() -> u32) {
        lock.take(&attached.waiter, Comes::Back, || nanoseconds(interval()));
    }

    #[inline]
    fn give_up(lock: &QueueLock, attached: &Attached<Self>, interval: impl Fn() -> u32) {
        lock.give_up(Some(&attached.waiter), || nanoseconds(interval()));
    }

    #[inline]
    fn is_asked_for(lock: &QueueLock) -> bool {
        lock.is_asked_for()
    }

    #[inline]
    fn checkpoint(lock: &QueueLock, attached: &Attached<Self>, interval: impl Fn() -> u32) {
        if lock.is_asked_for() {
            lock.yield_turn(&attached.waiter, nanoseconds(interval()));
            note(Does::Runs, || AS_BEFORE);
        }
    }
}

fn nanoseconds(interval: u32) -> u64 {
    u64::from(interval) * 1_000
}
