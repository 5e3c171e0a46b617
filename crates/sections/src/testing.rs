//! A switch for tests.

use std::cell::Cell;

keyway_sync::thread_local! {
    static SUSPEND_NESTED: Cell<bool> = const { Cell::new(false) };
}

/// From now on every nested entry of the calling thread suspends its outer sections, as if its lock
/// were taken, or no longer. Returns what was set before.
pub fn suspend_every_nested_entry(on: bool) -> bool {
    SUSPEND_NESTED.with(|switch| switch.replace(on))
}

/// The value set by [`suspend_every_nested_entry`].
pub(crate) fn suspends_every_nested_entry() -> bool {
    SUSPEND_NESTED.with(Cell::get)
}
