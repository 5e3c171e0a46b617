//! When, where and how often objects are destroyed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use keyway_object_model::testing::suspend_every_nested_entry;
use keyway_object_model::{Guarded, Ref, Strategy, Thread, attach, try_attach};

use crate::elsewhere;
use crate::subject::Subject;
use crate::watch::{OnDrop, Watch, Witness};

/// A way for a reference to end.
type End<S> = fn(Ref<Witness, S>, &mut Thread<S>);

/// Released, dropped, erased, moved away: each object is destroyed once, after its last release and
/// at once.
pub fn the_last_release_destroys_however_it_is_made<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let ends: [End<U::Strategy>; 5] = [
            |object, thread| object.release(thread),
            |object, _| drop(object),
            |object, thread| object.erase().release(thread),
            |object, _| drop(object.erase()),
            |object, thread| thread.blocking(|| drop(object)),
        ];
        for (before, end) in ends.into_iter().enumerate() {
            let object = thread.alloc(watch.witness());
            let clone = object.clone_ref(thread);
            end(object, thread);
            assert_eq!(watch.destroyed(), before, "a reference is left");
            clone.check();
            end(clone, thread);
            assert_eq!(watch.destroyed(), before + 1);
        }
    });
}

/// Drops the only reference to an object of this thread elsewhere, while this thread stays
/// attached.
fn drop_elsewhere<S: Strategy>(watch: &Watch, thread: &Thread<S>) {
    let object = thread.alloc(watch.witness());
    elsewhere::run(move || drop(object));
}

/// Objects that others have released are destroyed by a checkpoint.
pub fn destroyed_at_the_latest_at_the_next_checkpoint<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        for before in 0..3 {
            drop_elsewhere(&watch, thread);
            thread.checkpoint();
            assert_eq!(watch.destroyed(), before + 1);
        }
    });
}

/// Objects that others have released are destroyed by detaching.
pub fn destroyed_at_the_latest_at_detach<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| drop_elsewhere(&watch, thread));
    assert_eq!(watch.destroyed(), 1);
}

/// Objects that others release while nobody is attached are destroyed by attaching.
pub fn destroyed_at_the_latest_at_the_next_attach<U: Subject>() {
    let watch = Watch::new();
    let object = attach::<U::Strategy, _>(|thread| thread.alloc(watch.witness()));
    elsewhere::run(move || drop(object));
    attach::<U::Strategy, _>(|_| assert_eq!(watch.destroyed(), 1));
}

/// Objects that others have released are destroyed on the way into a blocking region.
pub fn destroyed_at_the_latest_at_the_next_blocking_region<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        drop_elsewhere(&watch, thread);
        thread.blocking(|| assert_eq!(watch.destroyed(), 1));
    });
}

/// Inside sections nothing is destroyed: a destructor could look at contents that are half changed.
pub fn a_section_delays_destruction_to_the_end_of_the_outermost<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let outer = thread.alloc(Guarded::new(0));
        let inner = thread.alloc(Guarded::new(0));
        let [one, other, third] = [(); 3].map(|()| thread.alloc(watch.witness()));
        outer.enter(thread, |section| {
            one.release(section.thread());
            section.enter(&inner, |_| drop(other));
            assert_eq!(watch.destroyed(), 0);
        });
        assert_eq!(watch.destroyed(), 2);
        outer
            .enter_pair(&inner, thread, |_, _, thread| {
                third.release(thread);
                assert_eq!(watch.destroyed(), 2);
            })
            .expect("two objects");
        assert_eq!(watch.destroyed(), 3);
    });
}

/// While a section is given up, what became due in it is destroyed, and so is what becomes due
/// meanwhile.
pub fn a_suspended_section_delays_nothing<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let outer = thread.alloc(Guarded::new(0));
        let [one, other, third] = [(); 3].map(|()| thread.alloc(watch.witness()));
        outer.enter(thread, |section| {
            drop(one);
            section.suspend(|thread| {
                assert_eq!(watch.destroyed(), 1);
                other.release(thread);
                assert_eq!(watch.destroyed(), 2);
            });
            drop(third);
            assert_eq!(watch.destroyed(), 2);
        });
        assert_eq!(watch.destroyed(), 3);
    });
}

/// A nested entry that has to wait gives everything up, so that destructors can run there; its
/// section is not half entered then.
pub fn a_contended_nested_entry_destroys_what_is_due<U: Subject>() {
    let watch = Watch::new();
    suspend_every_nested_entry(true);
    attach::<U::Strategy, _>(|thread| {
        let outer = thread.alloc(Guarded::new(0));
        let inner = thread.alloc(Guarded::new(0));
        let [one, other] = [(); 2].map(|()| thread.alloc(watch.witness()));
        outer.enter(thread, |section| {
            drop(one);
            section.enter(&inner, |_| {
                assert_eq!(
                    watch.destroyed(),
                    usize::from(U::PARALLEL),
                    "where nothing is locked, nothing is given up"
                );
                drop(other);
            });
            assert_eq!(watch.destroyed(), usize::from(U::PARALLEL));
        });
        assert_eq!(watch.destroyed(), 2);
    });
    suspend_every_nested_entry(false);
}

