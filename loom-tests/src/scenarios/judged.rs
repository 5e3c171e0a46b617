//! Uniqueness of a pointer: whether it is the only reference to its contents, asked while others
//! count.
//!
//! Some operations count as another thread would: a case that takes three threads elsewhere takes
//! two here.

use keyway_brc::{Shared, WeakCounts};
use keyway_object_model::testing::AsAnother;
use keyway_sync::thread::spawn;

use super::pointers::read;
use crate::as_another::{clone_as_another, drop_as_another};
use crate::model::{Explorer, Model, scenarios};
use crate::payload::{Fate, Payload};

pub(super) fn models<S: WeakCounts + AsAnother>() -> Vec<Model> {
    let mut models = scenarios!(S;
        2: pointer_get_mut_while_others_come_and_go, pointer_get_mut_while_the_maker_stays,
           pointer_get_mut_while_a_drop_is_on_its_way, pointer_get_mut_races_the_makers_into_inner,
           pointer_judged_while_its_maker_comes_back, pointer_left_with_the_queue,
           pointer_left_to_its_maker;
    );
    models.push(Model::of::<S>("pointer_judged_at_every_count", 2, pointer_judged_at_every_count::<S>));
    models
}

/// How many references there are of whom when another thread than the maker asks.
#[derive(Clone, Copy, Debug)]
struct Share {
    /// The maker's own.
    kept: usize,
    /// Made by the maker, and the other thread's.
    given: usize,
    /// Made by the other thread.
    made: usize,
    /// Dropped by the other thread.
    dropped: usize,
}

/// While the maker is there and does nothing, another thread asks whether its reference is the only
/// one, with each share of references between the two that is small.
///
/// Fails if the answer is wrong at any of these counts, the queue's included.
fn pointer_judged_at_every_count<S: WeakCounts>(explorer: &mut Explorer) {
    for (kept, given, made) in (0..24).map(|share| (share % 3, 1 + share / 3 % 2, share / 6)) {
        for dropped in 0..given + made {
            let share = Share { kept, given, made, dropped };
            explorer.explore(move || judged_by_another::<S>(share, |one| Shared::try_unwrap(one).ok()));
            explorer.explore(move || judged_by_another::<S>(share, Shared::into_inner));
        }
    }
}

