//! Who may touch contents: whoever holds the lock beside them. It is not the count's lock: a section may clone or drop
//! references to the very object it is inside of.

/// One byte in each `Guarded`; sections, nesting and suspension are `keyway-sections`'.
pub(crate) use keyway_object_model::ObjectLock as Lock;
