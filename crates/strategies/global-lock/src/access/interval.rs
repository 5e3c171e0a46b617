//! CPython's global lock since 3.2.

use std::time::Duration;

use keyway_sync::fork::{After, Before};
use keyway_timeline::{AS_BEFORE, Does, note};

use super::lock::Lock;
use super::policy::{Policy, Sealed, Timed};
use crate::thread::Attached;

/// A waiter that has waited for one switch interval without the lock changing hands asks for it;
/// the holder hands it over at its next checkpoint, and waits until another thread has really taken
/// it. CPython since 3.2.
///
/// The interval is in microseconds, 5,000 by default.
#[derive(Debug)]
pub enum Interval {}

impl Interval {
    keyway_sync::const_unless_loom! {
        /// A lock that nobody holds; for [`runtime!`](crate::runtime!).
        #[doc(hidden)]
        pub fn new_lock(before_fork: Before) -> Lock {
            Lock::new(before_fork)
        }
    }
}

impl Sealed for Interval {}

impl Timed for Interval {}

impl Policy for Interval {
    const ID: &'static str = "global-lock-interval";
    const DEFAULT_INTERVAL: u32 = 5_000;

    type Lock = Lock;
    type Waiter = ();

    fn new_waiter() {}

    fn before_fork(lock: &'static Lock, is_held_here: bool) -> After {
        lock.before_fork(is_held_here)
    }

    #[inline]
    fn try_take(lock: &Lock) -> bool {
        lock.try_take()
    }

    #[inline]
    fn give_back(lock: &Lock, _: impl Fn() -> u32) {
        lock.give_up();
    }

    #[inline]
    fn take_first(lock: &Lock, attached: &Attached<Self>, interval: impl Fn() -> u32) {
        lock.take(attached.holder, || patience(interval()));
    }

    #[inline]
    fn take_again(lock: &Lock, attached: &Attached<Self>, interval: impl Fn() -> u32) {
        lock.take(attached.holder, || patience(interval()));
    }

    #[inline]
    fn give_up(lock: &Lock, _: &Attached<Self>, _: impl Fn() -> u32) {
        lock.give_up();
    }

    #[inline]
    fn is_asked_for(lock: &Lock) -> bool {
        lock.is_asked_for()
    }

    #[inline]
    fn checkpoint(lock: &Lock, attached: &Attached<Self>, interval: impl Fn() -> u32) {
        if lock.is_asked_for() {
            lock.hand_over(attached.holder, || patience(interval()));
            note(Does::Runs, || AS_BEFORE);
        }
    }
}

fn patience(interval: u32) -> Option<Duration> {
    Some(Duration::from_micros(interval.into()))
}
