//! User code that runs in the middle of an operation: what a waker or a destructor does.

use std::sync::Arc;
use std::task::{Wake, Waker};

use keyway::try_attach;
use keyway_brc::Shared;
use keyway_sync::Mutex;
use keyway_sync::atomic::{AtomicBool, Ordering};

use super::case::{Deed, Kind};
use super::handle::{Contents, Exits, Handle};
use crate::payload::Fate;

/// An object that user code has made.
pub(super) type Made<S> = (Handle<S>, Fate);

/// Objects that user code has made, to be dropped later by another thread.
pub(super) struct Shelf<S: Exits>(Arc<Mutex<Vec<Made<S>>>>);

impl<S: Exits> Shelf<S> {
    pub(super) fn new() -> Self {
        Shelf(Arc::new(Mutex::new(Vec::new())))
    }

    /// What is there.
    pub(super) fn take(&self) -> Vec<Made<S>> {
        std::mem::take(&mut *self.0.lock())
    }

    fn put(&self, object: Handle<S>, fate: Fate) {
        self.0.lock().push((object, fate));
    }
}

impl<S: Exits> Clone for Shelf<S> {
    fn clone(&self) -> Self {
        Shelf(Arc::clone(&self.0))
    }
}

/// A [`Deed`] with what it takes.
pub(super) enum Guest<S: Exits> {
    Nothing,
    Drops(Mutex<Option<Handle<S>>>),
    Makes(Kind, Shelf<S>),
    StepsAside,
    Attaches,
}

impl<S: Exits> Guest<S> {
    /// `dropped` makes what a [`Deed::Drop`] drops.
    pub(super) fn new(deed: Deed, kind: Kind, shelf: &Shelf<S>, dropped: impl FnOnce() -> Handle<S>) -> Self {
        match deed {
            Deed::Nothing => Guest::Nothing,
            Deed::Drop => Guest::Drops(Mutex::new(Some(dropped()))),
            Deed::Make => Guest::Makes(kind, shelf.clone()),
            Deed::StepAside => Guest::StepsAside,
            Deed::Attach => Guest::Attaches,
        }
    }

    /// Does it, as often as it is called; drops once.
    pub(super) fn perform(&self) {
        match self {
            Guest::Nothing => {}
            Guest::Drops(held) => {
                let held = held.lock().take();
                drop(held);
            }
            Guest::Makes(kind, shelf) => {
                let fate = Fate::new();
                shelf.put(Handle::new(*kind, Contents::new(&fate, Guest::Nothing)), fate);
            }
            Guest::StepsAside => Shared::<(), S>::step_aside(),
            // Refused where the thread has a token.
            Guest::Attaches => drop(try_attach::<S, _>(|_| ())),
        }
    }
}

/// Whether a thread has been woken since it last looked.
pub(super) struct Bell(AtomicBool);

impl Bell {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Bell(AtomicBool::new(false)))
    }

    pub(super) fn is_rung(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// The thread is about to look.
    pub(super) fn clear(&self) {
        // Not a store, which loom would take for older than the swap below.
        self.0.swap(false, Ordering::AcqRel);
    }
}

/// A waker that rings, and runs user code when it is woken and when it is dropped.
struct Rings<S: Exits>(Arc<Bell>, Guest<S>);

impl<S: Exits> Wake for Rings<S> {
    fn wake(self: Arc<Self>) {
        self.0.0.swap(true, Ordering::AcqRel);
        self.1.perform();
    }
}

impl<S: Exits> Drop for Rings<S> {
    fn drop(&mut self) {
        self.1.perform();
    }
}

/// A waker.
pub(super) fn waker<S: Exits>(bell: &Arc<Bell>, guest: Guest<S>) -> Waker {
    Waker::from(Arc::new(Rings(Arc::clone(bell), guest)))
}
