//! What a thread is to this strategy: an id, which lasts as long as the OS thread, and a place in the table while attached.

use std::cell::Cell;
use std::sync::Arc;

use keyway_object_model::Due;
use keyway_sync::atomic::{AtomicU32, Ordering};

use crate::reclaim;
use crate::strategy::BiasedCounts;
use crate::table::{self, Signal};
use crate::word::{Bias, NOBODY, ThreadId, UNBIASED};

keyway_sync::thread_local! {
    /// This OS thread's id; [`NOBODY`] until it attaches for the first time.
    static ID: Cell<ThreadId> = const { Cell::new(NOBODY) };
}

keyway_sync::global! {
    static NEXT_ID: AtomicU32 = AtomicU32::new(1);
}

/// What is kept for an attached thread.
#[derive(Debug)]
pub struct Attached {
    /// The owner of what this thread allocates, or [`UNBIASED`].
    pub(crate) id: ThreadId,
    /// Shared with the table's entry.
    signal: Arc<Signal>,
}

impl Attached {
    /// What this thread is told from an owner by.
    #[inline]
    pub(crate) fn bias(&self) -> Bias {
        Bias::of(self.id)
    }
}

/// This OS thread's id. Each is given out once; when all 2^32 - 2 are used up, threads go without.
fn own_id() -> ThreadId {
    ID.with(|id| {
        if id.get() == NOBODY {
            id.set(new_id());
        }
        id.get()
    })
}

fn new_id() -> ThreadId {
    // O14, Relaxed: only that no number is given out twice matters, and that each read-modify-write sees to by itself.
    NEXT_ID.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| next.checked_add(1)).unwrap_or(UNBIASED)
}

/// Makes this OS thread an attached one: from now on its words are its own.
pub(crate) fn attach() -> Attached {
    let attached = Attached { id: own_id(), signal: Arc::new(Signal::new()) };
    enter_table(&attached);
    attached
}

/// Puts an attached thread into the table.
pub(crate) fn enter_table(attached: &Attached) {
    if attached.id == UNBIASED {
        return;
    }
    table::lock(attached.id).insert(attached.id, &attached.signal);
}

/// Takes a thread out of the table and releases what was queued to it. From now on its words belong to its bucket's lock.
pub(crate) fn leave_table(attached: &Attached, due: &mut Due<BiasedCounts>) {
    if attached.id == UNBIASED {
        return;
    }
    let mut bucket = table::lock(attached.id);
    let queue = bucket.remove(attached.id);
    // SAFETY: the bucket is locked, and the owner has just been removed.
    unsafe { reclaim::release_all(queue, due) };
}

/// Releases what has been queued to this attached thread.
#[inline]
pub(crate) fn drain(attached: &Attached, due: &mut Due<BiasedCounts>) {
    if attached.signal.is_raised() {
        drain_raised(attached, due);
    }
}

#[cold]
fn drain_raised(attached: &Attached, due: &mut Due<BiasedCounts>) {
    let queue =
        table::lock(attached.id).find(attached.id).expect("an attached thread is in the table").take();
    // SAFETY: this is the attached owner, whose queue it was; the bucket need not be locked.
    unsafe { reclaim::release_all(queue, due) };
}