fn judged_by_another<S: WeakCounts>(share: Share, take: fn(Shared<Payload, S>) -> Option<Payload>) {
    let Share { kept, given, made, dropped } = share;
    let fate = Fate::new();
    let clones = |from: &Shared<Payload, S>, count| (0..count).map(|_| from.clone()).collect::<Vec<_>>();
    let first = Shared::<_, S>::new(fate.payload(7));
    let (mine, mut theirs) = (clones(&first, kept), clones(&first, given));
    drop(first);
    let other = spawn(move || {
        theirs.extend(clones(&theirs[0], made));
        theirs.truncate(given + made - dropped);
        let is_sole = kept + theirs.len() == 1;
        let mut one = theirs.pop().expect("fewer are dropped than there are");
        assert_eq!(Shared::get_mut(&mut one).is_some(), is_sole, "rule broken: get_mut with {share:?}");
        assert_eq!(take(one).is_some(), is_sole, "rule broken: the contents with {share:?}");
    });
    other.join().unwrap();
    drop(mine);
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

fn write_if_alone<S: WeakCounts>(pointer: &mut Shared<Payload, S>) {
    if let Some(contents) = Shared::get_mut(pointer) {
        contents.write();
    }
}

/// The maker's side of the next two: somebody clones the maker's reference as it goes. The maker's
/// word then has one reference, which is the other thread's, and the shared word one.
fn leave_by_a_clone<S: WeakCounts + AsAnother>(mine: Shared<Payload, S>) -> Shared<Payload, S> {
    let more = clone_as_another(&mine);
    drop(mine);
    read(&more);
    more
}

/// Another thread looks at both words while somebody clones the maker's reference, which goes, and
/// drops that clone: the shared word is as it was.
///
/// Fails if it does not show that the word has been written to: its last user's use is not ordered
/// before the other's conclusion.
fn pointer_get_mut_while_others_come_and_go<S: WeakCounts + AsAnother>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let mut theirs = mine.clone();
    let other = spawn(move || write_if_alone(&mut theirs));
    drop_as_another(leave_by_a_clone(mine));
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// As [`pointer_get_mut_while_others_come_and_go`], but before the clone goes the maker makes
/// itself a reference of it, in its own word.
///
/// Fails if the maker's word is one that was there before the shared word was as it is.
fn pointer_get_mut_while_the_maker_stays<S: WeakCounts + AsAnother>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let mut theirs = mine.clone();
    let other = spawn(move || {
        write_if_alone(&mut theirs);
        theirs
    });
    let more = leave_by_a_clone(mine);
    let mine = more.clone();
    drop_as_another(more);
    read(&mine);
    let theirs = other.join().unwrap();
    drop((theirs, mine));
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// The maker has one reference, counted by others, and asks whether it is the only one, while a
/// thread that has dropped the other is between the mark and the queue.
///
/// Fails if that thread's use is not waited for: nothing but the queue's lock orders it.
fn pointer_get_mut_while_a_drop_is_on_its_way<S: WeakCounts + AsAnother>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let theirs = mine.clone();
    let other = spawn(move || {
        read(&theirs);
        drop(theirs);
    });
    let mut more = clone_as_another(&mine);
    drop(mine);
    write_if_alone(&mut more);
    drop(more);
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// The maker asks for the contents, and so merges the object, while another thread, whose reference
/// the shared word counts, asks whether its own is the only one.
///
/// Fails if a count that was seen before the merge is taken for a merged one.
fn pointer_get_mut_races_the_makers_into_inner<S: WeakCounts + AsAnother>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let mut theirs = clone_as_another(&mine);
    let other = spawn(move || write_if_alone(&mut theirs));
    read(&mine);
    if let Some(mut contents) = Shared::into_inner(mine) {
        contents.write();
    }
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// The maker has stepped aside, so that another thread may merge on its behalf, and makes an object
/// again: from then on it counts in its own word again.
///
/// Fails if a thread that merges for an absent owner goes on after the owner has come back.
fn pointer_judged_while_its_maker_comes_back<S: WeakCounts + AsAnother>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let mut theirs = mine.clone();
    Shared::<(), S>::step_aside();
    let other = spawn(move || write_if_alone(&mut theirs));
    drop(Shared::<_, S>::new(()));
    drop(mine.clone());
    drop(mine);
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// One reference is in the maker's queue; another, which the shared word counts, is held by a
/// thread. The maker stays, has no reference, and may carry its queue out.
///
/// Fails if the queue's reference is taken for a holder's.
fn pointer_left_with_the_queue<S: WeakCounts + AsAnother>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let queued = mine.clone();
    spawn(move || drop(queued)).join().unwrap();
    let mut theirs = clone_as_another(&mine);
    drop(mine);
    let other = spawn(move || {
        let contents = Shared::get_mut(&mut theirs);
        contents.expect("rule broken: the only reference but the queue's is not alone").write();
        assert!(
            Shared::try_unwrap(theirs).is_ok(),
            "rule broken: the only reference but the queue's does not get the contents"
        );
    });
    Shared::<(), S>::collect();
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// The maker has the only reference left: another has been dropped elsewhere, and is in its queue.
///
/// Fails if the maker does not carry its queue out before it answers, whichever of the three
/// questions it is asked.
fn pointer_left_to_its_maker<S: WeakCounts + AsAnother>() {
    let questions: [fn(Shared<Payload, S>) -> bool; 3] = [
        |mut mine| Shared::get_mut(&mut mine).is_some(),
        |mine| Shared::try_unwrap(mine).is_ok(),
        |mine| Shared::into_inner(mine).is_some(),
    ];
    for question in questions {
        let fate = Fate::new();
        let mine = Shared::<_, S>::new(fate.payload(7));
        let theirs = mine.clone();
        spawn(move || drop(theirs)).join().unwrap();
        assert!(question(mine), "rule broken: the only reference but the queue's is not the only one");
        fate.assert_destroyed_once();
    }
    Shared::<(), S>::step_aside();
}