/// When a destructor runs, another thread can be inside what this thread was inside of.
pub fn a_destructor_runs_with_no_section_held<U: Subject>() {
    if !U::PARALLEL {
        // Nobody else runs while this thread is attached, so there is nothing to be seen.
        return;
    }
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let guarded = thread.alloc(Guarded::new(0));
        let [on_end, on_suspension] = [(); 2].map(|()| {
            let guarded = guarded.clone_ref(thread);
            thread.alloc(OnDrop::new(&watch, move || {
                elsewhere::run(move || attach(|thread| guarded.enter(thread, |section| **section += 1)));
            }))
        });
        guarded.enter(thread, |section| {
            drop(on_suspension);
            section.suspend(|_| assert_eq!(watch.destroyed(), 1));
            assert_eq!(**section, 1);
            drop(on_end);
        });
        assert_eq!(watch.destroyed(), 2);
        guarded.enter(thread, |section| assert_eq!(**section, 2));
    });
}

/// A destructor on a thread that is not attached can attach; on an attached one it is refused, and
/// told why.
pub fn a_destructor_that_attaches<U: Subject>() {
    let watch = Watch::new();
    let refused = Arc::new(Mutex::new(Vec::new()));
    let make = |thread: &Thread<U::Strategy>| {
        let refused = refused.clone();
        thread.alloc(OnDrop::new(&watch, move || {
            let result = try_attach::<U::Strategy, _>(|thread| *thread.alloc(7));
            refused.lock().expect("not poisoned").push(result.is_err());
        }))
    };
    let unattached = attach::<U::Strategy, _>(|thread| {
        make(thread).release(thread);
        drop(make(thread));
        let object = make(thread);
        thread.blocking(|| drop(object));
        make(thread)
    });
    drop(unattached);
    assert_eq!(*refused.lock().expect("not poisoned"), [true, true, false, false]);
    assert_eq!(watch.destroyed(), 4);
}

/// A destructor can attach, block, be attached again and detach, and so can those that it sets off.
pub fn a_destructor_that_detaches_and_attaches<U: Subject>() {
    let watch = Watch::new();
    let object = attach::<U::Strategy, _>(|thread| {
        let inner = thread.alloc(OnDrop::new(&watch, || {
            let _refused_if_attached = try_attach::<U::Strategy, _>(Thread::checkpoint);
        }));
        let also = watch.clone();
        let outer = move || {
            attach::<U::Strategy, _>(|thread| {
                let last = thread.alloc(also.witness());
                thread.blocking(|| attach::<U::Strategy, _>(|thread| drop(last.clone_ref(thread))));
                thread.checkpoint();
                last.check();
                inner.release(thread);
            });
        };
        thread.alloc(OnDrop::new(&watch, outer))
    });
    let clone = attach::<U::Strategy, _>(|thread| object.clone_ref(thread));
    attach::<U::Strategy, _>(|thread| thread.blocking(|| drop(object)));
    assert_eq!(watch.destroyed(), 0);
    attach::<U::Strategy, _>(|thread| thread.blocking(|| drop(clone)));
    assert_eq!(watch.destroyed(), 3);
}

/// A destructor can make objects, and the objects that it releases are destroyed after it.
pub fn a_destructor_that_allocates_and_releases<U: Subject>() {
    let watch = Watch::new();
    let object = attach::<U::Strategy, _>(|thread| {
        let also = watch.clone();
        thread.alloc(OnDrop::new(&watch, move || {
            attach::<U::Strategy, _>(|thread| {
                for _ in 0..100 {
                    thread.alloc(also.witness()).release(thread);
                }
            });
        }))
    });
    drop(object);
    assert_eq!(watch.destroyed(), 101);
}

/// How many objects a chain has.
const CHAIN: usize = 10_000_000;

/// How many bytes of stack there are to destroy it.
const STACK: usize = 256 << 10;

/// How many objects of the chain have been destroyed.
static DESTROYED: AtomicUsize = AtomicUsize::new(0);

/// As small as a link can be, since there are ten million.
struct Bare<S: Strategy>(#[expect(dead_code, reason = "held, not read")] Option<Ref<Bare<S>, S>>);

impl<S: Strategy> Drop for Bare<S> {
    fn drop(&mut self) {
        DESTROYED.fetch_add(1, Ordering::Relaxed);
    }
}

fn on_a_small_stack<U: Subject>(end: impl FnOnce(Ref<Bare<U::Strategy>, U::Strategy>) + Send) {
    DESTROYED.store(0, Ordering::SeqCst);
    let chain = attach::<U::Strategy, _>(|thread| {
        let first = thread.alloc(Bare(None));
        (1..CHAIN).fold(first, |next, _| thread.alloc(Bare(Some(next))))
    });
    thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(STACK);
        small.spawn_scoped(scope, || end(chain)).expect("a thread can be started");
    });
    assert_eq!(DESTROYED.load(Ordering::SeqCst), CHAIN);
}

/// A chain is destroyed in a loop, not in a recursion.
pub fn ten_million_linked_objects_attached<U: Subject>() {
    on_a_small_stack::<U>(|chain| attach(|thread| chain.release(thread)));
}

/// Also on a thread that is not attached.
pub fn ten_million_linked_objects_unattached<U: Subject>() {
    on_a_small_stack::<U>(drop);
}
