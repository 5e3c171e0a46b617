//! When destruction comes at the latest: at the next attach, checkpoint or detach after the last
//! release, a blocking region's ends included.
//!
//! Most have few interleavings: one thread waits for another that has dropped its objects, so that
//! only the strategy decides when the objects end. Where a strategy has no queue, they show that
//! nothing waits.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keyway::{Strategy, Thread, attach};
use keyway_object_model::ContentsLock;
use keyway_sync::thread::JoinHandle;

use crate::backend::spawn;
use crate::model::{Explorer, Model, scenarios};
use crate::payload::Fate;

pub(super) fn models<S: Strategy>() -> Vec<Model> {
    let mut models = scenarios!(S;
        2: checkpoint_carries_out_what_is_queued, detach_carries_out_what_is_queued,
           blocking_region_carries_out_what_is_queued, release_while_the_maker_blocks,
           next_attach_carries_out_what_is_queued;
    );
    if !<S::Lock as ContentsLock>::LOCKS {
        models.push(Model::of::<S>("who_has_queued_tries_once_more", 2, who_has_queued_tries_once_more::<S>));
    }
    models
}

/// Makes two objects, the second of which holds a third, and has another thread drop them, which is
/// attached to nothing.
fn dropped_elsewhere<S: Strategy>(thread: &Thread<S>) -> (Fates, JoinHandle<()>) {
    let fates = [Fate::new(), Fate::new(), Fate::new()];
    let [one, two, three] = fates.each_ref().map(|fate| fate.payload(7));
    let held = thread.alloc(three);
    let references = (thread.alloc(one), thread.alloc((two, held)));
    (fates, spawn(move || drop(references)))
}

/// The fates of objects that were dropped.
type Fates = [Fate; 3];

/// As [`dropped_elsewhere`], and waits until it has been done. This thread stays attached, so that
/// the drops find it in their way.
fn has_been_dropped_elsewhere<S: Strategy>(thread: &Thread<S>) -> Fates {
    let (fates, other) = dropped_elsewhere(thread);
    other.join().unwrap();
    fates
}

fn assert_destroyed(fates: &Fates) {
    fates.iter().for_each(Fate::assert_destroyed_once);
}

/// Two objects are queued; the maker passes a checkpoint.
///
/// Fails if a checkpoint does not look at the queue, if nothing tells it to, or if it carries out a
/// part only.
fn checkpoint_carries_out_what_is_queued<S: Strategy>() {
    attach::<S, _>(|thread| {
        let fates = has_been_dropped_elsewhere(thread);
        thread.checkpoint();
        assert_destroyed(&fates);
    });
}

/// Two objects are queued; the maker detaches, and nobody attaches after it.
///
/// Fails if detaching leaves an entry in the queue, or an object from it undestroyed.
fn detach_carries_out_what_is_queued<S: Strategy>() {
    let fates = attach::<S, _>(|thread| has_been_dropped_elsewhere(thread));
    assert_destroyed(&fates);
}

/// Two objects are queued; the maker enters a blocking region. They are destroyed at its start, not
/// at its end.
///
/// Fails if entering a blocking region leaves an entry in the queue, or an object from it
/// undestroyed.
fn blocking_region_carries_out_what_is_queued<S: Strategy>() {
    attach::<S, _>(|thread| {
        let fates = has_been_dropped_elsewhere(thread);
        thread.blocking(|| assert_destroyed(&fates));
    });
}

/// Two objects are dropped elsewhere while the maker enters a blocking region, which may last for
/// ever: where threads run in parallel, that is no reason to wait. Elsewhere they are destroyed
/// when it ends at the latest.
///
/// Fails if a thread in a blocking region still counts as attached, or if its end does not look at
/// the queue.
fn release_while_the_maker_blocks<S: Strategy>() {
    attach::<S, _>(|thread| {
        let (fates, other) = dropped_elsewhere(thread);
        thread.blocking(|| {
            other.join().unwrap();
            if <S::Lock as ContentsLock>::LOCKS {
                assert_destroyed(&fates);
            }
        });
        assert_destroyed(&fates);
    });
}

/// Two objects are dropped elsewhere while the maker detaches; the drops may find it still in their
/// way, when it has looked at the queue for the last time. Then the next thread to attach destroys
/// them, before it does anything else.
///
/// Fails if attaching does not look at the queue.
fn next_attach_carries_out_what_is_queued<S: Strategy>() {
    let (fates, other) = attach::<S, _>(|thread| dropped_elsewhere(thread));
    other.join().unwrap();
    attach::<S, _>(|_| assert_destroyed(&fates));
}

keyway_sync::thread_local! {
    /// How many references this thread has begun to drop.
    static DROPS: Cell<u32> = const { Cell::new(0) };
}

/// Contents that say whether they have ended in the second drop of a thread. Not words of the
/// model.
struct Late(Arc<AtomicBool>);

impl Drop for Late {
    fn drop(&mut self) {
        self.0.fetch_or(DROPS.with(Cell::get) == 2, Ordering::Relaxed);
    }
}

/// A thread that is attached to nothing drops two references while the maker detaches, each the
/// only one to its object. The first finds the lock taken, so that it is queued; the second does,
/// too, but when it has been queued the maker has gone: both are destroyed here and now, with no
/// thread attached.
///
/// Fails if the thread that has queued a reference does not try once more: then both wait for the
/// next attach, though nothing is in their way.
fn who_has_queued_tries_once_more<S: Strategy>(explorer: &mut Explorer) {
    explorer.explore_until_seen("the second of two drops carried out the first", |sighting| {
        let is_late = Arc::new(AtomicBool::new(false));
        let fate = Fate::new();
        let other = attach::<S, _>(|thread| {
            let one = thread.alloc(Late(Arc::clone(&is_late)));
            let two = thread.alloc(fate.payload(7));
            spawn(move || {
                DROPS.with(|drops| drops.set(1));
                drop(one);
                DROPS.with(|drops| drops.set(2));
                drop(two);
            })
        });
        other.join().unwrap();
        if is_late.load(Ordering::Relaxed) {
            sighting.note();
        }
        super::attach_once_more::<S>();
        fate.assert_destroyed_once();
    });
}
