//! When the global lock changes hands.

use std::fmt::Debug;
use std::time::Duration;

use super::lock::Lock;
use crate::thread::Attached;

/// Keeps [`Policy`] to this crate.
pub trait Sealed {}

/// A policy: when the global lock changes hands. The lock itself is the same for all.
///
/// Sealed: a policy's code runs while the lock is being given up and taken, where a panic or a reference dropped would leave
/// a token without the lock. A further policy is a file beside this one.
pub trait Policy: Sealed + Debug + Send + Sync + Sized + 'static {
    /// The id of the strategy with this policy: `global-lock-` and the policy's name.
    const ID: &'static str;

    /// The switch interval of a new runtime, in the policy's own unit.
    const DEFAULT_INTERVAL: u32;

    /// How long a waiter waits before it asks for the lock; none for ever.
    fn patience(interval: u32) -> Option<Duration>;

    /// What the holder does at a checkpoint. It holds the lock again when this returns.
    fn checkpoint(lock: &Lock, attached: &Attached, interval: impl Fn() -> u32);
}
