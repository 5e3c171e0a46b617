//! A count that is changed in one step, for strategies that are wrong elsewhere.

use keyway_object_model::{CountWords, Released, Retained};
use keyway_sync::Exclusive;
use keyway_sync::atomic::{AtomicU64, Ordering};

/// One atomic word.
#[derive(Debug)]
pub(super) struct WholeCount(AtomicU64);

impl WholeCount {
    pub(super) fn new() -> Self {
        WholeCount(AtomicU64::new(1))
    }

    pub(super) fn retain(&self) -> Retained {
        self.0.fetch_add(1, Ordering::Relaxed);
        Retained::Nothing
    }

    pub(super) fn release(&self) -> Released {
        if self.0.fetch_sub(1, Ordering::AcqRel) == 1 { Released::Destroy } else { Released::Nothing }
    }

    pub(super) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed) as usize
    }
}

impl CountWords for WholeCount {
    fn claim(&mut self) {
        self.0.with_exclusive(|_| ());
    }
}
