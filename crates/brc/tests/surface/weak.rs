//! Weak references.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use keyway_brc::{Shared, WeakCounts, WeakShared};
use keyway_object_model::{Guarded, attach};

use crate::watch::{Watch, Witness, elsewhere};

pub(crate) fn an_upgrade_keeps_the_contents<S: WeakCounts>() {
    let watch = Watch::default();
    let object = Shared::<_, S>::new(watch.witness());
    let weak = Shared::downgrade(&object);
    let upgraded = weak.upgrade().unwrap();
    assert_eq!(Shared::strong_count(&object), 2);
    drop(object);
    assert_eq!(watch.dropped(), 0);
    drop(upgraded);
    assert_eq!(watch.dropped(), 1);
}

pub(crate) fn an_upgrade_fails_after_the_last_drop<S: WeakCounts>() {
    let object = Shared::<_, S>::new(5);
    let weak = Shared::downgrade(&object);
    let theirs = weak.clone();
    let object = elsewhere(move || {
        assert!(theirs.upgrade().is_some());
        object
    });
    Shared::<(), S>::collect();
    drop(object);
    assert!(weak.upgrade().is_none());
    assert!(elsewhere(move || weak.upgrade().is_none()));
}

/// The maker takes notice, although no destructor runs in an upgrade: the next object that it makes
/// is late enough.
pub(crate) fn an_upgrade_by_the_maker_after_the_last_drop_elsewhere_fails<S: WeakCounts>() {
    let watch = Watch::default();
    let object = Shared::<_, S>::new(watch.witness());
    let weak = Shared::downgrade(&object);
    let more = object.clone();
    elsewhere(move || drop(more));
    assert!(weak.upgrade().is_some(), "only a clone has been dropped");
    elsewhere(move || drop(object));
    let before = watch.dropped();
    assert!(weak.upgrade().is_none());
    assert_eq!(watch.dropped(), before, "no destructor runs in an upgrade");
    assert!(elsewhere({
        let weak = weak.clone();
        move || weak.upgrade().is_none()
    }));
    drop(Shared::<_, S>::new(5));
    assert_eq!(watch.dropped(), 1);
    assert_eq!(weak.strong_count(), 0);
}

pub(crate) fn an_upgrade_in_the_destructor_fails<S: WeakCounts>() {
    struct Looks<S: WeakCounts> {
        me: Mutex<WeakShared<Looks<S>, S>>,
        _witness: Witness,
    }
    impl<S: WeakCounts> Drop for Looks<S> {
        fn drop(&mut self) {
            assert!(self.me.lock().unwrap().upgrade().is_none());
        }
    }
    let watch = Watch::default();
    let object = Shared::<_, S>::new(Looks { me: Mutex::default(), _witness: watch.witness() });
    *object.me.lock().unwrap() = Shared::downgrade(&object);
    drop(object);
    assert_eq!(watch.dropped(), 1);
}

pub(crate) fn weak_references_are_counted<S: WeakCounts>() {
    let object = Shared::<_, S>::new(5);
    let weak = Shared::downgrade(&object);
    let more = weak.clone();
    assert_eq!((Shared::weak_count(&object), weak.weak_count(), weak.strong_count()), (2, 2, 1));
    assert!(weak.ptr_eq(&more));
    drop(more);
    assert_eq!(Shared::weak_count(&object), 1);
    drop(weak);
    assert_eq!((Shared::weak_count(&object), Shared::strong_count(&object)), (0, 1));
}

pub(crate) fn a_weak_reference_to_nothing<S: WeakCounts>() {
    let nothing = WeakShared::<u8, S>::new();
    let more = nothing.clone();
    assert!(more.upgrade().is_none() && more.ptr_eq(&nothing));
    assert_eq!((nothing.strong_count(), nothing.weak_count()), (0, 0));
    assert_eq!(format!("{nothing:?}"), "(Weak)");
    let object = Shared::<_, S>::new(5);
    assert!(!Shared::downgrade(&object).ptr_eq(&nothing));
}

