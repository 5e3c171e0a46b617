//! Groups: several objects behind one lock of a table.
//!
//! In a model places are serial numbers, dealt out to the locks of a table in turn. So a runtime
//! whose tables have one lock puts all objects into one group, and of one whose tables have a few,
//! a program can pick objects of the same group and of different ones.

use std::sync::OnceLock;

use keyway::{GroupLocks, Guarded, Ref, Strategy, Thread, attach, group_locks_runtime};
use keyway_object_model::testing::share_a_lock;

use super::sections;
use crate::backend::spawn;
use crate::model::{Model, is_alone, scenarios};
use crate::payload::{Fate, Payload};

group_locks_runtime!(
    /// All objects in one group.
    struct One { counts: 1, contents: 1 }
);
group_locks_runtime!(
    /// Objects in a few groups. Contents and their counts number their places together, so that
    /// contents get every other one.
    struct Few { counts: 4, contents: 4 }
);
group_locks_runtime!(
    /// All contents in one group, and their counts in several.
    struct Unlike { counts: 4, contents: 1 }
);

/// All objects are in one group.
type OneGroup = GroupLocks<One>;
/// Objects are in a few groups.
type FewGroups = GroupLocks<Few>;
/// Contents are in one group whose counts are in several.
type UnlikeTables = GroupLocks<Unlike>;

type Counter<S> = Ref<Guarded<u32, S>, S>;

/// The models of groups, and those of sections again where all objects are in one.
pub(super) fn models() -> Vec<Model> {
    let one_group = scenarios!(OneGroup;
        2: nested_in_the_group_of_the_outer, pair_in_one_group, pairs_in_one_group, counting_inside_a_section_of_the_group,
           destructor_counts_in_its_own_group, last_releases_in_one_group, clones_in_one_group;
    );
    let few_groups = scenarios!(FewGroups;
        2: nested_past_another_group, suspension_past_another_group, wait_inside_a_section_of_the_group,
           pair_across_groups_against_nested;
    );
    let unlike_tables =
        vec![Model::of::<UnlikeTables>("nested_in_a_group_with_counts_in_several", 2, |explorer| {
            explorer.explore(nested_in_the_group_of_the_outer::<UnlikeTables>);
        })];
    [one_group, few_groups, unlike_tables, again_in_one_group()].concat()
}

/// The models of sections, with a word more in their names.
fn again_in_one_group() -> Vec<Model> {
    // Kept for good, where a leak checker finds them.
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    let models = sections::models::<OneGroup>();
    let names =
        NAMES.get_or_init(|| models.iter().map(|model| format!("{}_in_one_group", model.name)).collect());
    models.into_iter().zip(names).map(|(model, name)| Model { name, ..model }).collect()
}

/// Objects that hold zero, of which each two share a lock exactly if their letters are the same.
fn counters<S: Strategy, const N: usize>(groups: [char; N], thread: &Thread<S>) -> [Counter<S>; N] {
    let mut found: Vec<Counter<S>> = Vec::new();
    // Kept until the end, so that the next one lies elsewhere.
    let mut others = Vec::new();
    while found.len() < N {
        assert!(others.len() < 1000, "no objects of these groups");
        let next = thread.alloc(Guarded::new(0));
        let place = found.len();
        let fits = |other: usize| share_a_lock(&found[other], &next) == (groups[other] == groups[place]);
        if (0..place).all(fits) { found.push(next) } else { others.push(next) }
    }
    found.try_into().expect("so many")
}

/// Two threads run their programs on counters of these groups, and leave these sums.
fn two_threads<S: Strategy, const N: usize>(
    groups: [char; N],
    mine: impl FnOnce(&[Counter<S>; N], &mut Thread<S>),
    theirs: impl FnOnce(&[Counter<S>; N], &mut Thread<S>) + Send + 'static,
    sums: [u32; N],
) {
    let (counters, other) = attach::<S, _>(|thread| {
        let counters = counters(groups, thread);
        let for_them: [Counter<S>; N] = std::array::from_fn(|which| counters[which].clone_ref(thread));
        let other = spawn(move || attach::<S, _>(|thread| theirs(&for_them, thread)));
        mine(&counters, thread);
        (counters, other)
    });
    other.join().unwrap();
    attach::<S, _>(|thread| {
        let found = counters.each_ref().map(|counter| counter.enter(thread, |section| **section));
        assert_eq!(found, sums, "an update was lost");
    });
}

