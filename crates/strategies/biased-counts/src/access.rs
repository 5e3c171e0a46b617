//! Who may touch contents: the thread that holds the lock next to them.

/// One byte in each `Guarded`; sections, nesting and suspension are `keyway-sections`'.
pub(crate) use keyway_object_model::ObjectLock as Lock;
