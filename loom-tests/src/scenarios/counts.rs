//! References that are made, shared and released at the same time.

use keyway::{Guarded, Ref, Strategy, attach};
use keyway_object_model::testing::{AsAnother, clone_as_another};

use super::join_all;
use crate::backend::spawn;
use crate::model::{Model, scenarios};
use crate::payload::{Fate, Payload};

pub(super) fn models<S: Strategy>() -> Vec<Model> {
    scenarios!(S;
        2: last_release_races_last_release, clone_races_release, clones_at_the_same_time, publish_and_read,
           two_queued_releases;
        3: three_last_releases, clone_races_clone, clone_from_a_queued_object;
    )
}

/// The models that need references which are cloned without a token.
pub(super) fn models_of_free_threads<S: AsAnother>() -> Vec<Model> {
    scenarios!(S; 2: ownership_ends_during_a_hand_over)
}

/// Two threads have one reference each, read and release it. The last thread destroys the object,
/// and sees the other's accesses to it.
///
/// Fails if a release's Release or the acquire before destruction is weakened, or if both or
/// neither destroy.
pub(crate) fn last_release_races_last_release<S: Strategy>() {
    let fate = Fate::new();
    let other = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let theirs = mine.clone_ref(thread);
        let other = spawn(move || attach::<S, _>(|thread| read_and_release(theirs, thread)));
        read_and_release(mine, thread);
        other
    });
    other.join().unwrap();
    fate.assert_destroyed_once();
}

/// A thread clones its reference and releases both while the maker releases the first.
///
/// Fails if a retain is lost, or counted where the last release does not look.
fn clone_races_release<S: Strategy>() {
    let fate = Fate::new();
    let other = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let theirs = mine.clone_ref(thread);
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                let more = theirs.clone_ref(thread);
                theirs.release(thread);
                read_and_release(more, thread);
            });
        });
        mine.release(thread);
        other
    });
    other.join().unwrap();
    fate.assert_destroyed_once();
}

/// Two threads clone at the same time; afterwards one of them releases all four references.
///
/// Fails if one of the two retains is lost, and in no other way: nothing is released while anything
/// is retained.
pub(crate) fn clones_at_the_same_time<S: Strategy>() {
    let fate = Fate::new();
    let (mine, other) = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let theirs = mine.clone_ref(thread);
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                let more = theirs.clone_ref(thread);
                [theirs, more]
            })
        });
        let more = mine.clone_ref(thread);
        ([mine, more], other)
    });
    let theirs = other.join().unwrap();
    attach::<S, _>(|thread| {
        for reference in mine.into_iter().chain(theirs) {
            reference.release(thread);
        }
    });
    fate.assert_destroyed_once();
}

/// Two threads clone at the same time and release all that they have.
///
/// Fails if one of two retains at the same time is lost.
fn clone_races_clone<S: Strategy>() {
    let fate = Fate::new();
    let others = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let others = [mine.clone_ref(thread), mine.clone_ref(thread)].map(|theirs| {
            spawn(move || {
                attach::<S, _>(|thread| {
                    theirs.clone_ref(thread).release(thread);
                    theirs.release(thread);
                });
            })
        });
        mine.release(thread);
        others
    });
    join_all(others);
    fate.assert_destroyed_once();
}

/// One thread makes an object and puts it where another finds it. The thread that finds it sees it
/// whole.
///
/// Fails if leaving a section does not publish what was done inside.
fn publish_and_read<S: Strategy>() {
    let fate = Fate::new();
    let (place, maker) = attach::<S, _>(|thread| {
        let place = thread.alloc(Guarded::<Option<Ref<Payload, S>>, S>::new(None));
        let there = place.clone_ref(thread);
        let payload = fate.clone();
        let maker = spawn(move || {
            attach::<S, _>(|thread| {
                let made = thread.alloc(payload.payload(7));
                there.enter(thread, |place| **place = Some(made));
                there.release(thread);
            });
        });
        (place, maker)
    });
    attach::<S, _>(|thread| {
        let found = place.enter(thread, |place| {
            let (found, thread) = place.parts();
            found.as_ref().map(|found| found.clone_ref(thread))
        });
        if let Some(found) = found {
            read_and_release(found, thread);
        }
    });
    maker.join().unwrap();
    // The place holds the object: both go here, on a thread that is not attached.
    drop(place);
    fate.assert_destroyed_once();
}

/// The maker counts three references and two are released elsewhere: under a biased count both
/// releases find nothing in the shared word, the first is handed over, the second becomes a debt.
/// The maker then passes a checkpoint and releases its own.
///
/// Fails if a hand-over takes no reference along, or a merge does not count the debt.
fn two_queued_releases<S: Strategy>() {
    let fate = Fate::new();
    let other = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let (one, two) = (mine.clone_ref(thread), mine.clone_ref(thread));
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                one.release(thread);
                read_and_release(two, thread);
            });
        });
        thread.checkpoint();
        mine.release(thread);
        other
    });
    other.join().unwrap();
    fate.assert_destroyed_once();
}

/// As [`last_release_races_last_release`], with three.
fn three_last_releases<S: Strategy>() {
    let fate = Fate::new();
    let others = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let others = [mine.clone_ref(thread), mine.clone_ref(thread)]
            .map(|theirs| spawn(move || attach::<S, _>(|thread| read_and_release(theirs, thread))));
        mine.release(thread);
        others
    });
    join_all(others);
    fate.assert_destroyed_once();
}

/// One thread releases, so that the object may be queued to its maker; a second clones and
/// releases; the maker releases its last. An object in a queue is nobody's to destroy but the
/// queue's.
///
/// Fails if a queued release does not own a reference: then the maker destroys what is still
/// queued.
fn clone_from_a_queued_object<S: Strategy>() {
    let fate = Fate::new();
    let others = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let (one, two) = (mine.clone_ref(thread), mine.clone_ref(thread));
        let first = spawn(move || attach::<S, _>(|thread| one.release(thread)));
        let second = spawn(move || {
            attach::<S, _>(|thread| {
                let more = two.clone_ref(thread);
                more.release(thread);
                two.release(thread);
            });
        });
        mine.release(thread);
        [first, second]
    });
    join_all(others);
    fate.assert_destroyed_once();
}

/// A thread hands its reference over to the maker, which meanwhile gets a clone that a third thread
/// has made, and releases all that it has: under a biased count it ends its ownership between the
/// other's mark and its look at the owner.
///
/// Fails if a reference is forgotten whose owner is gone when it is handed over, or released as if
/// the object were merged before it is.
fn ownership_ends_during_a_hand_over<S: AsAnother>() {
    let fate = Fate::new();
    let other = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let theirs = mine.clone_ref(thread);
        let other = spawn(move || attach::<S, _>(|thread| read_and_release(theirs, thread)));
        let more = clone_as_another(&mine);
        mine.release(thread);
        more.release(thread);
        other
    });
    other.join().unwrap();
    fate.assert_destroyed_once();
}

fn read_and_release<S: Strategy>(reference: Ref<Payload, S>, thread: &keyway::Thread<S>) {
    assert_eq!(reference.read(), 7, "an object is seen whole");
    reference.release(thread);
}
