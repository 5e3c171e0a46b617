//! Who may touch contents: whoever holds the lock beside them.

/// One byte in each `Guarded`; sections, nesting and suspension are `keyway-sections`'.
pub(crate) use keyway_object_model::ObjectLock as Lock;
