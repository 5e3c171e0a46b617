//! CPython's global lock since 3.2.

use std::time::Duration;

use super::lock::Lock;
use super::policy::{Policy, Sealed};
use crate::thread::Attached;

/// A waiter that has waited for one switch interval without the lock changing hands asks for it; the holder hands it over at
/// its next checkpoint, and waits until another thread has really taken it. CPython since 3.2.
///
/// The interval is in microseconds, 5,000 by default.
#[derive(Debug)]
pub enum Interval {}

impl Sealed for Interval {}

impl Policy for Interval {
    const ID: &'static str = "global-lock-interval";
    const DEFAULT_INTERVAL: u32 = 5_000;

    #[inline]
    fn patience(interval: u32) -> Option<Duration> {
        Some(Duration::from_micros(interval.into()))
    }

    #[inline]
    fn checkpoint(lock: &Lock, attached: &Attached, interval: impl Fn() -> u32) {
        if lock.is_asked_for() {
            lock.hand_over(attached.holder, || Self::patience(interval()));
        }
    }
}
