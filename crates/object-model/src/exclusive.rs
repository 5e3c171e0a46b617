//! The lock of foreign code: one a runtime, the first in the order of locks.

use keyway_sections::ContentsLock;
use keyway_sync::StaticLock;

use crate::attach;
use crate::destruction::Hold;
use crate::strategy::Strategy;
use crate::thread::Inner;

/// No other thread of the runtime has one; ended by drop.
///
/// Bad interleavings that this order of steps excludes:
/// - *Waiting attached.* A thread that waits here is detached, so that no other thread waits for it
///   meanwhile: a global lock can be taken, and an object released to an owner is not stranded.
/// - *Destructors inside.* The thread comes back from waiting with the lock, and attaching may find
///   objects that are due. Their destructors, like those of what `f` releases, are user code, which
///   may wait for a thread that waits for this lock. So `Hold` begins as soon as the lock is held,
///   before the thread is attached again, and ends after the lock has been given up.
/// - *Sections inside, the lock inside sections.* Excluded by types: the caller has lent
///   `&mut Thread`, which a section would have borrowed, and lends `&Thread` on.
pub(crate) struct Alone {
    /// The lock that is held, if there is one.
    lock: Option<&'static StaticLock>,
    /// Dropped after the lock has been given up.
    _destructors_wait: Hold,
}

impl Alone {
    /// Waits, detached, until nobody else is inside.
    pub(crate) fn enter<S: Strategy>(inner: &Inner<S>) -> Alone {
        if !<S::Lock as ContentsLock>::LOCKS {
            // `NoLock` is for strategies that attach one thread at a time, and this one stays
            // attached.
            return Alone::with(None);
        }
        let lock = &S::runtime().foreign;
        // Tried first: a try does not wait, so it may be made while attached.
        if lock.try_lock() {
            return Alone::with(Some(lock));
        }
        attach::blocking(inner, || {
            lock.lock();
            Alone::with(Some(lock))
        })
    }

    /// With the lock held, if there is one.
    fn with(lock: Option<&'static StaticLock>) -> Alone {
        Alone { lock, _destructors_wait: Hold::new() }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        if let Some(lock) = self.lock {
            // SAFETY: taken in `enter`, and given up here only.
            unsafe { lock.unlock() };
        }
    }
}
