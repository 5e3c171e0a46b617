//! Foreign code that relies on running alone: one lock a runtime, taken before any section's.
//!
//! The foreign code is a cell that loom watches, so that two calls at a time are a race.

use std::sync::Arc;

use keyway::{Guarded, Ref, Strategy, Thread, attach};
use keyway_object_model::ContentsLock;
use keyway_sync::cell::UnsafeCell;

use super::{attach_once_more, join_all};
use crate::backend::spawn;
use crate::model::{Model, scenarios};
use crate::payload::{Fate, panic_quietly, panics};

pub(super) fn models<S: Strategy>() -> Vec<Model> {
    scenarios!(S;
        2: exclusive_calls_at_the_same_time, exclusive_call_in_a_suspended_section, panic_in_an_exclusive_call,
           exclusive_call_releases_what_the_waiter_owns;
        3: exclusive_calls_of_three, destructor_after_an_exclusive_call;
    )
}

/// Code that is not thread-safe.
#[derive(Clone)]
pub(crate) struct Foreign(Arc<UnsafeCell<u32>>);

// SAFETY: loom checks that no two threads access the cell at once, which is what these models are
// about.
unsafe impl Send for Foreign {}
// SAFETY: as for Send.
unsafe impl Sync for Foreign {}

impl Foreign {
    #[expect(clippy::arc_with_non_send_sync, reason = "`Foreign` is both, as loom checks")]
    pub(crate) fn new() -> Self {
        Foreign(Arc::new(UnsafeCell::new(0)))
    }

    pub(crate) fn call(&self) {
        // SAFETY: loom has just checked that no access is concurrent.
        self.0.with_mut(|calls| unsafe { *calls += 1 });
    }

    /// Once all threads have been joined.
    pub(crate) fn assert_called(&self, times: u32) {
        // SAFETY: loom has just checked that no write is concurrent.
        assert_eq!(self.0.with(|calls| unsafe { *calls }), times, "an update was lost");
    }
}

/// Each calls twice: some calls find the lock taken, others free.
///
/// Fails if a call does not take the lock, or comes back from waiting without it, or is let go on
/// detached.
fn exclusive_calls_at_the_same_time<S: Strategy>() {
    let foreign = Foreign::new();
    let calling = |foreign: &Foreign, thread: &mut Thread<S>| {
        thread.exclusive(|_| foreign.call());
        thread.checkpoint();
        thread.exclusive(|_| foreign.call());
    };
    let theirs = foreign.clone();
    let other = attach::<S, _>(|thread| {
        let other = spawn(move || attach::<S, _>(|thread| calling(&theirs, thread)));
        calling(&foreign, thread);
        other
    });
    other.join().unwrap();
    foreign.assert_called(4);
}

/// Three threads, one call each.
fn exclusive_calls_of_three<S: Strategy>() {
    let foreign = Foreign::new();
    let others = attach::<S, _>(|thread| {
        let others = [0, 1].map(|_| {
            let foreign = foreign.clone();
            spawn(move || attach::<S, _>(|thread| thread.exclusive(|_| foreign.call())))
        });
        thread.exclusive(|_| foreign.call());
        others
    });
    join_all(others);
    foreign.assert_called(3);
}

/// One thread calls from a suspended section; the other calls, and then enters the same object.
///
/// Fails if the section is held while the call waits, or is not held again after it.
fn exclusive_call_in_a_suspended_section<S: Strategy>() {
    let foreign = Foreign::new();
    let theirs = foreign.clone();
    let (counter, other) = attach::<S, _>(|thread| {
        let counter: Ref<Guarded<u32, S>, S> = thread.alloc(Guarded::new(0));
        let clone = counter.clone_ref(thread);
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                thread.exclusive(|_| theirs.call());
                clone.enter(thread, |section| **section += 1);
            });
        });
        counter.enter(thread, |section| {
            **section += 1;
            section.suspend(|thread| thread.exclusive(|_| foreign.call()));
            **section += 1;
        });
        (counter, other)
    });
    other.join().unwrap();
    foreign.assert_called(2);
    attach::<S, _>(|thread| {
        assert_eq!(counter.enter(thread, |section| **section), 3, "an update was lost");
    });
}

/// A call panics and its thread goes on; the other gets in.
///
/// Fails if a panic leaves the lock taken.
fn panic_in_an_exclusive_call<S: Strategy>() {
    let foreign = Foreign::new();
    let theirs = foreign.clone();
    let other = attach::<S, _>(|thread| {
        let other = spawn(move || attach::<S, _>(|thread| thread.exclusive(|_| theirs.call())));
        panics(|| {
            thread.exclusive(|_| {
                foreign.call();
                panic_quietly();
            });
        });
        other
    });
    other.join().unwrap();
    foreign.assert_called(2);
}

/// Inside a call a thread releases an object of another's, which waits to call, has called, or has
/// detached.
///
/// Fails if an object that becomes due is destroyed by no thread, or twice.
fn exclusive_call_releases_what_the_waiter_owns<S: Strategy>() {
    let (foreign, fate) = (Foreign::new(), Fate::new());
    let theirs = foreign.clone();
    let other = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let clone = mine.clone_ref(thread);
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                thread.exclusive(|thread| {
                    theirs.call();
                    clone.release(thread);
                });
            });
        });
        thread.exclusive(|_| foreign.call());
        mine.release(thread);
        other
    });
    other.join().unwrap();
    attach_once_more::<S>();
    foreign.assert_called(2);
    fate.assert_destroyed_once();
}

/// Contents whose destructor lets another thread call, and waits for it.
struct CallsElsewhere<S: Strategy>(Foreign, std::marker::PhantomData<fn(S) -> S>);

impl<S: Strategy> Drop for CallsElsewhere<S> {
    fn drop(&mut self) {
        let foreign = self.0.clone();
        let call = move || attach::<S, _>(|thread| thread.exclusive(|_| foreign.call()));
        // Where one thread at a time is attached, a destructor that waits for another's attaching
        // would wait for ever.
        if <S::Lock as ContentsLock>::LOCKS {
            spawn(call).join().unwrap();
        } else {
            self.0.call();
        }
    }
}

/// Inside a call the last reference to an object is released whose destructor waits for another
/// thread's call. The second thread here calls too.
///
/// Fails if the destructor runs while the lock is held.
fn destructor_after_an_exclusive_call<S: Strategy>() {
    let foreign = Foreign::new();
    let theirs = foreign.clone();
    let other = attach::<S, _>(|thread| {
        let object = thread.alloc(CallsElsewhere::<S>(foreign.clone(), std::marker::PhantomData));
        let other = spawn(move || attach::<S, _>(|thread| thread.exclusive(|_| theirs.call())));
        thread.exclusive(|thread| {
            foreign.call();
            object.release(thread);
        });
        other
    });
    other.join().unwrap();
    foreign.assert_called(3);
}
