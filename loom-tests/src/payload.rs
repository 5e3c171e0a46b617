//! What the objects of the models contain: something that is read, and whose end is watched. And
//! panics that a program of a model means.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use keyway_sync::cell::UnsafeCell;

/// Contents that know whether they were read after their end, and whether they ended once.
///
/// Reading and dropping are accesses to a cell, so that a model fails whose strategy does not order
/// every use of an object before its destruction, or its making before its first use by another
/// thread.
#[derive(Debug)]
pub(crate) struct Payload {
    value: UnsafeCell<u64>,
    fate: Fate,
}

// SAFETY: loom checks that no two threads access the cell at once, which is what the models are
// about.
unsafe impl Send for Payload {}
// SAFETY: as for Send.
unsafe impl Sync for Payload {}

impl Payload {
    /// What was put in.
    #[track_caller]
    pub(crate) fn read(&self) -> u64 {
        // SAFETY: loom has just checked that no write is concurrent.
        self.value.with(|value| unsafe { *value })
    }
}

impl Payload {
    /// Takes the contents for writing; their value stays.
    #[track_caller]
    pub(crate) fn write(&mut self) {
        // SAFETY: loom has just checked that no access is concurrent, which the borrow claims.
        self.value.with_mut(|value| unsafe { *value += 0 });
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        // SAFETY: loom has just checked that no access is concurrent.
        self.value.with_mut(|value| unsafe { *value = 0 });
        self.fate.0.with_mut(|ends| {
            // SAFETY: as above.
            unsafe { *ends += 1 }
        });
    }
}

/// How often one payload has been dropped.
#[derive(Clone, Debug)]
pub(crate) struct Fate(Arc<UnsafeCell<u32>>);

// SAFETY: as for `Payload`.
unsafe impl Send for Fate {}
// SAFETY: as for `Payload`.
unsafe impl Sync for Fate {}

impl Fate {
    /// The fate of a payload yet to be made.
    #[track_caller]
    #[expect(clippy::arc_with_non_send_sync, reason = "`Fate` is both, as loom checks")]
    pub(crate) fn new() -> Self {
        Fate(Arc::new(UnsafeCell::new(0)))
    }

    /// The payload.
    #[track_caller]
    pub(crate) fn payload(&self, value: u64) -> Payload {
        Payload { value: UnsafeCell::new(value), fate: self.clone() }
    }

    /// Once all threads have been joined: the payload is still there.
    #[cfg(loom)]
    #[track_caller]
    pub(crate) fn assert_not_destroyed(&self) {
        // SAFETY: loom has just checked that no write is concurrent.
        let ends = self.0.with(|ends| unsafe { *ends });
        assert!(ends == 0, "rule broken: an immortal object was destroyed");
    }

    /// How often the payload has been dropped, once all has been joined that may have done it.
    #[cfg(loom)]
    #[track_caller]
    pub(crate) fn ends(&self) -> u32 {
        // SAFETY: loom has just checked that no write is concurrent.
        self.0.with(|ends| unsafe { *ends })
    }

    /// Once all threads have been joined: the payload has been dropped, once. In a crowd of copies
    /// this may be looked at later.
    #[track_caller]
    pub(crate) fn assert_destroyed_once(&self) {
        #[cfg(not(loom))]
        if crate::beside::later::put_off(self) {
            return;
        }
        // SAFETY: loom has just checked that no write is concurrent.
        let ends = self.0.with(|ends| unsafe { *ends });
        assert!(ends > 0, "leaked: an object was not destroyed after its last release");
        assert!(ends == 1, "double destruction: contents were dropped {ends} times");
    }
}

/// Runs `f`, which panics.
pub(crate) fn panics(f: impl FnOnce()) {
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    assert!(result.is_err_and(|payload| payload.is::<Quiet>()), "the panic that was meant");
}

/// The payload of a panic that belongs to the program of a model.
struct Quiet;

/// Panics without a word to the hook, which would count it as the model's failure.
pub(crate) fn panic_quietly() {
    panic::resume_unwind(Box::new(Quiet));
}
