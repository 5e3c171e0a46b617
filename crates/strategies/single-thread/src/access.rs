//! Who may touch contents: the OS thread that has the claim. There is nothing to lock.

/// Nothing is stored next to contents.
pub(crate) use keyway_object_model::NoLock as Lock;
