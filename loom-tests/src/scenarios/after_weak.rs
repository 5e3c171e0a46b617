//! Uniqueness of a reference to an object that has had weak ones, asked by a thread that is not its
//! maker, while the maker is there.

use keyway_brc::{Shared, WeakCounts, WeakShared};
use keyway_sync::thread::spawn;

use super::pointers::read;
use crate::model::{Model, scenarios};
use crate::payload::{Fate, Payload};

pub(super) fn models<S: WeakCounts>() -> Vec<Model> {
    scenarios!(S;
        2: pointer_taken_after_weak_ones, pointer_taken_beside_the_makers_upgrade,
           pointer_into_inner_beside_the_makers_upgrade, pointer_refused_and_made_weak;
        3: pointer_into_inner_by_two_after_weak_ones;
    )
}

/// An object that has had a weak reference, and another way to make one.
fn made<S: WeakCounts>(fate: &Fate) -> Shared<Payload, S> {
    Shared::new_cyclic(|_| fate.payload(7))
}

/// The maker has no reference any more, and there is no weak one: another thread has the only one.
/// One more lies in the maker's queue, or not.
///
/// Fails if it is enough for a no that there have been weak references.
fn pointer_taken_after_weak_ones<S: WeakCounts>() {
    for is_queued in [false, true] {
        let questions: [fn(Shared<Payload, S>) -> bool; 2] =
            [|theirs| Shared::try_unwrap(theirs).is_ok(), |theirs| Shared::into_inner(theirs).is_some()];
        for question in questions {
            let fate = Fate::new();
            let theirs = made::<S>(&fate);
            let more = is_queued.then(|| theirs.clone());
            let other = spawn(move || {
                drop(more);
                assert!(question(theirs), "rule broken: the only reference does not get the contents");
            });
            other.join().unwrap();
            fate.assert_destroyed_once();
        }
    }
    Shared::<(), S>::step_aside();
}

/// The maker, which has a weak reference and no other, makes a reference of it, and gives the weak
/// one up.
fn upgrade_and_read<S: WeakCounts>(weak: WeakShared<Payload, S>) {
    if let Some(mine) = weak.upgrade() {
        drop(weak);
        read(&mine);
    }
}

/// Another thread asks for the contents while the maker upgrades.
///
/// Fails if weak references are not kept out, or only after the counts have been looked at: the
/// maker then reads contents that the other has taken.
fn pointer_taken_beside_the_makers_upgrade<S: WeakCounts>() {
    let fate = Fate::new();
    let theirs = made::<S>(&fate);
    let weak = Shared::downgrade(&theirs);
    let other = spawn(move || {
        if let Ok(mut contents) = Shared::try_unwrap(theirs) {
            contents.write();
        }
    });
    upgrade_and_read(weak);
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// As [`pointer_taken_beside_the_makers_upgrade`]; the other gives its reference up, whatever the
/// answer.
///
/// Fails as well if weak references are let in only when the reference has been given up.
fn pointer_into_inner_beside_the_makers_upgrade<S: WeakCounts>() {
    let fate = Fate::new();
    let theirs = made::<S>(&fate);
    let weak = Shared::downgrade(&theirs);
    let other = spawn(move || {
        if let Some(mut contents) = Shared::into_inner(theirs) {
            contents.write();
        }
    });
    upgrade_and_read(weak);
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// Another thread is refused, since the maker has a reference, and makes a weak one.
///
/// Fails if weak references are kept out for good.
fn pointer_refused_and_made_weak<S: WeakCounts>() {
    let fate = Fate::new();
    let mine = made::<S>(&fate);
    let theirs = mine.clone();
    let other = spawn(move || {
        let theirs = Shared::try_unwrap(theirs).expect_err("rule broken: the maker has a reference");
        drop(Shared::downgrade(&theirs));
    });
    other.join().unwrap();
    drop(mine);
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// Two other threads ask for the contents, which the maker has given away.
///
/// Fails if both threads give their references up and neither gets the contents, or both do.
fn pointer_into_inner_by_two_after_weak_ones<S: WeakCounts>() {
    let fate = Fate::new();
    let one = made::<S>(&fate);
    let another = one.clone();
    let take = |one: Shared<Payload, S>| {
        spawn(move || {
            let contents = Shared::into_inner(one);
            contents.map(|mut contents| contents.write()).is_some()
        })
    };
    let got = [take(one), take(another)].map(|other| other.join().unwrap());
    assert_eq!(got.iter().filter(|got| **got).count(), 1, "rule broken: not one of two gets the contents");
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}
