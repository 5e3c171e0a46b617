//! Where something is, as a number that is the same in each interleaving, or run of a schedule.

use std::cell::Cell;

crate::thread_local! {
    static MADE: Cell<usize> = const { Cell::new(0) };
}

/// A serial number in place of an address: counted by the thread that makes it, so that it does not
/// depend on what other threads do, and so that counting is not one more event to interleave.
/// Things made by different threads may have the same.
#[derive(Debug)]
pub struct Place(usize);

impl Place {
    /// The next number of the calling thread.
    #[expect(clippy::new_without_default, reason = "each is another")]
    pub fn new() -> Self {
        MADE.with(|made| Place(made.replace(made.get() + 1)))
    }

    /// The number. Unlike an address, it stays when the thing is moved.
    pub fn number(&self) -> usize {
        self.0
    }
}
