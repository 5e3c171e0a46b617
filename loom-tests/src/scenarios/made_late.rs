//! Contents that are made after their object: whether they are dropped does not depend on which
//! holder is the last.

use std::mem::MaybeUninit;

use keyway_brc::{Shared, WeakCounts};
use keyway_sync::thread::spawn;

use crate::model::{Model, scenarios};
use crate::payload::{Fate, Payload};

pub(super) fn models<S: WeakCounts>() -> Vec<Model> {
    scenarios!(S;
        2: pointer_made_late_held_as_both, pointer_made_late_as_an_array, pointer_made_late_by_another,
           pointer_never_made;
    )
}

/// An object that is there for contents, which have been written, and are not said to be made.
fn written<S: WeakCounts>(fate: &Fate) -> Shared<MaybeUninit<Payload>, S> {
    let mut place = Shared::<Payload, S>::new_uninit();
    Shared::get_mut(&mut place).expect("nobody else has it").write(fate.payload(7));
    place
}

/// One holder says that the contents are made; another thread has a pointer that says nothing. The
/// maker has stepped aside, so that the object ends wherever the last of them is dropped. Both drop
/// theirs at once.
///
/// Fails if the last pointer's type decides whether the contents are dropped.
fn pointer_made_late_held_as_both<S: WeakCounts>() {
    let fate = Fate::new();
    let unsaid = written::<S>(&fate);
    let also_unsaid = unsaid.clone();
    // SAFETY: written; nobody unmakes it.
    let said = unsafe { unsaid.assume_init() };
    Shared::<(), S>::step_aside();
    let other = spawn(move || drop(also_unsaid));
    drop(said);
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// As [`pointer_made_late_held_as_both`], of a slice, of which the other has a part of its type as
/// an array.
///
/// Fails if a pointer to one value is taken for one to an object that was made as one.
fn pointer_made_late_as_an_array<S: WeakCounts>() {
    let fate = Fate::new();
    let mut slice = Shared::<[Payload], S>::new_uninit_slice(1);
    Shared::get_mut(&mut slice).expect("nobody else has it")[0].write(fate.payload(7));
    let array = Shared::<[MaybeUninit<Payload>; 1], S>::try_from(slice.clone()).expect("of length 1");
    // SAFETY: written; nobody unmakes it.
    let said = unsafe { slice.assume_init() };
    Shared::<(), S>::step_aside();
    let other = spawn(move || drop(said));
    drop(array);
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// Another thread says that the contents are made, and drops them; the maker drops a pointer that
/// says nothing.
///
/// Fails if the thread that ends the object does not see that the other has said so.
fn pointer_made_late_by_another<S: WeakCounts>() {
    let fate = Fate::new();
    let unsaid = written::<S>(&fate);
    let theirs = unsaid.clone();
    let other = spawn(move || {
        // SAFETY: written before it was cloned; nobody unmakes it.
        drop(unsafe { theirs.assume_init() });
    });
    drop(unsaid);
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// Contents have been written and read out again, and nobody has said that they are made. Two
/// threads drop pointers to where they were.
///
/// Fails if contents are dropped of which nobody has said that they are there.
fn pointer_never_made<S: WeakCounts>() {
    let fate = Fate::new();
    let place = written::<S>(&fate);
    let theirs = place.clone();
    // SAFETY: written, and read once.
    let contents = unsafe { place.assume_init_read() };
    let other = spawn(move || drop(theirs));
    drop(place);
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    drop(contents);
    fate.assert_destroyed_once();
}
