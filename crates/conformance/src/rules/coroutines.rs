//! Coroutines: more than one stack on an OS thread, of which one at most may be attached.

use corosensei::{Coroutine, CoroutineResult};
use keyway_object_model::{Guarded, Strategy, attach, try_attach};

use crate::bystander::Bystander;
use crate::child;
use crate::subject::Subject;
use crate::watch::Watch;

/// The message of the abort.
const STILL_ATTACHED: &str = "at the end of a blocking region";

/// A coroutine that attaches, and is switched away from while it is attached.
fn attaches<S: Strategy>() -> Coroutine<(), (), ()> {
    Coroutine::new(|yielder, ()| {
        attach::<S, _>(|thread| {
            let guarded = thread.alloc(Guarded::new(1));
            yielder.suspend(());
            guarded.enter(thread, |section| **section += 1);
        });
    })
}

fn resume(coroutine: &mut Coroutine<(), (), ()>) -> bool {
    matches!(coroutine.resume(()), CoroutineResult::Return(()))
}

/// A coroutine may attach in somebody else's blocking region, if it is detached when the region
/// ends.
pub fn attached_and_detached_inside_a_blocking_region<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc(watch.witness());
        thread.blocking(|| {
            let mut coroutine = attaches::<U::Strategy>();
            assert!(!resume(&mut coroutine));
            assert!(try_attach::<U::Strategy, _>(|_| ()).is_err(), "the coroutine occupies the OS thread");
            assert!(resume(&mut coroutine));
        });
        object.release(thread);
    });
    assert_eq!(watch.destroyed(), 1);
}

fn leaves_attached<S: Strategy, Other: Strategy>() {
    child::aborts(STILL_ATTACHED, || {
        attach::<S, _>(|thread| {
            let mut coroutine = attaches::<Other>();
            thread.blocking(|| assert!(!resume(&mut coroutine)));
        });
    });
}

/// A coroutine that is still attached when the region ends would have the OS thread attached twice:
/// the process ends.
pub fn left_attached_at_the_end_of_a_blocking_region<U: Subject>() {
    leaves_attached::<U::Strategy, U::Strategy>();
}

/// Also if it is attached to another runtime.
pub fn left_attached_to_another_runtime<U: Subject>() {
    leaves_attached::<U::Strategy, Bystander>();
}

/// Outside any region the coroutine is the OS thread's attachment, and others are refused until it
/// has detached.
pub fn switched_away_while_attached<U: Subject>() {
    let watch = Watch::new();
    let object = attach::<U::Strategy, _>(|thread| thread.alloc(watch.witness()));
    let mut coroutine = attaches::<U::Strategy>();
    assert!(!resume(&mut coroutine));
    let refused = try_attach::<U::Strategy, _>(|_| ()).expect_err("attached already");
    assert_eq!(refused.occupant(), U::Strategy::runtime().id);
    // The attachment of this OS thread is found, whichever stack made it.
    drop(object);
    assert_eq!(watch.destroyed(), 1);
    assert!(resume(&mut coroutine));
    attach::<U::Strategy, _>(|_| ());
}

/// A coroutine that is switched away from in a blocking region leaves the OS thread free to attach
/// and detach meanwhile.
pub fn switched_away_in_a_blocking_region<U: Subject>() {
    let watch = Watch::new();
    let also = watch.clone();
    let mut coroutine = Coroutine::<(), (), ()>::new(move |yielder, ()| {
        attach::<U::Strategy, _>(|thread| {
            let object = thread.alloc(also.witness());
            for _ in 0..3 {
                thread.blocking(|| yielder.suspend(()));
                object.check();
                assert_eq!(object.count(thread), 1);
            }
        });
    });
    for _ in 0..3 {
        assert!(!resume(&mut coroutine));
        attach::<U::Strategy, _>(|thread| thread.alloc(watch.witness()).release(thread));
    }
    assert!(resume(&mut coroutine));
    assert_eq!(watch.destroyed(), 4);
}

/// It must not come back while the OS thread is attached.
pub fn back_from_a_blocking_region_on_an_attached_thread<U: Subject>() {
    child::aborts(STILL_ATTACHED, || {
        let mut coroutine = Coroutine::<(), (), ()>::new(|yielder, ()| {
            attach::<U::Strategy, _>(|thread| thread.blocking(|| yielder.suspend(())));
        });
        assert!(!resume(&mut coroutine));
        attach::<U::Strategy, _>(|_| resume(&mut coroutine));
    });
}
