//! Threads that own objects, and are blocked or gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use keyway_object_model::{Ref, Thread, attach};

use crate::elsewhere::{self, Elsewhere};
use crate::subject::Subject;
use crate::watch::{Watch, Witness};

type Objects<U> = Vec<Ref<Witness, <U as Subject>::Strategy>>;

/// How many objects a thread leaves to others.
const OBJECTS: usize = 16;

fn allocate<U: Subject>(watch: &Watch, thread: &Thread<U::Strategy>) -> Objects<U> {
    (0..OBJECTS).map(|_| thread.alloc(watch.witness())).collect()
}

/// Drops half of the objects on an unattached thread and releases the other half on an attached
/// one.
fn release_all<U: Subject>(mut objects: Objects<U>) {
    let half = objects.split_off(OBJECTS / 2);
    drop(objects);
    attach::<U::Strategy, _>(|thread| {
        // Others own them; taking references and giving them back must not confuse anybody.
        let clones: Vec<_> = half.iter().map(|object| object.clone_ref(thread)).collect();
        half.into_iter().for_each(|object| object.release(thread));
        clones.iter().for_each(|object| object.check());
    });
}

/// A thread that owns objects and blocks, until the sender is used or dropped.
fn blocked<U: Subject>(
    watch: &Watch,
    queued: bool,
) -> (std::sync::mpsc::Sender<()>, Elsewhere<()>, Objects<U>) {
    let (end, ended) = elsewhere::signal();
    let (objects_sender, objects) = std::sync::mpsc::channel();
    let (blocks_sender, blocks) = elsewhere::signal();
    let watch = watch.clone();
    let owner = elsewhere::start(move || {
        attach::<U::Strategy, _>(|thread| {
            if queued {
                let mine = allocate::<U>(&watch, thread);
                elsewhere::run(move || drop(mine));
            }
            objects_sender.send(allocate::<U>(&watch, thread)).expect("the test waits for it");
            thread.blocking(|| {
                blocks_sender.send(()).expect("the test waits for it");
                ended.wait();
            });
        });
    });
    let objects = objects.recv().expect("the owner sends it");
    blocks.wait();
    (end, owner, objects)
}

fn blocking<U: Subject>(queued: bool) {
    let watch = Watch::new();
    let (end, owner, objects) = blocked::<U>(&watch, queued);
    let before = if queued { OBJECTS } else { 0 };
    assert_eq!(watch.destroyed(), before, "releases that were queued are carried out on the way in");
    if U::KEEPS_CLAIM {
        // Nobody else can attach: they wait for the owner, or are queued for it. Nothing is lost by
        // that.
        drop(objects);
    } else {
        elsewhere::run(move || release_all::<U>(objects));
        assert_eq!(watch.destroyed(), before + OBJECTS, "while the owner is still blocked");
    }
    end.send(()).expect("the owner waits for it");
    owner.finish();
    assert_eq!(watch.destroyed(), before + OBJECTS);
}

/// An object that a blocked thread owns is destroyed while that thread is blocked.
pub fn blocking_for_ever_strands_nothing<U: Subject>() {
    blocking::<U>(false);
}

/// Also what others had released while it was attached.
pub fn blocking_for_ever_with_releases_queued<U: Subject>() {
    blocking::<U>(true);
}

fn exiting<U: Subject>(queued: bool) {
    let watch = Watch::new();
    let also = watch.clone();
    let objects = elsewhere::run(move || {
        attach::<U::Strategy, _>(|thread| {
            if queued {
                let mine = allocate::<U>(&also, thread);
                elsewhere::run(move || drop(mine));
            }
            allocate::<U>(&also, thread)
        })
    });
    let before = if queued { OBJECTS } else { 0 };
    assert_eq!(watch.destroyed(), before);
    elsewhere::run(move || release_all::<U>(objects));
    assert_eq!(watch.destroyed(), before + OBJECTS);
}

/// An object whose owner has exited is destroyed with its last reference.
pub fn exiting_strands_nothing<U: Subject>() {
    exiting::<U>(false);
}

/// Also what others had released to it when it left.
pub fn exiting_with_releases_queued<U: Subject>() {
    exiting::<U>(true);
}

/// Where contents have no lock, attached threads take turns; where a claim is kept, through
/// blocking regions too.
pub fn attached_one_at_a_time_unless_parallel<U: Subject>() {
    if U::PARALLEL {
        return;
    }
    let attached = Arc::new(AtomicUsize::new(0));
    let alone = |attached: &AtomicUsize| {
        assert_eq!(attached.fetch_add(1, Ordering::SeqCst), 0, "two threads at a time");
        thread::yield_now();
        attached.fetch_sub(1, Ordering::SeqCst);
    };
    let threads = [(); 4].map(|()| {
        let attached = attached.clone();
        elsewhere::start(move || {
            for _ in 0..500 {
                attach::<U::Strategy, _>(|thread| {
                    alone(&attached);
                    thread.checkpoint();
                    alone(&attached);
                    thread.blocking(|| if U::KEEPS_CLAIM { alone(&attached) } else { thread::yield_now() });
                    alone(&attached);
                });
            }
        })
    });
    threads.into_iter().for_each(Elsewhere::finish);
}

/// How many threads come and go.
const SHORT_LIVED: usize = 100_000;

/// Identities do not run out, and no thread is taken for a thread that has gone: a new thread owns
/// what it makes, and not what its predecessors made.
pub fn a_hundred_thousand_short_lived_ones<U: Subject>() {
    let watch = Watch::new();
    let mut older: Objects<U> = Vec::new();
    for place in 0..SHORT_LIVED {
        let life = thread::scope(|scope| {
            scope.spawn(|| attach::<U::Strategy, _>(|thread| short_life::<U>(&watch, &older, thread))).join()
        });
        // The first ones stay: whose name comes round again is taken for one of their makers. And
        // the latest.
        older.truncate(if place < OBJECTS { OBJECTS } else { OBJECTS - 1 });
        older.push(life.expect("it does not panic"));
    }
    drop(older);
    assert_eq!(watch.destroyed(), SHORT_LIVED);
}

fn short_life<U: Subject>(
    watch: &Watch,
    older: &[Ref<Witness, U::Strategy>],
    thread: &Thread<U::Strategy>,
) -> Ref<Witness, U::Strategy> {
    for object in older {
        assert_ne!(U::is_owner(object, thread), Some(true), "taken for a thread that has gone");
        object.clone_ref(thread).check();
    }
    let object = thread.alloc(watch.witness());
    assert_ne!(U::is_owner(&object, thread), Some(false), "a thread owns what it makes");
    object
}

/// Detaching is not exiting: an OS thread that attaches again is the owner of what it made before.
pub fn an_owner_attached_again_owns_its_objects<U: Subject>() {
    let watch = Watch::new();
    let object = attach::<U::Strategy, _>(|thread| thread.alloc(watch.witness()));
    let object = attach::<U::Strategy, _>(|thread| {
        assert_ne!(U::is_owner(&object, thread), Some(false));
        thread.blocking(|| ());
        assert_ne!(U::is_owner(&object, thread), Some(false));
        object
    });
    let object = elsewhere::run(move || {
        attach::<U::Strategy, _>(|thread| assert_ne!(U::is_owner(&object, thread), Some(true)));
        object
    });
    attach::<U::Strategy, _>(|thread| {
        assert_eq!(object.count(thread), 1);
        object.release(thread);
    });
    assert_eq!(watch.destroyed(), 1);
}
