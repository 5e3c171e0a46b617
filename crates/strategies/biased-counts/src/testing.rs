//! Access to the ids for tests.

use crate::thread;

/// Gives out no id any more, as if 2^32 - 2 OS threads had been there: one that has none yet goes
/// without.
pub fn use_up_ids() {
    thread::use_up_ids();
}
