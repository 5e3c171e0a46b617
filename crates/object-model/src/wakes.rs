//! Wakers that a strategy wants woken: they are woken once the strategy's function has returned.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;

use crate::context::CONTEXT;
use crate::user::{self, Site};

/// The wakers that one OS thread has to wake, the last to come in front.
///
/// No destruction and no section makes them wait: a thread that is woken late may be waited for by
/// the very destructor that woke it.
pub(crate) struct Wakes(
    // Empty whenever the face has returned, so that an OS thread's end has nothing to drop.
    ManuallyDrop<Cell<Option<Box<Wake>>>>,
);

struct Wake {
    waker: Arc<Waker>,
    next: Option<Box<Wake>>,
}

impl Wakes {
    pub(crate) const fn new() -> Self {
        Wakes(ManuallyDrop::new(Cell::new(None)))
    }
}

/// Has `waker` woken by this OS thread as soon as the strategy's function that calls this has
/// returned. Runs no user code but the allocator.
///
/// A release that has called this says [`DestroyDue`](crate::Released::DestroyDue).
pub fn wake_soon(waker: Arc<Waker>) {
    CONTEXT.with(|context| {
        let waiting = &context.wakes.0;
        waiting.set(Some(Box::new(Wake { waker, next: waiting.take() })));
    });
}

/// Wakes what waits to be woken. No function of a strategy is under way, and nothing that was
/// learnt of this thread before holds afterwards: a waker is the user's code.
pub(crate) fn run() {
    let mut next = CONTEXT.with(|context| context.wakes.0.take());
    while let Some(wake) = next {
        let Wake { waker, next: rest } = *wake;
        next = rest;
        user::calls(Site::Waker);
        // U6. The actions of a waker are not ours, and nothing here depends on them: a panic, which
        // the hook has reported, ends here.
        caught(|| waker.wake_by_ref());
        // U6. Apart, so that the drop's panic does not come during the other one.
        caught(|| drop(waker));
    }
}

fn caught(call: impl FnOnce()) {
    // U6.
    let called = catch_unwind(AssertUnwindSafe(call));
    // The payload's drop might panic in its turn.
    std::mem::forget(called);
}
