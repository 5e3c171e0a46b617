//! The answer to the two questions.

use keyway_object_model::{ObjectLock, Runtime, SharedCounts};

use crate::word::Word;

/// Two locks in each object: one for its count, one for its contents.
#[derive(Debug)]
pub enum ObjectLocks {}

static RUNTIME: Runtime = Runtime::new("object-locks");

// SAFETY: `RUNTIME` is named only here; an `ObjectLock` excludes.
unsafe impl SharedCounts for ObjectLocks {
    /// Who may change a count: the holder of the object's count lock.
    type Word = Word;

    /// Who may touch contents: the holder of the lock next to them, one byte in each `Guarded`. It
    /// is not the count's lock: a section may clone or drop references to its own object.
    type Lock = ObjectLock;

    #[inline]
    fn runtime() -> &'static Runtime {
        &RUNTIME
    }
}

const _: () = assert!(keyway_sync::MODELLED || keyway_object_model::header_bytes::<ObjectLocks>() == 16);
