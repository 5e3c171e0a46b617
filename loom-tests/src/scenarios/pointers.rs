//! Pointers without a token, and weak references.

use std::sync::Arc;
use std::task::{Wake, Waker};

use keyway_brc::{Shared, WeakCounts};
use keyway_sync::atomic::{AtomicUsize, Ordering};
use keyway_sync::thread::spawn;

use crate::model::{Model, scenarios};
use crate::payload::{Fate, Payload};

/// The scenarios of pointers.
pub(super) fn models<S: WeakCounts>() -> Vec<Model> {
    scenarios!(S;
        2:
            pointer_upgrade_races_the_makers_last_drop,
            pointer_upgrade_by_the_maker_races_a_last_drop,
            pointer_weak_ones_outlive_the_object,
            pointer_get_mut_races_downgrade,
            pointer_get_mut_races_upgrade,
            pointer_into_inner_by_two,
            pointer_into_inner_races_a_drop,
            pointer_made_while_others_upgrade,
            pointer_left_by_its_maker;
        3:
            pointer_left_by_another,
            pointer_into_inner_by_two_others,
            pointer_into_inner_races_a_queued_drop,
            pointer_left_by_its_maker_while_queued,
            pointer_queued_while_the_maker_collects;
    )
}

/// The enumerations: every operation with every other, from every start state.
///
/// They fail if a weak reference does not make the last release an atomic step, if an upgrade adds
/// to a count that has gone, or if the contents are lent for writing or moved out while somebody
/// else has a reference.
#[cfg(loom)]
pub(super) fn enumerations<S, T>() -> Vec<Model>
where
    S: WeakCounts + keyway_object_model::testing::AsAnother,
    T: crate::enumerate::start::State,
{
    use crate::enumerate::pointers::every_program;
    use crate::settings::Budget;

    vec![
        Model::of::<S>("pointer_programs_of_1_with_1_other", 2, |explorer| {
            every_program::<S, T>(explorer, 1);
        }),
        Model::of::<S>("pointer_programs_of_1_from_all_states", 2, |explorer| {
            every_program::<S, T>(explorer, 2);
        })
        .from(Budget::Night),
        Model::of::<S>("pointer_into_inner_by_two_others_and_the_maker", 3, |explorer| {
            // At bound 3 of biased counts some three million interleavings.
            explorer.lower_bound_to(3);
            explorer.explore(pointer_into_inner_by_two_others_and_the_maker::<S>);
        })
        .from(Budget::Ci),
    ]
}

pub(super) fn read<S: WeakCounts>(pointer: &Shared<Payload, S>) {
    assert_eq!(pointer.read(), 7, "an object is seen whole");
}

/// The maker drops its last reference, whose word it need not touch if it is alone, while another
/// thread upgrades.
///
/// Fails if the maker does not see in the word that there are weak references.
fn pointer_upgrade_races_the_makers_last_drop<S: WeakCounts>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let weak = Shared::downgrade(&mine);
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

/// The other way round: the maker has a weak reference, another thread drops the last.
///
/// Fails if the maker takes an object for its own whose ownership has ended, or brings back one
/// whose last reference lies in its queue.
fn pointer_upgrade_by_the_maker_races_a_last_drop<S: WeakCounts>() {
    let fate = Fate::new();
    let theirs = Shared::<_, S>::new(fate.payload(7));
    let weak = Shared::downgrade(&theirs);
    let other = spawn(move || {
        read(&theirs);
        drop(theirs);
    });
    if let Some(mine) = weak.upgrade() {
        read(&mine);
    }
    Shared::<(), S>::collect();
    if let Some(mine) = weak.upgrade() {
        read(&mine);
    }
    other.join().unwrap();
    assert!(weak.upgrade().is_none(), "rule broken: the maker brings back what has been dropped");
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
    assert!(weak.upgrade().is_none());
}

