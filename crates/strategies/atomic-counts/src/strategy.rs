//! The answer to the two questions.

use keyway_object_model::{ObjectLock, Runtime, SharedCounts};

use crate::word::Word;

/// Counts are atomic: any thread may change any count at any time. Contents have a lock each.
#[derive(Debug)]
pub enum AtomicCounts {}

static RUNTIME: Runtime = Runtime::new("atomic-counts");

// SAFETY: `RUNTIME` is named only here; an `ObjectLock` excludes.
unsafe impl SharedCounts for AtomicCounts {
    /// Who may change a count: any thread, with one atomic step.
    type Word = Word;

    /// Who may touch contents: the holder of the lock next to them, one byte in each `Guarded`.
    type Lock = ObjectLock;

    #[inline]
    fn runtime() -> &'static Runtime {
        &RUNTIME
    }
}

const _: () = assert!(keyway_sync::MODELLED || keyway_object_model::header_bytes::<AtomicCounts>() == 16);
