//! When the global lock changes hands.

use std::fmt::Debug;

use keyway_sync::fork::After;

use crate::thread::Attached;

/// Keeps [`Policy`] to this crate.
pub trait Sealed {}

/// A policy: when the global lock changes hands, and to whom.
///
/// Sealed: a policy's code runs while the lock is being given up and taken, where a panic or a
/// reference dropped would leave a token without the lock. A further policy is a file next to this
/// one.
///
/// Every function that returns with the lock held has the lock exclude other holders, and order all
/// that earlier holders did (I1).
pub trait Policy: Sealed + Debug + Send + Sync + Sized + 'static {
    /// The id of the strategy with this policy: `global-lock-` and the policy's name.
    const ID: &'static str;

    /// The switch interval of a new runtime, in the policy's own unit.
    const DEFAULT_INTERVAL: u32;

    /// The lock.
    type Lock: Debug + Send + Sync + 'static;

    /// The lock's data for each attachment.
    type Waiter: Debug;

    /// For a new attachment.
    fn new_waiter() -> Self::Waiter;

    /// The lock's action before a fork; `is_held_here` says whether the calling thread, which
    /// forks, holds it.
    fn before_fork(lock: &'static Self::Lock, is_held_here: bool) -> After;

    /// Takes the lock for a thread that is not attached, if it is free.
    fn try_take(lock: &Self::Lock) -> bool;

    /// Undoes [`try_take`](Self::try_take).
    fn give_back(lock: &Self::Lock, interval: impl Fn() -> u32);

    /// Waits for the lock and takes it, to attach.
    fn take_first(lock: &Self::Lock, attached: &Attached<Self>, interval: impl Fn() -> u32);

    /// Waits for the lock and takes it, after a blocking region.
    fn take_again(lock: &Self::Lock, attached: &Attached<Self>, interval: impl Fn() -> u32);

    /// Gives the lock up, without waiting for anybody to take it.
    fn give_up(lock: &Self::Lock, attached: &Attached<Self>, interval: impl Fn() -> u32);

    /// Whether the holder is asked for the lock.
    fn is_asked_for(lock: &Self::Lock) -> bool;

    /// The holder's action at a checkpoint. It holds the lock again when this returns.
    fn checkpoint(lock: &Self::Lock, attached: &Attached<Self>, interval: impl Fn() -> u32);
}

/// A policy whose switch interval is a time, in microseconds.
pub trait Timed: Policy {}
