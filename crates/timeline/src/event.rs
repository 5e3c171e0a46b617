//! The message of a hook.

/// The activity of a thread from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// It waits to be let into a runtime: for its turn, or to be attached. Place: the runtime.
    Waits,
    /// It is attached and goes on. Under a global lock: it holds the lock. Place: the runtime.
    Runs,
    /// It is in a blocking region. Place: the runtime that it has left.
    Blocks,
    /// It waits for a section, attached. Place: the lock.
    WaitsForSection,
    /// It is no longer attached.
    Leaves,
}

/// In the place of an address: the one that was named last.
pub const AS_BEFORE: usize = 0;

#[cfg(feature = "record")]
impl Does {
    pub(crate) const ALL: [Does; 5] =
        [Does::Waits, Does::Runs, Does::Blocks, Does::WaitsForSection, Does::Leaves];

    /// Its number in [`ALL`](Self::ALL).
    pub(crate) fn number(self) -> u64 {
        self as u64
    }
}
