//! The scenarios, one file a group, each generic over the strategy.

mod after_weak;
mod asking;
pub(crate) mod counts;
mod destruction;
mod edges;
pub(crate) mod exclusive;
mod global_lock;
mod group_locks;
mod judged;
mod made_late;
mod nesting;
mod own_queue;
mod pointer_queues;
mod pointer_wakers;
mod pointers;
#[cfg(loom)]
mod programs;
mod promptness;
mod returning_first;
pub(crate) mod sections;
mod threads;
#[cfg(loom)]
mod transitions;

use std::sync::Arc;

use keyway_brc::WeakCounts;
use keyway_object_model::ContentsLock;
use keyway_object_model::testing::AsAnother;
use keyway_sync::thread::JoinHandle;
use keyway_sync::{Condvar, Mutex};

use keyway::{
    Apart, AtomicCounts, BiasedCounts, GlobalLock, GroupLocks, Interval, ObjectLocks, ReturningFirst,
    SingleThread, Strategy, Ticks,
};

#[cfg(loom)]
use keyway::Compact;

#[cfg(loom)]
use crate::enumerate::{biased::Biased, flat::Flat};
use crate::model::Model;
use crate::settings;

/// The models of one strategy, if they are built: each strategy by a line of its own, and its
/// models compiled only if [`settings::STRATEGIES`] wants them.
macro_rules! of_strategy {
    ($id:literal: $($models:expr),+ $(,)?) => {
        if const { settings::is_built($id) } {
            let models = [$($models),+].concat();
            assert!(models.iter().all(|model| model.strategy == $id), "models of {}", $id);
            models
        } else {
            Vec::new()
        }
    };
}

/// Every model of every strategy.
#[cfg(loom)]
pub fn all() -> Vec<Model> {
    [
        scenarios(),
        of_strategy!("single-thread": every_program_by_turns::<SingleThread>()),
        of_strategy!("global-lock-interval": every_program_by_turns::<GlobalLock<Interval>>()),
        of_strategy!("global-lock-ticks": every_program_by_turns::<GlobalLock<Ticks>>()),
        of_strategy!("global-lock-returning-first": every_program_by_turns::<GlobalLock<ReturningFirst>>()),
        of_strategy!("object-locks": every_program_of_flat::<ObjectLocks>()),
        of_strategy!("group-locks": every_program_of_flat::<GroupLocks>()),
        of_strategy!(
            "atomic-counts":
            programs::models_of_flat::<AtomicCounts>(), pointers::enumerations::<AtomicCounts, Flat>(),
            transitions::models::<AtomicCounts, Flat>(),
            transitions::models_of_free::<AtomicCounts>(),
        ),
        of_strategy!(
            "biased-counts":
            programs::models_of_biased::<BiasedCounts>(),
            pointers::enumerations::<BiasedCounts, Biased>(),
            transitions::models::<BiasedCounts, Biased>(),
            transitions::models_of_free::<BiasedCounts>(),
            edges::models_without_ids::<Compact>(),
        ),
        of_strategy!(
            "biased-counts-apart":
            programs::models_of_layout::<BiasedCounts<Apart>>(), edges::models_without_ids::<Apart>(),
        ),
    ]
    .concat()
}

/// The enumerations of a strategy that lets one thread at a time count.
#[cfg(loom)]
fn every_program_by_turns<S: Strategy>() -> Vec<Model> {
    [programs::models_by_turns::<S>(), transitions::models_by_turns::<S>()].concat()
}

/// The enumerations of a strategy whose count is the number of references and nothing else.
#[cfg(loom)]
fn every_program_of_flat<S: AsAnother>() -> Vec<Model> {
    [programs::models_of_flat::<S>(), transitions::models_of_free::<S>()].concat()
}

/// The models that are not enumerations: those that also run without loom.
pub fn scenarios() -> Vec<Model> {
    [
        of_strategy!("single-thread": of::<SingleThread>(), threads::of_the_claim()),
        of_strategy!(
            "global-lock-interval":
            of::<GlobalLock<Interval>>(),
            global_lock::models::<GlobalLock<Interval>>(),
            asking::models(),
        ),
        of_strategy!(
            "global-lock-ticks":
            of::<GlobalLock<Ticks>>(),
            global_lock::models::<GlobalLock<Ticks>>(),
            global_lock::models_of_counting(),
        ),
        of_strategy!(
            "global-lock-returning-first":
            of::<GlobalLock<ReturningFirst>>(),
            global_lock::models::<GlobalLock<ReturningFirst>>(),
            returning_first::models(),
        ),
        of_strategy!("object-locks": of_free::<ObjectLocks>()),
        of_strategy!("group-locks": of_free::<GroupLocks>(), group_locks::models()),
        of_strategy!("atomic-counts": of_free::<AtomicCounts>(), of_pointers::<AtomicCounts>()),
        of_strategy!("biased-counts": of_free::<BiasedCounts>(), of_pointers::<BiasedCounts>(), edges::models::<BiasedCounts>()),
        of_strategy!(
            "biased-counts-apart":
            of_free::<BiasedCounts<Apart>>(),
            of_pointers::<BiasedCounts<Apart>>(),
            edges::models::<BiasedCounts<Apart>>(),
        ),
    ]
    .concat()
}

/// The models that every strategy has.
fn of<S: Strategy>() -> Vec<Model> {
    [
        counts::models::<S>(),
        threads::models::<S>(),
        promptness::models::<S>(),
        destruction::models::<S>(),
        nesting::models::<S>(),
        sections::models::<S>(),
        exclusive::models::<S>(),
    ]
    .concat()
}

/// The models that every strategy has whose threads run in parallel.
fn of_free<S: AsAnother>() -> Vec<Model> {
    [of::<S>(), counts::models_of_free_threads::<S>()].concat()
}

/// Something that a thread waits for, and another tells it.
#[derive(Clone)]
struct Signal(Arc<(Mutex<bool>, Condvar)>);

impl Signal {
    fn new() -> Self {
        Signal(Arc::new((Mutex::new(false), Condvar::new())))
    }

    fn tell(&self) {
        *self.0.0.lock() = true;
        self.0.1.notify_one();
    }

    fn wait(&self) {
        let mut is_told = self.0.0.lock();
        while !*is_told {
            self.0.1.wait(&mut is_told);
        }
    }
}

/// The models that every strategy has whose objects can be held by pointers.
fn of_pointers<S: WeakCounts + AsAnother>() -> Vec<Model> {
    [
        pointers::models::<S>(),
        judged::models::<S>(),
        own_queue::models::<S>(),
        pointer_queues::models::<S>(),
        pointer_wakers::models::<S>(),
        made_late::models::<S>(),
        after_weak::models::<S>(),
    ]
    .concat()
}

/// Waits for threads to end.
fn join_all<const N: usize>(threads: [JoinHandle<()>; N]) {
    for thread in threads {
        thread.join().expect("the thread has not panicked");
    }
}

/// Attaches once more, if that is when the strategy destroys what was dropped on unattached threads
/// at the latest.
///
/// Where one thread at a time is attached, a drop elsewhere may find the lock taken and join a
/// queue when its holder has just looked there; the next to attach sees it.
fn attach_once_more<S: Strategy>() {
    if !<S::Lock as ContentsLock>::LOCKS {
        keyway::attach::<S, _>(|_| ());
    }
}
