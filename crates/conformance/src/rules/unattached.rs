//! References on threads that are not attached, or are attached elsewhere, or are going away.

use std::any::Any;
use std::cell::RefCell;

use keyway_object_model::{Ref, Strategy, attach, try_attach};

use crate::bystander::Bystander;
use crate::elsewhere;
use crate::subject::Subject;
use crate::watch::{OnDrop, Watch};

/// A thread that knows nothing of the runtime can drop a reference, the last one too.
pub fn dropped_on_a_thread_never_attached<U: Subject>() {
    let watch = Watch::new();
    let (object, clone) = attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc(watch.witness());
        let clone = object.clone_ref(thread);
        (object, clone)
    });
    let object = elsewhere::run(move || {
        drop(clone);
        object
    });
    assert_eq!(watch.destroyed(), 0);
    elsewhere::run(move || drop(object));
    attach::<U::Strategy, _>(|_| ());
    assert_eq!(watch.destroyed(), 1);
}

/// A drop never waits for the runtime: the attached thread here waits for it.
pub fn dropped_while_another_thread_is_attached<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let objects: Vec<_> = (0..100).map(|_| thread.alloc(watch.witness())).collect();
        let clones: Vec<_> = objects.iter().map(|object| object.clone_ref(thread)).collect();
        elsewhere::run(move || drop(clones));
        objects.iter().for_each(|object| object.check());
        thread.checkpoint();
        assert!(objects.iter().all(|object| object.count(thread) == 1));
        elsewhere::run(move || drop(objects));
        thread.checkpoint();
        assert_eq!(watch.destroyed(), 100);
    });
}

/// A thread that is attached to another runtime is as good as unattached; the two are not mixed up.
pub fn dropped_on_a_thread_attached_to_another_runtime<U: Subject>() {
    let watch = Watch::new();
    let (object, clone) = attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc(watch.witness());
        let clone = object.clone_ref(thread);
        (object, clone)
    });
    attach::<Bystander, _>(|bystander| {
        let theirs = bystander.alloc(clone);
        theirs.check();
        theirs.release(bystander);
        let unattached_clone = U::clone_unattached(&object);
        drop(object);
        drop(unattached_clone);
    });
    attach::<U::Strategy, _>(|_| ());
    assert_eq!(watch.destroyed(), 1);
    let theirs = attach::<Bystander, _>(|bystander| bystander.alloc(watch.witness()));
    attach::<U::Strategy, _>(|_| drop(theirs));
    assert_eq!(watch.destroyed(), 2);
}

thread_local! {
    /// The objects that this OS thread drops when it exits.
    static LAST_WILL: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

fn bequeath(will: impl Any) {
    LAST_WILL.with_borrow_mut(|wills| wills.push(Box::new(will)));
}

/// A reference in a thread-local is dropped when the runtime's own thread-locals may be gone.
pub fn dropped_in_a_thread_local_destructor<U: Subject>() {
    let watch = Watch::new();
    let also = watch.clone();
    elsewhere::run(move || {
        attach::<U::Strategy, _>(|thread| {
            let object = thread.alloc(also.witness());
            bequeath(object.clone_ref(thread));
            bequeath(object);
            bequeath(thread.alloc(also.witness()).erase());
        });
    });
    attach::<U::Strategy, _>(|_| ());
    assert_eq!(watch.destroyed(), 2);
}

/// The same where the thread-local was there first, and so is destroyed last; and where it never
/// attached at all.
pub fn dropped_in_a_thread_local_older_than_the_attachment<U: Subject>() {
    let watch = Watch::new();
    let also = watch.clone();
    let [one, other] = attach::<U::Strategy, _>(|thread| [(); 2].map(|()| thread.alloc(watch.witness())));
    elsewhere::run(move || {
        bequeath(one);
        attach::<U::Strategy, _>(|thread| bequeath(thread.alloc(also.witness())));
    });
    elsewhere::run(move || bequeath(other));
    attach::<U::Strategy, _>(|_| ());
    assert_eq!(watch.destroyed(), 3);
}

/// A thread-local's destructor can attach, use what it finds, and release it.
pub fn attached_in_a_thread_local_destructor<U: Subject>() {
    let watch = Watch::new();
    let also = watch.clone();
    elsewhere::run(move || {
        bequeath(attach_on_drop::<U::Strategy>(&also));
        bequeath(attach::<U::Strategy, _>(|thread| {
            let object = thread.alloc(also.witness());
            let last = also.clone();
            thread.alloc(OnDrop::new(&also, move || {
                let _refused_if_attached = try_attach::<U::Strategy, _>(|thread| {
                    object.clone_ref(thread).check();
                    thread.checkpoint();
                    drop(thread.alloc(last.witness()));
                });
            }))
        }));
    });
    attach::<U::Strategy, _>(|_| ());
    assert_eq!(watch.destroyed(), 4);
}

/// Something that attaches when it is dropped; it counts as one object.
fn attach_on_drop<S: Strategy>(watch: &Watch) -> impl Any + use<S> {
    let also = watch.clone();
    let attaches = move || {
        attach::<S, _>(|thread| {
            let object: Ref<_, S> = thread.alloc(());
            thread.blocking(|| drop(object));
        });
        drop(also);
    };
    OnDrop::new(watch, attaches)
}

/// Where references can be cloned with no thread attached, those count like any others.
pub fn cloned_unattached<U: Subject>() {
    let watch = Watch::new();
    let object = attach::<U::Strategy, _>(|thread| thread.alloc(watch.witness()));
    let Some(clone) = U::clone_unattached(&object) else { return };
    attach::<U::Strategy, _>(|thread| assert_eq!(object.count(thread), 2));
    let third = elsewhere::run(move || U::clone_unattached(&clone));
    attach::<U::Strategy, _>(|thread| {
        assert_eq!(object.count(thread), 2);
        // With a thread attached too.
        let clone = U::clone_unattached(&object);
        assert_eq!(object.count(thread), 3);
        drop(clone);
        object.release(thread);
    });
    assert_eq!(watch.destroyed(), 0);
    drop(third);
    attach::<U::Strategy, _>(|_| ());
    assert_eq!(watch.destroyed(), 1);
}
