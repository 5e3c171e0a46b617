//! A strategy that behaves as another one and counts on which paths.

use std::cell::Cell;

use keyway_object_model::{CountPath, Strategy};

use crate::observed::{Change, Observed, Observer};

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
pub(super) type Watched<S> = Observed<CountPaths, S>;

/// Counts paths.
#[derive(Debug)]
pub(super) enum CountPaths {}

impl Observer for CountPaths {
    const PREFIX: &'static str = "watched-";
    type Words = ();

    fn born<S: Strategy>(_: bool) {}

    /// An immortal object's operations are no count operations.
    fn before<S: Strategy>(change: Change, path: Option<CountPath>, (): &()) {
        if let Some(path) = path {
            note(path, change == Change::Release);
        }
    }
}
