//! Taking back the poison of loom's mutexes.
//!
//! Neither this crate's locks nor `parking_lot`'s are poisoned, but loom keeps a std mutex inside
//! its own, which is poisoned if a guard is dropped during a panic, and then panics itself. All of
//! loom's threads are coroutines of one OS thread, so that a panic in one poisons what another
//! drops meanwhile. Loom has no way to undo it; so it is undone in the std mutex.

use std::mem::MaybeUninit;
use std::sync::Mutex;

/// Removes the poison from the std mutex around `value`, if a panic is under way.
///
/// # Safety
/// - `value` lies in a `std::sync::Mutex<T>` that is alive; the provenance of the loom mutex around
///   it has been exposed.
pub(super) unsafe fn forgive<T>(value: *const T) {
    if std::thread::panicking() {
        let mutex = std::ptr::with_exposed_provenance::<Mutex<T>>(value.addr() - offset::<T>());
        // SAFETY: by the caller's duty there is a std mutex around the value, and `offset` is where
        // the value lies in it.
        unsafe { &*mutex }.clear_poison();
    }
}

/// Where the value lies in a std mutex: measured, since std does not say.
fn offset<T>() -> usize {
    let sample = Mutex::new(MaybeUninit::<T>::uninit());
    let start = std::ptr::from_ref(&sample).addr();
    let guard = sample.lock().unwrap_or_else(|_| unreachable!("just made"));
    std::ptr::from_ref(&*guard).addr() - start
}
