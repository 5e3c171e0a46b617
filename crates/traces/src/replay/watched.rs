//! A strategy that behaves as another one and counts on which paths.

use std::cell::Cell;
use std::marker::PhantomData;

use keyway_object_model::{CountPath, Due, ObjectPtr, Released, Retained, Runtime, Strategy, Wrapped};

use crate::identity::runtime_of;

/// How many operations took which path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// Under a strategy without owners.
    pub common: u64,
    /// The owner's.
    pub owner: u64,
    /// Another thread's, in the word that all share.
    pub remote: u64,
    /// Another thread's, handed over to the owner.
    pub queued: u64,
    /// On an object that has lost its owner.
    pub merged: u64,
}

thread_local! {
    /// The paths of this OS thread since they were last taken.
    static PATHS: Cell<Paths> = const { Cell::new(Paths { common: 0, owner: 0, remote: 0, queued: 0, merged: 0 }) };
}

impl Paths {
    /// What this OS thread has counted, from zero again.
    pub(super) fn take() -> Self {
        PATHS.take()
    }

    pub(super) fn add(&mut self, other: Paths) {
        self.common += other.common;
        self.owner += other.owner;
        self.remote += other.remote;
        self.queued += other.queued;
        self.merged += other.merged;
    }

    /// All operations.
    pub fn all(&self) -> u64 {
        self.common + self.owner + self.remote + self.queued + self.merged
    }
}

fn note(path: CountPath, is_release: bool) {
    let mut paths = PATHS.get();
    match path {
        CountPath::Common => paths.common += 1,
        CountPath::Owner => paths.owner += 1,
        CountPath::HandOver if is_release => paths.queued += 1,
        CountPath::Remote | CountPath::HandOver => paths.remote += 1,
        CountPath::Merged => paths.merged += 1,
    }
    PATHS.set(paths);
}

/// `S`, with paths counted on each OS thread.
#[derive(Debug)]
pub(super) struct Watched<S>(PhantomData<fn(S) -> S>);

// SAFETY: every function is that of `S`, to which each duty is handed on; an OS thread that is attached to `S` itself is told from one
// that is not by `release_anywhere`. Identity: one static a wrapper.
unsafe impl<S: Strategy> Strategy for Watched<S> {
    type Attached = S::Attached;

    fn runtime() -> &'static Runtime {
        runtime_of::<Self>("watched-", S::runtime().id)
    }

    fn attach(due: &mut Due<Self>) -> S::Attached {
        S::attach(&mut due.wrapped())
    }

    fn detach(attached: &S::Attached, due: &mut Due<Self>) {
        S::detach(attached, &mut due.wrapped());
    }

    fn checkpoint(attached: &S::Attached, due: &mut Due<Self>) {
        S::checkpoint(attached, &mut due.wrapped());
    }

    fn leave(attached: &S::Attached, due: &mut Due<Self>) {
        S::leave(attached, &mut due.wrapped());
    }

    fn reenter(attached: &S::Attached, due: &mut Due<Self>) {
        S::reenter(attached, &mut due.wrapped());
    }

    type Id = S::Id;

    fn id(attached: &S::Attached) -> S::Id {
        S::id(attached)
    }

    type Count = Wrapped<S, ()>;

    fn new_count(id: S::Id, attached: &S::Attached) -> Self::Count {
        Wrapped::new(S::new_count(id, attached), ())
    }

    fn immortal_count(id: S::Id, attached: &S::Attached) -> Self::Count {
        Wrapped::new(S::immortal_count(id, attached), ())
    }

    unsafe fn retain(object: ObjectPtr<Self>, id: S::Id, attached: &S::Attached) -> Retained {
        // An immortal object's operations are no count operations.
        // SAFETY: the caller keeps the object alive.
        if !unsafe { object.is_immortal() } {
            // SAFETY: as above.
            note(unsafe { S::path(object.wrapped(), id) }, false);
        }
        // SAFETY: the caller's duties.
        unsafe { S::retain(object.wrapped(), id, attached) }
    }

    unsafe fn release(
        object: ObjectPtr<Self>,
        id: S::Id,
        attached: &S::Attached,
        due: &mut Due<Self>,
    ) -> Released {
        // An immortal object's operations are no count operations.
        // SAFETY: alive, by the caller's reference.
        if !unsafe { object.is_immortal() } {
            // SAFETY: as above.
            note(unsafe { S::path(object.wrapped(), id) }, true);
        }
        // SAFETY: the caller's duties.
        unsafe { S::release(object.wrapped(), id, attached, &mut due.wrapped()) }
    }

    unsafe fn release_unattached(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: the caller's duties.
        unsafe { object.wrapped::<S, ()>().release_anywhere() }
    }

    unsafe fn count(object: ObjectPtr<Self>, id: S::Id, attached: &S::Attached) -> usize {
        // SAFETY: the caller's duties.
        unsafe { S::count(object.wrapped(), id, attached) }
    }

    type Lock = S::Lock;
}
