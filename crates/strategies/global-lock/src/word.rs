//! The header's word: a plain integer.

/// The number of references, in a plain 64-bit word. The atomic words of this strategy are those of
/// its lock, in `access`.
pub(crate) use keyway_object_model::PlainCount as Word;
