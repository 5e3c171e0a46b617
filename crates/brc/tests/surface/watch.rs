//! Contents whose end is seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Counts the drops of its witnesses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Arc<AtomicUsize>);

/// Contents.
#[derive(Debug)]
pub(crate) struct Witness(Watch);

impl Watch {
    pub(crate) fn witness(&self) -> Witness {
        Witness(self.clone())
    }

    pub(crate) fn dropped(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, SeqCst);
    }
}

/// Runs `f` on another thread, and waits until that has exited.
pub(crate) fn elsewhere<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    std::thread::spawn(f).join().unwrap()
}
