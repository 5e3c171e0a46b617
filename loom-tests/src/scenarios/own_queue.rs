//! A maker drops its last reference to an object of which its own queue has one: others have
//! dropped theirs before, so that the object ends with that drop, and nothing is waited for.

use keyway::{Guarded, Ref, attach};
use keyway_brc::{Shared, WeakCounts};
use keyway_sync::thread::spawn;

use super::pointers::read;
use crate::model::{Model, scenarios};
use crate::payload::{Fate, Payload};

pub(super) fn models<S: WeakCounts>() -> Vec<Model> {
    scenarios!(S;
        2: pointer_last_drop_after_others, pointer_last_drop_after_several_of_others,
           pointer_last_drop_beside_an_upgrade, pointer_last_drop_in_a_destructor,
           pointer_last_drop_while_another_is_on_its_way, pointer_last_drop_after_a_collect_beside_a_drop,
           pointer_last_drop_with_a_token, pointer_last_drop_as_its_maker_attaches;
        3: pointer_last_drop_beside_two;
    )
}

fn make<S: WeakCounts>() -> (Fate, Shared<Payload, S>) {
    let fate = Fate::new();
    (fate.clone(), Shared::new(fate.payload(7)))
}

/// Has another thread drop something, and waits for it.
fn dropped_elsewhere<T: Send + 'static>(dropped: T) {
    spawn(move || drop(dropped)).join().unwrap();
}

/// Another thread has used a clone and dropped it; the maker drops.
///
/// Fails if nothing tells the maker's drop that something is queued, or if the drop looks at its
/// own count alone.
fn pointer_last_drop_after_others<S: WeakCounts>() {
    let (fate, mine) = make::<S>();
    let theirs = mine.clone();
    let other = spawn(move || {
        read(&theirs);
        drop(theirs);
    });
    other.join().unwrap();
    drop(mine);
    fate.assert_destroyed_once();
    Shared::<(), S>::step_aside();
}

/// As [`pointer_last_drop_after_others`], with clones more: the maker counts more references than
/// there are.
///
/// Fails if the maker looks closer only at what it counts itself.
fn pointer_last_drop_after_several_of_others<S: WeakCounts>() {
    let (fate, mine) = make::<S>();
    dropped_elsewhere([mine.clone(), mine.clone(), mine.clone()]);
    drop(mine);
    fate.assert_destroyed_once();
    Shared::<(), S>::step_aside();
}

/// As [`pointer_last_drop_after_others`], while another thread upgrades a weak reference: its own
/// drop is the last then.
///
/// Fails if the maker ends the object by a look at the counts, and not by a step that an upgrade
/// sees.
fn pointer_last_drop_beside_an_upgrade<S: WeakCounts>() {
    let (fate, mine) = make::<S>();
    let weak = Shared::downgrade(&mine);
    dropped_elsewhere(mine.clone());
    let other = spawn(move || {
        if let Some(theirs) = weak.upgrade() {
            read(&theirs);
        }
    });
    drop(mine);
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// An object ends that has the maker's last reference; and a section, in which the maker drops it.
///
/// Fails if an object that is due then is forgotten, since its destruction must wait.
fn pointer_last_drop_in_a_destructor<S: WeakCounts>() {
    let (fate, mine) = make::<S>();
    dropped_elsewhere(mine.clone());
    drop(Shared::<_, S>::new(mine));
    fate.assert_destroyed_once();
    let (fate, mine) = make::<S>();
    attach::<S, _>(|thread| {
        dropped_elsewhere(mine.clone());
        Guarded::<_, S>::new(()).enter(thread, |_| drop(mine));
        fate.assert_destroyed_once();
    });
    Shared::<(), S>::step_aside();
}

/// Both drop at once: the maker's drop comes before the other's mark, between the mark and the
/// queue, or after.
///
/// Fails if the maker merges and takes the mark for an entry of its queue, or leaves an entry to no
/// thread.
fn pointer_last_drop_while_another_is_on_its_way<S: WeakCounts>() {
    let (fate, mine) = make::<S>();
    let theirs = [mine.clone(), mine.clone()];
    let other = spawn(move || {
        read(&theirs[0]);
        drop(theirs);
    });
    read(&mine);
    drop(mine);
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// Something else was queued, so that the maker looks into its queue, while another thread drops a
/// clone. The maker drops when that has been done.
///
/// Fails if a maker that has looked tells itself that nothing is queued when it has given its
/// queue's lock up.
fn pointer_last_drop_after_a_collect_beside_a_drop<S: WeakCounts>() {
    let ((first, other), (second, mine)) = (make::<S>(), make::<S>());
    let theirs = mine.clone();
    dropped_elsewhere(other);
    let other = spawn(move || drop(theirs));
    Shared::<(), S>::collect();
    other.join().unwrap();
    drop(mine);
    second.assert_destroyed_once();
    first.assert_destroyed_once();
    Shared::<(), S>::step_aside();
}

/// As [`pointer_last_drop_after_others`], of references that are released with a token.
///
/// Fails if a release with a token at hand is not told.
fn pointer_last_drop_with_a_token<S: WeakCounts>() {
    let fate = Fate::new();
    attach::<S, _>(|thread| {
        let mine: Ref<_, S> = thread.alloc(fate.payload(7));
        dropped_elsewhere(mine.clone_ref(thread));
        mine.release(thread);
        fate.assert_destroyed_once();
    });
}

/// The maker attaches with its queue filled, or while it is being filled.
///
/// Fails if attaching forgets that something is queued.
fn pointer_last_drop_as_its_maker_attaches<S: WeakCounts>() {
    let ((first, one), (second, mine)) = (make::<S>(), make::<S>());
    dropped_elsewhere(one.clone());
    let theirs = mine.clone();
    let other = spawn(move || drop(theirs));
    attach::<S, _>(|_| {
        drop(one);
        first.assert_destroyed_once();
        other.join().unwrap();
        drop(mine);
        second.assert_destroyed_once();
    });
}

/// Two threads drop clones at once, one of which makes one more; the maker drops, and is waited for
/// by nobody.
///
/// Fails if the maker's look at both counts is taken for more than it is.
fn pointer_last_drop_beside_two<S: WeakCounts>() {
    let (fate, mine) = make::<S>();
    let (one, another) = (mine.clone(), mine.clone());
    let others = [
        spawn(move || drop(one)),
        spawn(move || {
            let more = another.clone();
            drop(another);
            read(&more);
        }),
    ];
    drop(mine);
    super::join_all(others);
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}