pub(crate) fn a_cycle_through_weak_references_is_destroyed<S: WeakCounts>() {
    struct Node<S: WeakCounts> {
        parent: Mutex<WeakShared<Node<S>, S>>,
        children: Mutex<Vec<Shared<Node<S>, S>>>,
        _witness: Witness,
    }
    let watch = Watch::default();
    let node = || {
        Shared::<_, S>::new(Node {
            parent: Mutex::default(),
            children: Mutex::default(),
            _witness: watch.witness(),
        })
    };
    let (root, leaf) = (node(), node());
    *leaf.parent.lock().unwrap() = Shared::downgrade(&root);
    root.children.lock().unwrap().push(leaf.clone());
    assert!(Shared::ptr_eq(&leaf.parent.lock().unwrap().upgrade().unwrap(), &root));
    drop(root);
    assert_eq!(watch.dropped(), 1);
    assert!(leaf.parent.lock().unwrap().upgrade().is_none());
    drop(leaf);
    assert_eq!(watch.dropped(), 2);
}

/// Another thread tries while it is being made; the maker owns it afterwards.
pub(crate) fn a_cyclic_object_is_made_on_the_way<S: WeakCounts>() {
    struct Knot<S: WeakCounts> {
        me: WeakShared<Knot<S>, S>,
        _witness: Witness,
    }
    let watch = Watch::default();
    let mut looked = None;
    let knot = Shared::<_, S>::new_cyclic(|me| {
        assert!(me.upgrade().is_none());
        assert_eq!((me.strong_count(), me.weak_count()), (0, 0));
        let me = me.clone();
        let theirs = me.clone();
        looked = Some(std::thread::spawn(move || theirs.upgrade().is_some()));
        Knot { me, _witness: watch.witness() }
    });
    let _either = looked.unwrap().join().unwrap();
    Shared::<(), S>::collect();
    assert_eq!((Shared::strong_count(&knot), Shared::weak_count(&knot)), (1, 1));
    assert!(Shared::ptr_eq(&knot, &knot.me.upgrade().unwrap()));
    drop(knot);
    assert_eq!(watch.dropped(), 1);
}

/// Contents that take long to move: an upgrade right after sees them all. No model can see them
/// being moved.
pub(crate) fn a_cyclic_object_is_seen_whole<S: WeakCounts>() {
    const WORDS: usize = 1 << 15;
    for _ in 0..20 {
        let mut other = None;
        let made = Shared::<[u64; WORDS], S>::new_cyclic(|me| {
            let me = me.clone();
            let (ready, until_ready) = std::sync::mpsc::channel();
            other = Some(std::thread::spawn(move || {
                ready.send(()).unwrap();
                let seen = std::iter::repeat_with(|| me.upgrade()).flatten().next().unwrap();
                // The last words are the last to be moved.
                assert!(seen.iter().rev().all(|word| *word == 7), "seen before it was made");
            }));
            until_ready.recv().unwrap();
            [7; WORDS]
        });
        other.unwrap().join().unwrap();
        drop(made);
    }
}

/// Nothing to upgrade, nothing dropped that was never made, and the memory goes with the weak
/// references.
pub(crate) fn a_panic_while_a_cyclic_object_is_made<S: WeakCounts>() {
    let watch = Watch::default();
    let mut kept = None;
    let made = catch_unwind(AssertUnwindSafe(|| {
        Shared::<Witness, S>::new_cyclic(|me| {
            kept = Some(me.clone());
            panic!("on purpose")
        })
    }));
    assert!(made.is_err());
    assert!(kept.unwrap().upgrade().is_none());
    assert_eq!(watch.dropped(), 0);
}

/// Inside a section, objects whose last reference goes wait on a list that their words hold, where
/// weak references look.
pub(crate) fn weak_references_outlive_what_waits_to_be_destroyed<S: WeakCounts>() {
    let watch = Watch::default();
    let inner: Vec<_> = (0..5).map(|_| Shared::<_, S>::new(watch.witness())).collect();
    let mut weak: Vec<_> = inner.iter().map(Shared::downgrade).collect();
    let others = weak.clone();
    attach::<S, _>(|thread| {
        let guarded = thread.alloc(Guarded::new(inner));
        guarded.enter(thread, |section| {
            section.clear();
            assert_eq!(watch.dropped(), 0);
            assert!(weak.iter().all(|weak| weak.upgrade().is_none()));
            assert!(weak.iter().all(|weak| weak.strong_count() == 0));
            weak.truncate(2);
        });
    });
    assert_eq!(watch.dropped(), 5);
    assert!(others.iter().all(|weak| weak.upgrade().is_none()));
}
