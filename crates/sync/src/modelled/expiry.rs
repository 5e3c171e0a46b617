//! Which timed waits expire, and which futex waits end for nothing: a model has no clock and no
//! system, so the program under test chooses.

use std::cell::Cell;

crate::thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(0) };
    static FALSE_ALARMS: Cell<u32> = const { Cell::new(0) };
}

/// From now on the calling thread's next `waits` timed waits expire; all later ones last until they
/// are woken.
pub fn expire_next(waits: u32) {
    LEFT.with(|left| left.set(waits));
}

/// From now on the calling thread's next `waits` futex waits that would sleep end at once, as the
/// system's may; later ones last until they are woken.
pub fn wake_next(waits: u32) {
    FALSE_ALARMS.with(|left| left.set(waits));
}

/// Takes one expiry from the calling thread's allowance.
pub(super) fn take() -> bool {
    LEFT.with(take_one)
}

/// As [`take`], of what [`wake_next`] has allowed.
pub(super) fn take_false_alarm() -> bool {
    FALSE_ALARMS.with(take_one)
}

fn take_one(left: &Cell<u32>) -> bool {
    let is_left = left.get() > 0;
    left.set(left.get().saturating_sub(1));
    is_left
}
