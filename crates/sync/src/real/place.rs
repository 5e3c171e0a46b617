//! Where something is, as a number.

/// The place of the value that it is part of, as a number that can be hashed: its address. Takes no
/// space.
///
/// In a model it is a serial number, since addresses differ from one interleaving to the next.
#[derive(Debug, Default)]
pub struct Place;

impl Place {
    /// The place of what is being made.
    #[inline]
    pub const fn new() -> Self {
        Place
    }

    /// The number. The same for all as long as what this is part of is not moved; others may have
    /// the same, if nothing there has bytes.
    #[inline]
    pub fn number(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}