/// Adds the number after the nested section to the number before it: wrong if another thread gets
/// in between.
fn add_around<S: Strategy>(outer: &Counter<S>, inner: &Counter<S>, thread: &mut Thread<S>) {
    outer.enter(thread, |section| {
        let before = **section;
        section.enter(inner, |section| **section += 1);
        **section = before + 1;
    });
}

fn add<S: Strategy>(counter: &Counter<S>, thread: &mut Thread<S>) {
    counter.enter(thread, |section| **section += 1);
}

/// A section of an object inside a section of another of its group, while the other thread wants
/// the outer one.
///
/// Fails if the outer section is given up for the inner one, or ends with it.
fn nested_in_the_group_of_the_outer<S: Strategy>() {
    two_threads::<S, 2>(
        ['a', 'a'],
        |[a, b], thread| add_around(a, b, thread),
        |[a, _], thread| add(a, thread),
        [2, 1],
    );
}

/// From one group through another to the first again: the lock is found past the section between.
///
/// Fails if only the section directly around is asked whether it holds the lock, or if the inner
/// one gives it up.
fn nested_past_another_group<S: Strategy>() {
    let past = |[a, b, c]: &[Counter<S>; 3], thread: &mut Thread<S>| {
        a.enter(thread, |outer| {
            outer.enter(b, |middle| {
                let before = **middle;
                middle.enter(c, |inner| **inner += 1);
                // In a crowd, threads of other copies use these groups, too: then sections further
                // out may have been given up.
                **middle = 1 + if is_alone() { before } else { **middle };
            });
            **outer += 1;
        });
    };
    two_threads::<S, 3>(['a', 'b', 'a'], past, |[_, b, _], thread| add(b, thread), [1, 2, 1]);
}

/// Suspension in the innermost of three gives up both groups; each is held again when control is
/// back.
///
/// Fails if a section that shares its lock with one further out is taken for one that holds nothing
/// further out.
fn suspension_past_another_group<S: Strategy>() {
    let suspending = |[a, b, c]: &[Counter<S>; 3], thread: &mut Thread<S>| {
        a.enter(thread, |outer| {
            outer.enter(b, |middle| {
                middle.enter(c, |inner| {
                    inner.suspend(|_| ());
                    **inner += 1;
                });
                **middle += 1;
            });
            **outer += 1;
        });
    };
    let other = |[a, b, c]: &[Counter<S>; 3], thread: &mut Thread<S>| {
        c.enter(thread, |outer| {
            **outer += 1;
            outer.enter(b, |inner| **inner += 1);
        });
        add(a, thread);
    };
    two_threads::<S, 3>(['a', 'b', 'a'], suspending, other, [2, 2, 2]);
}

/// A thread is two deep in one group and then has to wait for another, against one that comes the
/// other way.
///
/// Fails if the lock is kept while waiting, since the innermost section only shares it.
fn wait_inside_a_section_of_the_group<S: Strategy>() {
    let deep = |[a, c, b]: &[Counter<S>; 3], thread: &mut Thread<S>| {
        a.enter(thread, |outer| {
            outer.enter(c, |middle| {
                middle.enter(b, |inner| **inner += 1);
                **middle += 1;
            });
            **outer += 1;
        });
    };
    let other = |[a, _, b]: &[Counter<S>; 3], thread: &mut Thread<S>| {
        b.enter(thread, |outer| {
            outer.enter(a, |inner| **inner += 1);
            **outer += 1;
        });
    };
    two_threads::<S, 3>(['a', 'a', 'b'], deep, other, [2, 1, 2]);
}

/// A pair of different groups against one that is two deep in the first of them and goes on to the
/// other.
fn pair_across_groups_against_nested<S: Strategy>() {
    let pair = |[a, _, b]: &[Counter<S>; 3], thread: &mut Thread<S>| {
        b.enter_pair(a, thread, |b, a, _| {
            *b += 1;
            *a += 1;
        })
        .expect("two objects");
    };
    let deep = |[a, c, b]: &[Counter<S>; 3], thread: &mut Thread<S>| {
        c.enter(thread, |outer| {
            outer.enter(a, |middle| middle.enter(b, |inner| **inner += 1));
            **outer += 1;
        });
    };
    two_threads::<S, 3>(['a', 'a', 'b'], pair, deep, [1, 1, 2]);
}

