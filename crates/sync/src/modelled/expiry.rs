//! Which timed waits expire: a model has no clock, so the program under test chooses.

use std::cell::Cell;

crate::thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(0) };
}

/// From now on the calling thread's next `waits` timed waits expire; all later ones last until they are woken.
pub fn expire_next(waits: u32) {
    LEFT.with(|left| left.set(waits));
}

/// Takes one expiry from the calling thread's allowance.
pub(super) fn take() -> bool {
    LEFT.with(|left| {
        let expires = left.get() > 0;
        left.set(left.get().saturating_sub(1));
        expires
    })
}
