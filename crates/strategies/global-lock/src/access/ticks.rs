//! CPython's global lock until 3.1.

use std::time::Duration;

use super::lock::Lock;
use super::policy::{Policy, Sealed};
use crate::thread::Attached;

/// The holder gives the lock up every so many checkpoints and takes it again at once, whether anybody got it or not. CPython 2.
///
/// The interval is in checkpoints, 100 by default.
#[derive(Debug)]
pub enum Ticks {}

impl Sealed for Ticks {}

impl Policy for Ticks {
    const ID: &'static str = "global-lock-ticks";
    const DEFAULT_INTERVAL: u32 = 100;

    #[inline]
    fn patience(_: u32) -> Option<Duration> {
        None
    }

    #[inline]
    fn checkpoint(lock: &Lock, attached: &Attached, interval: impl Fn() -> u32) {
        let passed = attached.checkpoints.get() + 1;
        if passed < interval() {
            attached.checkpoints.set(passed);
            return;
        }
        attached.checkpoints.set(0);
        give_a_chance(lock, attached);
    }
}

#[cold]
fn give_a_chance(lock: &Lock, attached: &Attached) {
    lock.give_up();
    lock.take(attached.holder, || None);
}
