//! Several runtimes in one process, each with tables of its own, and tables of one lock.

use std::sync::mpsc;
use std::thread;

use keyway_group_locks::GroupLocks;
use keyway_object_model::testing::share_a_lock;
use keyway_object_model::{Guarded, SameObject, Strategy, attach};

keyway_group_locks::runtime!(
    /// Every object in one group.
    struct OneGroup { counts: 1, contents: 1 }
);
keyway_group_locks::runtime!(
    /// The same sizes, another runtime.
    struct Another { counts: 1, contents: 1 }
);

#[test]
fn tables_of_one_size_are_not_one_table() {
    assert!(!std::ptr::eq(GroupLocks::<OneGroup>::runtime(), GroupLocks::<Another>::runtime()));
    attach::<GroupLocks<OneGroup>, _>(|thread| {
        let one = thread.alloc(Guarded::new(0));
        one.enter(thread, |_| {
            // All of the other runtime's contents have one lock. It is not the one that is held
            // here.
            thread::spawn(|| {
                attach::<GroupLocks<Another>, _>(|thread| thread.alloc(Guarded::new(0)).enter(thread, |_| ()))
            })
            .join()
            .expect("it gets in");
        });
    });
}

#[test]
fn a_section_of_one_group_keeps_others_out_of_every_object() {
    type S = GroupLocks<OneGroup>;

    let (arrived, arrivals) = mpsc::channel();
    let waiting = attach::<S, _>(|thread| {
        let [one, other] = [0, 0].map(|zero| thread.alloc(Guarded::<_, S>::new(zero)));
        assert!(share_a_lock(&one, &other));
        let clone = other.clone();
        one.enter(thread, |section| {
            let waiting = thread::spawn(move || {
                attach::<S, _>(|thread| {
                    clone.enter(thread, |_| arrived.send(()).expect("the test receives"))
                });
            });
            for _ in 0..1000 {
                thread::yield_now();
                assert!(arrivals.try_recv().is_err(), "the same lock is held");
            }
            // Counts have locks of their own: this is not waiting for oneself.
            other.clone_ref(section.thread()).release(section.thread());
            waiting
        })
    });
    waiting.join().expect("it does not panic");
    assert_eq!(arrivals.recv(), Ok(()));
}

#[test]
fn a_destructor_counts_in_the_group_of_what_it_ends() {
    type S = GroupLocks<OneGroup>;

    attach::<S, _>(|thread| {
        let inner = thread.alloc(7);
        let outer = thread.alloc(inner.clone_ref(thread));
        outer.release(thread);
        assert_eq!(inner.count(thread), 1);
    });
}

#[test]
fn contents_without_bytes_are_told_apart_by_type_only() {
    struct Token;
    struct Other;
    type S = GroupLocks<OneGroup>;

    attach::<S, _>(|thread| {
        let tokens = [Guarded::<Token, S>::new(Token), Guarded::new(Token)];
        assert_eq!(tokens[0].enter_pair(&tokens[1], thread, |_, _, _| ()), Err(SameObject));
        let mixed = (Guarded::<Token, S>::new(Token), Guarded::<Other, S>::new(Other));
        assert_eq!(mixed.0.enter_pair(&mixed.1, thread, |_, _, _| ()), Ok(()));
        tokens[0].enter(thread, |section| section.enter(&tokens[1], |_| ()));
    });
}
