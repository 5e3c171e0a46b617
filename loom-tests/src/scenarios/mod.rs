//! The scenarios, one file a group, each generic over the strategy.

pub(crate) mod counts;
mod exclusive;
mod global_lock;
mod group_locks;
mod pointers;
#[cfg(loom)]
mod programs;
pub(crate) mod sections;
mod threads;

use keyway_object_model::ContentsLock;
use keyway_sync::thread::JoinHandle;

use keyway::{
    AtomicCounts, BiasedCounts, GlobalLock, GroupLocks, Interval, ObjectLocks, SingleThread, Strategy, Ticks,
};

#[cfg(loom)]
use crate::enumerate::{biased::Biased, flat::Flat};
use crate::model::Model;

/// Every model of every strategy.
#[cfg(loom)]
pub fn all() -> Vec<Model> {
    [
        scenarios(),
        programs::models_by_turns::<SingleThread>(),
        programs::models_by_turns::<GlobalLock<Interval>>(),
        programs::models_by_turns::<GlobalLock<Ticks>>(),
        programs::models::<ObjectLocks, Flat>(),
        programs::models::<GroupLocks, Flat>(),
        programs::models::<AtomicCounts, Flat>(),
        programs::models::<BiasedCounts, Biased>(),
        pointers::enumerations::<AtomicCounts, Flat>(),
        pointers::enumerations::<BiasedCounts, Biased>(),
    ]
    .concat()
}

/// The models that are not enumerations: those that also run without loom.
pub fn scenarios() -> Vec<Model> {
    [
        of::<SingleThread>(),
        of::<GlobalLock<Interval>>(),
        global_lock::models::<GlobalLock<Interval>>(),
        of::<GlobalLock<Ticks>>(),
        global_lock::models::<GlobalLock<Ticks>>(),
        of::<ObjectLocks>(),
        of::<GroupLocks>(),
        group_locks::models(),
        of::<AtomicCounts>(),
        pointers::models::<AtomicCounts>(),
        of::<BiasedCounts>(),
        pointers::models::<BiasedCounts>(),
    ]
    .concat()
}

/// The models that every strategy has.
fn of<S: Strategy>() -> Vec<Model> {
    [counts::models::<S>(), threads::models::<S>(), sections::models::<S>(), exclusive::models::<S>()]
        .concat()
}

/// Waits for threads to end.
fn join_all<const N: usize>(threads: [JoinHandle<()>; N]) {
    for thread in threads {
        thread.join().expect("the thread has not panicked");
    }
}

/// Attaches once more, if that is when the strategy destroys what was dropped on unattached threads at the latest.
///
/// Where one thread at a time is attached, a drop elsewhere may find the lock taken and join a queue when its holder has just
/// looked there; the next to attach sees it.
fn attach_once_more<S: Strategy>() {
    if !<S::Lock as ContentsLock>::LOCKS {
        keyway::attach::<S, _>(|_| ());
    }
}