/// Two threads have weak references when the object goes; the thread that drops the last one frees
/// the memory.
///
/// Fails if a second look decides which weak reference is the last, or if it is not ordered behind
/// the others.
fn pointer_weak_ones_outlive_the_object<S: WeakCounts>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let weak = Shared::downgrade(&mine);
    let theirs = weak.clone();
    let other = spawn(move || drop(theirs));
    drop(mine);
    drop(weak);
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// One thread wants the contents for writing while another makes a weak reference and then drops
/// its own.
///
/// Fails if the number of weak references is not locked while the references are counted.
fn pointer_get_mut_races_downgrade<S: WeakCounts>() {
    let fate = Fate::new();
    let mut mine = Shared::<_, S>::new(fate.payload(7));
    let theirs = mine.clone();
    let other = spawn(move || {
        let weak = Shared::downgrade(&theirs);
        drop(theirs);
        if let Some(theirs) = weak.upgrade() {
            read(&theirs);
        }
    });
    if let Some(contents) = Shared::get_mut(&mut mine) {
        contents.write();
    }
    drop(mine);
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// One thread wants the contents for writing while another makes a reference of the only weak one,
/// which it then drops.
///
/// Fails if a thread that finds no weak reference does not see in the count the reference that was
/// made of the last one.
fn pointer_get_mut_races_upgrade<S: WeakCounts>() {
    let fate = Fate::new();
    let mut mine = Shared::<_, S>::new(fate.payload(7));
    let weak = Shared::downgrade(&mine);
    let other = spawn(move || {
        let theirs = weak.upgrade();
        drop(weak);
        theirs.iter().for_each(read);
    });
    if let Some(contents) = Shared::get_mut(&mut mine) {
        contents.write();
    }
    drop(mine);
    other.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// Both holders, the maker one of them, ask for the contents: one gets them.
///
/// Fails if a reference on its way to the maker's queue when the maker decides is left there.
fn pointer_into_inner_by_two<S: WeakCounts>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let theirs = mine.clone();
    let other = spawn(move || Shared::into_inner(theirs).map(|mut contents| contents.write()).is_some());
    let here = Shared::into_inner(mine).map(|mut contents| contents.write()).is_some();
    let there = other.join().unwrap();
    assert!(here || there, "leaked: of two who ask for the contents, none gets them");
    assert!(!(here && there), "double destruction: of two who ask for the contents, both get them");
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// The maker asks for the contents while the only other reference is dropped: the last thread
/// destroys them or gets them, and nothing waits for the maker to look into its queue again.
///
/// Fails if a release is handed over to a maker that has given its ownership up and has looked into
/// its queue.
fn pointer_into_inner_races_a_drop<S: WeakCounts>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let theirs = mine.clone();
    let other = spawn(move || drop(theirs));
    if let Some(mut contents) = Shared::into_inner(mine) {
        contents.write();
    }
    other.join().unwrap();
    fate.assert_destroyed_once();
    Shared::<(), S>::step_aside();
}

/// The maker drops its reference and stays; another thread has the last, and may write.
///
/// Fails if the maker's uses are not ordered before the other's conclusion from the maker's word.
fn pointer_left_by_its_maker<S: WeakCounts>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let mut theirs = mine.clone();
    let other = spawn(move || {
        if let Some(contents) = Shared::get_mut(&mut theirs) {
            contents.write();
        }
        theirs
    });
    read(&mine);
    drop(mine);
    let mut theirs = other.join().unwrap();
    assert!(Shared::get_mut(&mut theirs).is_some(), "the only reference");
    drop(theirs);
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// Two threads have references; the maker stays and has none. One of the two drops its reference,
/// the other may write.
///
/// Fails if uses by threads that are not the maker are not ordered before the conclusion of another
/// of them.
fn pointer_left_by_another<S: WeakCounts>() {
    let fate = Fate::new();
    let made = Shared::<_, S>::new(fate.payload(7));
    let first = spawn(move || {
        let mut mine = made;
        let theirs = mine.clone();
        let second = spawn(move || {
            read(&theirs);
            drop(theirs);
        });
        if let Some(contents) = Shared::get_mut(&mut mine) {
            contents.write();
        }
        second.join().unwrap();
        assert!(Shared::get_mut(&mut mine).is_some(), "the only reference");
    });
    first.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// Both holders ask for the contents, while the maker stays and has no reference: one gets them.
///
/// Fails if the reference that is on its way to the maker's queue, or in it, counts as one that may
/// come back for the contents.
fn pointer_into_inner_by_two_others<S: WeakCounts>() {
    let fate = Fate::new();
    let made = Shared::<_, S>::new(fate.payload(7));
    let others = [made.clone(), made].map(|theirs| {
        spawn(move || Shared::into_inner(theirs).map(|mut contents| contents.write()).is_some())
    });
    let got = others.map(|other| other.join().unwrap());
    assert!(got[0] || got[1], "leaked: of two who ask for the contents, none gets them");
    assert!(!(got[0] && got[1]), "double destruction: of two who ask for the contents, both get them");
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// One holder drops its reference, which the maker is to take away, and the maker does so while the
/// other asks for the contents.
///
/// Fails if an entry that is taken out of the queue is still carried out by the maker.
fn pointer_into_inner_races_a_queued_drop<S: WeakCounts>() {
    let fate = Fate::new();
    let one = Shared::<_, S>::new(fate.payload(7));
    let two = one.clone();
    let drops = spawn(move || drop(one));
    let takes = spawn(move || {
        if let Some(mut contents) = Shared::into_inner(two) {
            contents.write();
        }
    });
    Shared::<(), S>::collect();
    drops.join().unwrap();
    takes.join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// One holder drops its reference, which the maker is to take away, while the maker drops its own
/// and leaves one to which others count. Then that is the only one.
///
/// Fails if the maker's queue goes on having a part of the count, or if an entry that is queued
/// behind the maker's back does.
fn pointer_left_by_its_maker_while_queued<S: WeakCounts>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let (one, two) = (mine.clone(), mine.clone());
    let drops = spawn(move || drop(one));
    let clones = spawn(move || (two.clone(), two.clone(), two));
    let (more, mut left, two) = clones.join().unwrap();
    drop((mine, two, more));
    drops.join().unwrap();
    Shared::get_mut(&mut left).expect("rule broken: the only holder is not told so").write();
    drop(left);
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

struct Wakings(AtomicUsize);

impl Wake for Wakings {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Two objects are queued, and a third one while the maker collects, which asked to be woken.
///
/// Fails if it leaves an entry in its queue, and the thread that finds this entry does not wake it.
fn pointer_queued_while_the_maker_collects<S: WeakCounts>() {
    let wakings = Arc::new(Wakings(AtomicUsize::new(0)));
    Shared::<(), S>::wake_when_queued(Some(Waker::from(Arc::clone(&wakings))));
    let fates = [(); 3].map(|()| Fate::new());
    let [one, two, three] = fates.each_ref().map(|fate| Shared::<_, S>::new(fate.payload(7)));
    spawn(move || drop((one, two))).join().unwrap();
    let woken = wakings.0.load(Ordering::Relaxed);
    let other = spawn(move || drop(three));
    Shared::<(), S>::collect();
    other.join().unwrap();
    if wakings.0.load(Ordering::Relaxed) == woken {
        fates.iter().for_each(Fate::assert_destroyed_once);
    }
    Shared::<(), S>::step_aside();
    fates.iter().for_each(Fate::assert_destroyed_once);
}

/// As [`pointer_into_inner_by_two`], with three.
#[cfg(loom)]
fn pointer_into_inner_by_two_others_and_the_maker<S: WeakCounts>() {
    let fate = Fate::new();
    let mine = Shared::<_, S>::new(fate.payload(7));
    let others =
        [mine.clone(), mine.clone()].map(|theirs| spawn(move || Shared::into_inner(theirs).is_some()));
    let here = Shared::into_inner(mine).is_some();
    let there = others.map(|other| other.join().unwrap());
    let got = u32::from(here) + there.map(u32::from).iter().sum::<u32>();
    assert_eq!(got, 1, "of three who ask for the contents, one gets them");
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}

/// An object is made whose weak reference another thread has already.
///
/// Fails if the contents are not published with the first reference.
fn pointer_made_while_others_upgrade<S: WeakCounts>() {
    let fate = Fate::new();
    let mut other = None;
    let mine = Shared::<_, S>::new_cyclic(|me| {
        let me = me.clone();
        other = Some(spawn(move || {
            if let Some(theirs) = me.upgrade() {
                read(&theirs);
            }
        }));
        fate.payload(7)
    });
    drop(mine);
    other.expect("spawned above").join().unwrap();
    Shared::<(), S>::step_aside();
    fate.assert_destroyed_once();
}
