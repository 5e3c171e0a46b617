//! Objects that are never destroyed.

use std::mem;

use keyway_object_model::testing::{NearLimit, is_immortal, leak_references, raw_count};
use keyway_object_model::{Ref, attach};

use crate::elsewhere;
use crate::subject::Subject;
use crate::watch::{Watch, Witness};

type Immortal<U> = Ref<Witness, <U as Subject>::Strategy>;

fn immortal<U: Subject>(watch: &Watch) -> Immortal<U> {
    attach::<U::Strategy, _>(|thread| thread.alloc_immortal(watch.witness()))
}

/// Any thread may release it, with any number of references left.
pub fn never_destroyed<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc_immortal(watch.witness());
        assert!(is_immortal(&object));
        assert!(!is_immortal(&thread.alloc(1)));
        let clones = [object.clone_ref(thread), object.clone_ref(thread)];
        let [one, two] = clones;
        elsewhere::run(move || drop(one));
        two.erase().release(thread);
        thread.checkpoint();
        object.check();
        object.release(thread); // the last
    });
    let object = immortal::<U>(&watch);
    let more = U::clone_unattached(&object);
    elsewhere::run(move || attach::<U::Strategy, _>(|thread| object.release(thread)));
    drop(more);
    attach::<U::Strategy, _>(|thread| thread.checkpoint());
    assert_eq!(watch.destroyed(), 0);
}

/// Where threads share counts, none of them changes an immortal object's.
pub fn not_counted_where_threads_share_counts<U: Subject>() {
    let watch = Watch::new();
    let (object, before) = attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc_immortal(watch.witness());
        assert_eq!(object.count(thread), usize::MAX);
        let before = raw_count(&object, thread);
        let clone = object.clone_ref(thread);
        assert!(!U::PARALLEL || raw_count(&object, thread) == before, "counted by its maker");
        clone.release(thread);
        (object, before)
    });
    let object = elsewhere::run(move || {
        let more = U::clone_unattached(&object);
        attach::<U::Strategy, _>(|thread| {
            let clone = object.clone_ref(thread);
            assert!(!U::PARALLEL || raw_count(&object, thread) == before, "counted by another");
            clone.release(thread);
        });
        drop(more);
        object
    });
    attach::<U::Strategy, _>(|thread| {
        assert!(!U::PARALLEL || raw_count(&object, thread) == before, "released by somebody");
        assert_eq!(object.count(thread), usize::MAX);
        object.check();
    });
}

/// A count that is at its limit, or that has been there, neither aborts nor destroys.
pub fn beyond_every_limit<U: Subject>() {
    let watch = Watch::new();
    let limit = <U::Strategy as NearLimit>::LIMIT;
    let object = attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc_immortal(watch.witness());
        leak_references(&object, thread, limit - 2);
        let clones: Vec<_> = (0..8).map(|_| object.clone_ref(thread)).collect();
        clones.into_iter().for_each(|clone| clone.release(thread));
        object
    });
    elsewhere::run(move || {
        attach::<U::Strategy, _>(|thread| {
            (0..8).for_each(|_| mem::forget(object.clone_ref(thread)));
            object.check();
            object.release(thread);
        });
    });
    assert_eq!(watch.destroyed(), 0);
}

/// Inside a section, where destruction waits, an immortal object is not put on the list.
pub fn released_in_a_section<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc_immortal(watch.witness());
        let place = thread.alloc(keyway_object_model::Guarded::<_, U::Strategy>::new(Some(object)));
        place.clone_ref(thread).enter(thread, |section| {
            let (contents, thread) = section.parts();
            if let Some(object) = contents.take() {
                object.release(thread);
            }
        });
        thread.checkpoint();
    });
    assert_eq!(watch.destroyed(), 0);
}
