//! A thread, as this strategy sees it: the one that has the *claim*, which lasts from its first
//! attach to the matching detach, through checkpoints and blocking regions too.

use std::cell::Cell;
use std::panic::Location;

use keyway_sync::RawLock;

use crate::holder;

keyway_sync::global! {
    static CLAIM: RawLock = RawLock::new();
}

keyway_sync::thread_local! {
    /// How often this OS thread has the claim: once for each attachment that it is in, since it may
    /// attach anew inside a blocking region. Positive exactly if this OS thread has taken `CLAIM`.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Nothing is kept for an attached thread.
#[derive(Debug)]
pub struct Attached;

/// Takes the claim; waits while another OS thread has it.
///
/// # Panics
/// In a debug build, if that OS thread joins this one: see [`holder`].
#[cfg_attr(debug_assertions, track_caller)]
pub(crate) fn claim() {
    let depth = DEPTH.with(Cell::get);
    if depth == 0 {
        if holder::IS_KEPT {
            CLAIM.lock_and_look(holder::LOOK_EVERY, holder::looker(Location::caller()));
            holder::note(Location::caller());
        } else {
            CLAIM.lock();
        }
    }
    DEPTH.with(|cell| cell.set(depth + 1));
}

/// Undoes one [`claim`] of this OS thread.
pub(crate) fn disclaim() {
    let depth = DEPTH.with(Cell::get) - 1;
    DEPTH.with(|cell| cell.set(depth));
    if depth == 0 {
        if holder::IS_KEPT {
            holder::forget();
        }
        // SAFETY: this OS thread took it in `claim`, when its depth was zero.
        unsafe { CLAIM.unlock() };
    }
}

/// Runs `f` with the claim, if this OS thread has it or it is free; never waits. `f` runs no user
/// code.
pub(crate) fn with_claim<R>(f: impl FnOnce() -> R) -> Option<R> {
    if DEPTH.with(Cell::get) > 0 {
        return Some(f());
    }
    if !CLAIM.try_lock() {
        return None;
    }
    let result = f();
    // SAFETY: taken just above.
    unsafe { CLAIM.unlock() };
    Some(result)
}
