//! Contents whose destruction tests look at.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use keyway_object_model::{Ref, Strategy};

/// How many of the objects that have a [`Witness`] of this watch have been destroyed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Arc<AtomicUsize>);

impl Watch {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Contents that count their destruction.
    pub(crate) fn witness(&self) -> Witness {
        Witness { watch: self.clone(), canary: ALIVE }
    }

    pub(crate) fn destroyed(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

const ALIVE: u64 = 0x0a11_7e00_0a11_7e00;
const DEAD: u64 = 0xdead_dead_dead_dead;

/// See [`Watch::witness`].
#[derive(Debug)]
pub(crate) struct Witness {
    watch: Watch,
    canary: u64,
}

impl Witness {
    /// Fails if this has been destroyed.
    pub(crate) fn check(&self) {
        assert_eq!(self.canary, ALIVE, "an object is used after its destruction");
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.check();
        self.canary = DEAD;
        self.watch.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A witness whose destructor does something.
pub(crate) struct OnDrop<F: FnOnce() + Send + Sync>(
    Option<F>,
    #[expect(dead_code, reason = "it counts")] Witness,
);

impl<F: FnOnce() + Send + Sync> OnDrop<F> {
    pub(crate) fn new(watch: &Watch, f: F) -> Self {
        OnDrop(Some(f), watch.witness())
    }
}

impl<F: FnOnce() + Send + Sync> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0.take().expect("destroyed once"))();
    }
}

/// A witness in a chain.
pub(crate) struct Link<S: Strategy> {
    pub(crate) witness: Witness,
    pub(crate) panics: bool,
    #[expect(dead_code, reason = "held, not read")]
    pub(crate) next: Option<Ref<Link<S>, S>>,
}

impl<S: Strategy> Drop for Link<S> {
    fn drop(&mut self) {
        self.witness.check();
        assert!(!self.panics, "a destructor that panics on purpose");
    }
}

/// Which of the [`Part`]s of this diary have been destroyed, in which order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Diary(Arc<Mutex<Vec<u32>>>);

impl Diary {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Contents that write their destruction down.
    pub(crate) fn part(&self, number: u32) -> Part {
        Part { number, diary: self.clone() }
    }

    pub(crate) fn write(&self, number: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(number);
    }

    /// The entries written since the last time.
    pub(crate) fn told(&self) -> Vec<u32> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// See [`Diary::part`].
#[derive(Debug)]
pub(crate) struct Part {
    number: u32,
    diary: Diary,
}

impl Drop for Part {
    fn drop(&mut self) {
        self.diary.write(self.number);
    }
}
