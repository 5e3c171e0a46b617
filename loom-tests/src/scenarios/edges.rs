//! Where the words of `BiasedCounts` end: no room is left in an owner's word, or no id for a
//! thread.

use keyway::attach;
use keyway_object_model::testing::{NearLimit, end_immortal, leak_references};

use crate::backend::spawn;
use crate::model::{Model, scenarios};
use crate::payload::Fate;

pub(super) fn models<S: NearLimit>() -> Vec<Model> {
    scenarios!(S; 2: owner_spills_while_another_counts)
}

/// The owner's word is full, and the owner clones, while another thread clones and drops.
///
/// Fails if the owner's move to the shared word undoes the other's operations there, or if the
/// reference that it makes is lost.
fn owner_spills_while_another_counts<S: NearLimit>() {
    let fate = Fate::new();
    attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let theirs = mine.clone_ref(thread);
        leak_references(&mine, thread, S::LIMIT - 2);
        let full = mine.count(thread);
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                let more = theirs.clone_ref(thread);
                assert_eq!(more.read(), 7, "an object is seen whole");
                [theirs, more]
            })
        });
        let more = mine.clone_ref(thread);
        let theirs = other.join().unwrap();
        assert_eq!(mine.count(thread), full + 2, "an update was lost");
        theirs.into_iter().chain([more]).for_each(|reference| reference.release(thread));
        assert_eq!(mine.count(thread), full - 1, "an update was lost");
        // SAFETY: the other thread has ended; those that were leaked are nobody's.
        unsafe { end_immortal(mine) };
    });
    fate.assert_destroyed_once();
}

#[cfg(loom)]
pub(super) use without_ids::models as models_without_ids;

/// Only under loom, which begins each time anew: in a process no id would be left for whatever
/// comes after.
#[cfg(loom)]
mod without_ids {
    use keyway::{BiasedCounts, Layout, Thread, attach};
    use keyway_biased_counts::testing::use_up_ids;
    use keyway_brc::Shared;

    use super::super::pointers::read;
    use crate::backend::spawn;
    use crate::model::Model;
    use crate::payload::{Fate, Payload};

    type Ref<L> = keyway::Ref<Payload, BiasedCounts<L>>;

    pub(in super::super) fn models<L: Layout>() -> Vec<Model> {
        vec![
            Model::of::<BiasedCounts<L>>("two_without_an_id", 2, |explorer| {
                explorer.explore(two_without_an_id::<L>);
            }),
            Model::of::<BiasedCounts<L>>("owner_and_one_without_an_id", 2, |explorer| {
                explorer.explore(owner_and_one_without_an_id::<L>);
            }),
            Model::of::<BiasedCounts<L>>("pointer_of_two_without_an_id", 2, |explorer| {
                explorer.explore(pointer_of_two_without_an_id::<L>);
            }),
        ]
    }

    /// All operations of a thread on its references.
    fn use_and_release<L: Layout>(reference: Ref<L>, thread: &mut Thread<BiasedCounts<L>>) {
        let more = reference.clone_ref(thread);
        assert_eq!(more.read(), 7, "an object is seen whole");
        reference.release(thread);
        thread.blocking(|| drop(more.clone()));
        thread.checkpoint();
        more.release(thread);
    }

    /// No thread has an id. They share what one of them has made.
    ///
    /// Fails if such a thread takes itself for the owner of anything.
    fn two_without_an_id<L: Layout>() {
        use_up_ids();
        let fate = Fate::new();
        let other = attach::<BiasedCounts<L>, _>(|thread| {
            let mine = thread.alloc(fate.payload(7));
            let theirs = mine.clone_ref(thread);
            let other = spawn(move || attach(|thread| use_and_release::<L>(theirs, thread)));
            use_and_release(mine, thread);
            other
        });
        other.join().unwrap();
        fate.assert_destroyed_once();
    }

    /// One thread is the first that has an id, and owns an object; the other has none. Each drops
    /// the object that the other has made.
    ///
    /// Fails if the other gets an id that has been given out before.
    fn owner_and_one_without_an_id<L: Layout>() {
        let fates = [Fate::new(), Fate::new()];
        let theirs = fates[1].clone();
        let other = attach::<BiasedCounts<L>, _>(|thread| {
            let mine = thread.alloc(fates[0].payload(7));
            use_up_ids();
            let given = mine.clone_ref(thread);
            let other = spawn(move || {
                attach::<BiasedCounts<L>, _>(|thread| {
                    let made = thread.alloc(theirs.payload(7));
                    use_and_release(given, thread);
                    made
                })
            });
            mine.release(thread);
            other
        });
        drop(other.join().unwrap());
        fates.iter().for_each(Fate::assert_destroyed_once);
    }

    /// No thread has an id. One makes an object to which the other has a weak reference before, and
    /// both ask for the contents.
    ///
    /// Fails if the object is published with an owner.
    fn pointer_of_two_without_an_id<L: Layout>() {
        use_up_ids();
        let fate = Fate::new();
        let mut other = None;
        let mine = Shared::<_, BiasedCounts<L>>::new_cyclic(|me| {
            let me = me.clone();
            other = Some(spawn(move || {
                let Some(theirs) = me.upgrade() else { return false };
                drop(me);
                read(&theirs);
                Shared::into_inner(theirs).map(|mut contents| contents.write()).is_some()
            }));
            fate.payload(7)
        });
        let here = Shared::into_inner(mine).map(|mut contents| contents.write()).is_some();
        let there = other.expect("spawned above").join().unwrap();
        assert!(here != there, "leaked: of those who ask for the contents, not one gets them");
        Shared::<(), BiasedCounts<L>>::step_aside();
        fate.assert_destroyed_once();
    }
}
