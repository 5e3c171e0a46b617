//! Releases that wait for a thread that may carry them out.

use keyway_sync::atomic::{AtomicBool, Ordering};
use keyway_sync::fork::{After, Mutex};

use crate::destruction::Due;
use crate::header::ObjectPtr;
use crate::owed::Released;
use crate::strategy::Strategy;
use crate::user::Leaf;

/// References that were dropped where their count could not be changed. Each entry owns one
/// reference.
///
/// For strategies under which only the attached thread may change counts; one queue a runtime.
#[derive(Debug)]
pub struct ReleaseQueue<S: Strategy> {
    /// Whether there may be entries; written under the lock of `entries`.
    filled: AtomicBool,
    entries: Mutex<Vec<ObjectPtr<S>>>,
}

impl<S: Strategy> ReleaseQueue<S> {
    keyway_sync::const_unless_loom! {
        /// An empty queue.
        pub fn new() -> Self {
            ReleaseQueue { filled: AtomicBool::new(false), entries: Mutex::new(Vec::new()) }
        }
    }

    /// Hands the caller's reference over. Waits only for the queue's own leaf lock.
    ///
    /// # Safety
    /// - The caller owns a reference to the object, and does not use it after.
    pub unsafe fn push(&self, object: ObjectPtr<S>) {
        let mut entries = self.entries.lock();
        let _leaf = Leaf::new();
        entries.push(object);
        // O10, Relaxed: a hint. A thread that acts on it takes the lock, which orders the entries;
        // a thread that misses it will see it at a later look, since it stays set until the queue
        // is emptied.
        self.filled.store(true, Ordering::Relaxed);
    }

    /// Takes the queue's lock before a fork; the result gives it up on both sides. So the child
    /// finds the queue as it was at one moment, and its entries are carried out there as they are
    /// in the parent.
    pub fn before_fork(&'static self) -> After {
        let mut entries = Some(self.entries.lock());
        Box::new(move |_| drop(entries.take()))
    }

    /// Whether there may be something to [`drain`](Self::drain); one plain load.
    #[inline]
    pub fn is_filled(&self) -> bool {
        // O10, Relaxed: a hint, as in `push`.
        self.filled.load(Ordering::Relaxed)
    }

    /// Carries out every release with `release`, and hands over to `due` what is destroyed by it.
    /// Runs no user code.
    ///
    /// # Safety
    /// - The calling thread may change counts until this returns.
    #[cold]
    pub unsafe fn drain(&self, due: &mut Due<S>, release: impl Fn(ObjectPtr<S>) -> Released) {
        let entries = {
            let mut entries = self.entries.lock();
            let _leaf = Leaf::new();
            // O10, Relaxed: written under the lock, as in `push`.
            self.filled.store(false, Ordering::Relaxed);
            std::mem::take(&mut *entries)
        };
        for object in entries {
            if release(object) == Released::Destroy {
                // SAFETY: that was the last reference; the entry is used once.
                unsafe { due.put(object) };
            }
        }
    }
}
