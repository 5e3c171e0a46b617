//! Cores: in a model there are none.

/// None.
pub fn current() -> Option<usize> {
    None
}

/// Nothing.
pub fn follow(_: usize) {}
