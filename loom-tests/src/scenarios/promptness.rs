//! When destruction comes at the latest: at the next attach, checkpoint or detach after the last release, a blocking region's
//! ends included.
//!
//! Most have few interleavings: a thread is waited for that has dropped what another made, so that nothing is left to chance but
//! what the strategy does with it. Where a strategy has no queue, they show that nothing waits.

use keyway::{Strategy, Thread, attach};
use keyway_object_model::ContentsLock;
use keyway_sync::thread::JoinHandle;

use crate::backend::spawn;
use crate::model::{Model, scenarios};
use crate::payload::Fate;

pub(super) fn models<S: Strategy>() -> Vec<Model> {
    scenarios!(S;
        2: checkpoint_carries_out_what_is_queued, detach_carries_out_what_is_queued,
           blocking_region_carries_out_what_is_queued, release_while_the_maker_blocks,
           next_attach_carries_out_what_is_queued;
    )
}

/// Makes two objects and has another thread drop them, which is attached to nothing.
fn dropped_elsewhere<S: Strategy>(thread: &Thread<S>) -> ([Fate; 2], JoinHandle<()>) {
    let fates = [Fate::new(), Fate::new()];
    let references = fates.each_ref().map(|fate| thread.alloc(fate.payload(7)));
    (fates, spawn(move || drop(references)))
}

/// As [`dropped_elsewhere`], and waits until it has been done. This thread stays attached, so that the drops find it in their way.
fn has_been_dropped_elsewhere<S: Strategy>(thread: &Thread<S>) -> [Fate; 2] {
    let (fates, other) = dropped_elsewhere(thread);
    other.join().unwrap();
    fates
}

fn assert_destroyed(fates: &[Fate; 2]) {
    fates.iter().for_each(Fate::assert_destroyed_once);
}

/// Two objects are queued; the maker passes a checkpoint.
///
/// Fails if a checkpoint does not look at the queue, if nothing tells it to, or if it carries out a part only.
fn checkpoint_carries_out_what_is_queued<S: Strategy>() {
    attach::<S, _>(|thread| {
        let fates = has_been_dropped_elsewhere(thread);
        thread.checkpoint();
        assert_destroyed(&fates);
    });
}

/// Two objects are queued; the maker detaches, and nobody attaches after it.
///
/// Fails if detaching leaves anything in the queue, or what it found there undestroyed.
fn detach_carries_out_what_is_queued<S: Strategy>() {
    let fates = attach::<S, _>(|thread| has_been_dropped_elsewhere(thread));
    assert_destroyed(&fates);
}

/// Two objects are queued; the maker enters a blocking region. They are destroyed at its start, not at its end.
///
/// Fails if entering a blocking region leaves anything in the queue, or what it found there undestroyed.
fn blocking_region_carries_out_what_is_queued<S: Strategy>() {
    attach::<S, _>(|thread| {
        let fates = has_been_dropped_elsewhere(thread);
        thread.blocking(|| assert_destroyed(&fates));
    });
}

/// Two objects are dropped elsewhere while the maker enters a blocking region, which may last for ever: where threads run in
/// parallel, that is no reason to wait. Elsewhere they are destroyed when it ends at the latest.
///
/// Fails if a thread in a blocking region still counts as attached, or if its end does not look at the queue.
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

/// Two objects are dropped elsewhere while the maker detaches; the drops may find it still in their way, when it has looked at the
/// queue for the last time. Then the next thread to attach destroys them, before it does anything else.
///
/// Fails if attaching does not look at the queue.
fn next_attach_carries_out_what_is_queued<S: Strategy>() {
    let (fates, other) = attach::<S, _>(|thread| dropped_elsewhere(thread));
    other.join().unwrap();
    attach::<S, _>(|_| assert_destroyed(&fates));
}
