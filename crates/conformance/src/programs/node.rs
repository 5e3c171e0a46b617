//! The objects of a program, and the record of their destruction.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use keyway_object_model::{Guarded, Ref, Strategy};

use super::oracle::Model;
use super::program::Id;

/// The record of the objects of one program.
pub(crate) struct Tally(Vec<Fate>);

#[derive(Default)]
struct Fate {
    destroyed: AtomicUsize,
    contents: Mutex<Option<Last>>,
}

/// Contents at their destruction.
struct Last {
    sum: u64,
    kept: Vec<Id>,
    /// A reference in them led to an object that is no more.
    dangling: bool,
}

impl Tally {
    pub(crate) fn new(objects: usize) -> Self {
        Tally(std::iter::repeat_with(Fate::default).take(objects).collect())
    }

    pub(crate) fn destroyed(&self, id: Id) -> usize {
        self.0[id as usize].destroyed.load(Ordering::SeqCst)
    }

    /// Compares what has become of an object with what should have.
    pub(crate) fn check(&self, id: Id, model: &Model) -> Result<(), String> {
        let times = self.destroyed(id);
        if times != usize::from(model.destroyed) {
            return Err(format!("object {id} was destroyed {times} times"));
        }
        if !model.destroyed {
            return Ok(());
        }
        let last = self.0[id as usize].contents.lock().unwrap_or_else(PoisonError::into_inner);
        let last = last.as_ref().expect("recorded with the destruction");
        let mut kept = model.kept.clone();
        kept.sort_unstable();
        if last.dangling {
            return Err(format!("object {id} kept a reference to an object destroyed early"));
        }
        if (last.sum, &last.kept) != (model.sum, &kept) {
            return Err(format!(
                "object {id} ended with {} and {:?}, the oracle's with {} and {kept:?}",
                last.sum, last.kept, model.sum
            ));
        }
        Ok(())
    }
}

/// An object's contents.
pub(crate) struct Node<S: Strategy> {
    pub(crate) id: Id,
    canary: AtomicU64,
    pub(crate) contents: Guarded<Contents<S>, S>,
}

/// The part of them that changes.
pub(crate) struct Contents<S: Strategy> {
    id: Id,
    pub(crate) sum: u64,
    pub(crate) kept: Vec<Ref<Node<S>, S>>,
    tally: Arc<Tally>,
}

const ALIVE: u64 = 0x0a11_7e00_0000_0000;
const DEAD: u64 = 0xdead_dead_dead_dead;

impl<S: Strategy> Node<S> {
    pub(crate) fn new(id: Id, tally: &Arc<Tally>) -> Self {
        let contents = Contents { id, sum: 0, kept: Vec::new(), tally: tally.clone() };
        Node { id, canary: AtomicU64::new(ALIVE + u64::from(id)), contents: Guarded::new(contents) }
    }

    fn is_alive(&self) -> bool {
        self.canary.load(Ordering::Relaxed) == ALIVE + u64::from(self.id)
    }

    /// This, unless it has been destroyed early.
    pub(crate) fn check(&self) -> &Self {
        assert!(self.is_alive(), "object {} was destroyed early", self.id);
        self
    }
}

impl<S: Strategy> Contents<S> {
    pub(crate) fn add(&mut self, add: u64) {
        self.sum = self.sum.wrapping_add(add);
    }
}

impl<S: Strategy> Drop for Node<S> {
    fn drop(&mut self) {
        self.canary.store(DEAD, Ordering::Relaxed);
    }
}

impl<S: Strategy> Drop for Contents<S> {
    // No assertion: a destructor's panic may be caught. An error is recorded, and found by
    // `Tally::check`.
    fn drop(&mut self) {
        let mut kept: Vec<_> = self.kept.iter().map(|kept| kept.id).collect();
        kept.sort_unstable();
        let dangling = !self.kept.iter().all(|kept| kept.is_alive());
        let fate = &self.tally.0[self.id as usize];
        let last = Last { sum: self.sum, kept, dangling };
        *fate.contents.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        fate.destroyed.fetch_add(1, Ordering::SeqCst);
    }
}
