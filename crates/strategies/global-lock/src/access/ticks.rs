//! CPython's global lock until 3.1.

use keyway_sync::fork::{After, Before};

use super::lock::Lock;
use super::policy::{Policy, Sealed};
use crate::thread::Attached;

/// The holder gives the lock up after each interval and takes it again at once, even if no other
/// thread got it. CPython 2.
///
/// The interval is in checkpoints, 100 by default.
#[derive(Debug)]
pub enum Ticks {}

impl Ticks {
    keyway_sync::const_unless_loom! {
        /// A lock that nobody holds; for [`runtime!`](crate::runtime!).
        #[doc(hidden)]
        pub fn new_lock(before_fork: Before) -> Lock {
            Lock::new(before_fork)
        }
    }
}

impl Sealed for Ticks {}

impl Policy for Ticks {
    const ID: &'static str = "global-lock-ticks";
    const DEFAULT_INTERVAL: u32 = 100;

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
    fn take_first(lock: &Lock, attached: &Attached<Self>, _: impl Fn() -> u32) {
        lock.take(attached.holder, || None);
    }

    #[inline]
    fn take_again(lock: &Lock, attached: &Attached<Self>, _: impl Fn() -> u32) {
        lock.take(attached.holder, || None);
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
        let passed = attached.checkpoints.get() + 1;
        if passed < interval() {
            attached.checkpoints.set(passed);
            return;
        }
        attached.checkpoints.set(0);
        lock.let_in(attached.holder);
    }
}
