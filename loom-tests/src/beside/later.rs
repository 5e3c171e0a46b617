//! Fates that are looked at when all copies of a scenario have ended.
//!
//! Where one thread at a time is attached, a drop elsewhere may join a queue that a copy's thread
//! empties: then the object's end comes when that thread gets to it, or the next attaches, and not
//! when the scenario that made it ends.

#[cfg(shuttle)]
use std::cell::RefCell;
#[cfg(not(shuttle))]
use std::sync::{Mutex, PoisonError};

use crate::payload::Fate;

/// `None` while every scenario looks for itself.
type Fates = Option<Vec<Fate>>;

// Shuttle's threads are coroutines of one OS thread, and other scenarios run at the same time.
#[cfg(shuttle)]
thread_local! {
    static FATES: RefCell<Fates> = const { RefCell::new(None) };
}
#[cfg(not(shuttle))]
static FATES: Mutex<Fates> = Mutex::new(None);

fn with<R>(f: impl FnOnce(&mut Fates) -> R) -> R {
    #[cfg(shuttle)]
    return FATES.with_borrow_mut(f);
    #[cfg(not(shuttle))]
    return f(&mut FATES.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Keeps a fate for later if this is a time to do so.
pub(crate) fn put_off(fate: &Fate) -> bool {
    with(|fates| fates.as_mut().map(|fates| fates.push(fate.clone())).is_some())
}

/// From now on fates are kept, or not.
pub(super) fn begin(keep: bool) {
    with(|fates| *fates = keep.then(Vec::new));
}

/// Looks at the fates that were kept.
pub(super) fn end() {
    for fate in with(Option::take).unwrap_or_default() {
        fate.assert_destroyed_once();
    }
}
