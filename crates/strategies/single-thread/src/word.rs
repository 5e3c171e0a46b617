//! The header's word: a plain integer.

/// The number of references, in a plain 64-bit word. There is no atomic access, so there are no
/// orderings to explain.
pub(crate) use keyway_object_model::PlainCount as Word;