/// A pair in one group takes its lock once, and gives it up once; the other thread wants one of the
/// two.
///
/// Fails if the lock is waited for while it is held, or tried again and again.
fn pair_in_one_group<S: Strategy>() {
    two_threads::<S, 2>(
        ['a', 'a'],
        |[a, b], thread| pair(a, b, thread),
        |[a, b], thread| add_around(b, a, thread),
        [2, 2],
    );
}

/// Pairs in one group, in opposite orders.
fn pairs_in_one_group<S: Strategy>() {
    two_threads::<S, 2>(
        ['a', 'a'],
        |[a, b], thread| pair(a, b, thread),
        |[a, b], thread| pair(b, a, thread),
        [2, 2],
    );
}

fn pair<S: Strategy>(one: &Counter<S>, two: &Counter<S>, thread: &mut Thread<S>) {
    let two_objects = one.enter_pair(two, thread, |one, two, _| {
        *one += 1;
        *two += 1;
    });
    two_objects.expect("two objects, though of one group");
}

/// Inside a section, references to objects of its own group are cloned and released.
///
/// Fails if counts have the locks of contents: then a thread waits for itself.
fn counting_inside_a_section_of_the_group<S: Strategy>() {
    let counting = |[a, b]: &[Counter<S>; 2], thread: &mut Thread<S>| {
        a.enter(thread, |section| {
            b.clone_ref(section.thread()).release(section.thread());
            let again = a.clone_ref(section.thread());
            **section += 1;
            again.release(section.thread());
        });
    };
    two_threads::<S, 2>(['a', 'a'], counting, counting, [2, 0]);
}

/// The thread that destroys an object releases, in its destructor, another object of its group, to
/// which the other thread has a reference too.
///
/// Fails if the count lock is still held when the destructor runs.
fn destructor_counts_in_its_own_group<S: Strategy>() {
    let (fate, outer_fate) = (Fate::new(), Fate::new());
    let other = attach::<S, _>(|thread| {
        let inner: Ref<Payload, S> = thread.alloc(fate.payload(7));
        let theirs = inner.clone_ref(thread);
        let outer = thread.alloc((inner, outer_fate.payload(7)));
        let other = spawn(move || attach::<S, _>(|thread| theirs.release(thread)));
        outer.release(thread);
        other
    });
    other.join().unwrap();
    fate.assert_destroyed_once();
    outer_fate.assert_destroyed_once();
}

/// Two threads release the last references to two objects of one group, in opposite orders.
///
/// Fails if a release does not take the group's lock, or decides without it whether it was the
/// last.
fn last_releases_in_one_group<S: Strategy>() {
    let fates = [Fate::new(), Fate::new()];
    let other = attach::<S, _>(|thread| {
        let mine = [0, 1].map(|which: usize| thread.alloc(fates[which].payload(7)));
        let [one, two] = [0, 1].map(|which: usize| mine[which].clone_ref(thread));
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                two.release(thread);
                one.release(thread);
            });
        });
        mine.into_iter().for_each(|reference| reference.release(thread));
        other
    });
    other.join().unwrap();
    fates.iter().for_each(Fate::assert_destroyed_once);
}

/// Two threads clone two references to one object of a group in which another is counted too.
///
/// Fails if a retain is lost.
fn clones_in_one_group<S: Strategy>() {
    let fates = [Fate::new(), Fate::new()];
    let other = attach::<S, _>(|thread| {
        let [one, two] = [0, 1].map(|which: usize| thread.alloc(fates[which].payload(7)));
        let theirs = one.clone_ref(thread);
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                let more = theirs.clone_ref(thread);
                assert!(more.count(thread) >= 2, "an object that is held twice has a count of two");
                theirs.release(thread);
                more.release(thread);
            });
        });
        two.clone_ref(thread).release(thread);
        one.clone_ref(thread).release(thread);
        one.release(thread);
        two.release(thread);
        other
    });
    other.join().unwrap();
    fates.iter().for_each(Fate::assert_destroyed_once);
}
