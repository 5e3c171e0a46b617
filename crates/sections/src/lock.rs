//! A lock on contents.

use std::ptr;

use keyway_sync::RawLock;
use keyway_timeline::{AS_BEFORE, Does, is_recording, note};

/// The lock on the contents of one object; stored next to them.
///
/// # Safety
/// - Between a `lock` or successful `try_lock` and the matching `unlock`, no other thread gets
///   through `lock` or `try_lock` of a lock that is [`same`](Self::same), *or* the strategy
///   guarantees by other means that no other thread can be inside a section ([`NoLock`]).
/// - `unlock` makes what the holder wrote visible to the next holder.
/// - These are leaf locks: nothing else is waited for inside `lock`, and no user code runs there.
pub unsafe trait ContentsLock: Send + Sync + 'static {
    /// Whether there is anything to lock. If not, sections are not recorded at all.
    const LOCKS: bool;

    /// A free lock.
    fn new() -> Self;

    /// Waits until the lock is free and takes it.
    fn lock(&self);

    /// Takes the lock if it is free; never waits.
    fn try_lock(&self) -> bool;

    /// Gives the lock up.
    ///
    /// # Safety
    /// - The calling thread holds the lock.
    unsafe fn unlock(&self);

    /// Whether taking `other` while holding `self` would be waiting for oneself.
    #[inline]
    fn same(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// Waits until a contents lock is free and takes it; seen on a timeline if it has to wait.
#[inline]
pub fn take(lock: &RawLock) {
    match is_recording() {
        true => take_noted(lock),
        false => lock.lock(),
    }
}

#[cold]
fn take_noted(lock: &RawLock) {
    if !lock.try_lock() {
        note(Does::WaitsForSection, || ptr::from_ref(lock).addr());
        lock.lock();
        note(Does::Runs, || AS_BEFORE);
    }
}

/// One lock of one byte in each object.
#[derive(Debug)]
pub struct ObjectLock(RawLock);

// SAFETY: exclusion and visibility are those of `RawLock`, which waits for nothing but itself.
unsafe impl ContentsLock for ObjectLock {
    const LOCKS: bool = true;

    #[inline]
    fn new() -> Self {
        ObjectLock(RawLock::new())
    }

    #[inline]
    fn lock(&self) {
        take(&self.0);
    }

    #[inline]
    fn try_lock(&self) -> bool {
        self.0.try_lock()
    }

    #[inline]
    unsafe fn unlock(&self) {
        // SAFETY: the caller holds the lock, by this function's duty.
        unsafe { self.0.unlock() }
    }
}

/// No lock: for strategies under which only one thread at a time is attached.
#[derive(Debug)]
pub struct NoLock;

// SAFETY: only strategies use this that let one attached thread run at a time, and sections need an
// attached thread.
unsafe impl ContentsLock for NoLock {
    const LOCKS: bool = false;

    #[inline]
    fn new() -> Self {
        NoLock
    }

    #[inline]
    fn lock(&self) {}

    #[inline]
    fn try_lock(&self) -> bool {
        true
    }

    #[inline]
    unsafe fn unlock(&self) {}

    #[inline]
    fn same(&self, _: &Self) -> bool {
        false
    }
}
