//! A strategy that behaves as another one while an observer looks on: the common part of recording,
//! watching and life replays.

use std::fmt::Debug;
use std::marker::PhantomData;

use keyway_object_model::{
    CountPath, Due, ObjectPtr, OwnWords, Released, Retained, Runtime, Strategy, Wrapped,
};

use crate::identity::runtime_of;

/// What a thread is about to do to a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Add a reference.
    Retain,
    /// Take a reference away.
    Release,
}

/// The one that looks on. Its functions run no user code and do not unwind; they may wait for a
/// leaf lock.
pub trait Observer: Send + Sync + Debug + Sized + 'static {
    /// How the ids of runtimes begin.
    const PREFIX: &'static str;

    /// Whether objects are counted. Otherwise an object has one reference: a retain ends the
    /// process, and a release destroys.
    const COUNTS: bool = true;

    /// The observer's words in each object's header.
    type Words: OwnWords;

    /// The words of a new object with one reference.
    fn born<S: Strategy>(is_immortal: bool) -> Self::Words;

    /// Called before a count changes; without a path if the object is immortal.
    fn before<S: Strategy>(change: Change, path: Option<CountPath>, words: &Self::Words) {
        let _ = (change, path, words);
    }

    /// Called after a release that was the last, before the object is destroyed.
    fn ended(words: &Self::Words) {
        let _ = words;
    }
}

/// The strategy `S`, with `O` looking on. Each `S` and `O` have a runtime of their own.
#[derive(Debug)]
pub struct Observed<O, S>(PhantomData<fn(S) -> S>, PhantomData<fn(O) -> O>);

/// The observer's words of an object.
///
/// # Safety
/// - The object is not freed for `'a`.
pub(crate) unsafe fn words<'a, O: Observer, S: Strategy + 'a>(
    object: ObjectPtr<Observed<O, S>>,
) -> &'a O::Words {
    // SAFETY: not freed, by the caller's duty.
    unsafe { object.count() }.own()
}

impl<O: Observer, S: Strategy> Observed<O, S> {
    /// Shows a change to the observer; false if the object is immortal. `path` is asked otherwise.
    ///
    /// # Safety
    /// - The caller has a reference to the object.
    pub(crate) unsafe fn show(
        change: Change,
        object: ObjectPtr<Self>,
        path: impl FnOnce(ObjectPtr<S>) -> CountPath,
    ) -> bool {
        // SAFETY: alive, by the caller's reference.
        let is_immortal = unsafe { object.is_immortal() };
        let path = (!is_immortal).then(|| path(object.wrapped()));
        // SAFETY: alive, by the caller's reference.
        O::before::<S>(change, path, unsafe { words(object) });
        !is_immortal
    }

    /// Tells the observer what came of a release, unless the object is immortal.
    ///
    /// # Safety
    /// - `released` is what a release of the object has just returned, and the caller has done
    ///   nothing about it.
    pub(crate) unsafe fn show_end(object: ObjectPtr<Self>, is_mortal: bool, released: Released) -> Released {
        if is_mortal && released == Released::Destroy {
            // SAFETY: the object is still there: to destroy it is the caller's duty.
            O::ended(unsafe { words(object) });
        }
        released
    }
}

// SAFETY: counts, threads and contents are those of `S`, to which each duty is handed on; the
// observer touches its own words alone, runs no user code, and waits for a leaf lock at most.
// `release_anywhere` tells an OS thread that is attached to `S` itself. Without counts: an object
// has one reference, since a retain owes the end of the process; its release is the last, and no
// queue of `S` ever holds one. Identity: one static an observer and strategy.
unsafe impl<O: Observer, S: Strategy> Strategy for Observed<O, S> {
    type Attached = S::Attached;

    fn runtime() -> &'static Runtime {
        runtime_of::<Self>(O::PREFIX, S::runtime().id)
    }

    fn attach(due: &mut Due<Self>) -> S::Attached {
        S::attach(&mut due.wrapped())
    }

    fn detach(attached: &S::Attached, due: &mut Due<Self>) {
        S::detach(attached, &mut due.wrapped());
    }

    #[inline]
    fn checkpoint(attached: &S::Attached, due: &mut Due<Self>) {
        S::checkpoint(attached, &mut due.wrapped());
    }

    fn leave(attached: &S::Attached, due: &mut Due<Self>) {
        S::leave(attached, &mut due.wrapped());
    }

    fn reenter(attached: &S::Attached, due: &mut Due<Self>) {
        S::reenter(attached, &mut due.wrapped());
    }

    type Id = S::Id;

    #[inline]
    fn id(attached: &S::Attached) -> S::Id {
        S::id(attached)
    }

    type Count = Wrapped<S, O::Words>;

    #[inline]
    fn new_count(id: S::Id, attached: &S::Attached) -> Self::Count {
        Wrapped::new(S::new_count(id, attached), O::born::<S>(false))
    }

    fn immortal_count(id: S::Id, attached: &S::Attached) -> Self::Count {
        Wrapped::new(S::immortal_count(id, attached), O::born::<S>(true))
    }

    #[inline]
    unsafe fn retain(object: ObjectPtr<Self>, id: S::Id, attached: &S::Attached) -> Retained {
        if !O::COUNTS {
            return Retained::Abort;
        }
        // SAFETY: the caller keeps the object alive.
        let path = |object| unsafe { S::path(object, id) };
        // SAFETY: the caller's duty.
        unsafe { Self::show(Change::Retain, object, path) };
        // SAFETY: the caller's duties.
        unsafe { S::retain(object.wrapped(), id, attached) }
    }

    #[inline]
    unsafe fn release(
        object: ObjectPtr<Self>,
        id: S::Id,
        attached: &S::Attached,
        due: &mut Due<Self>,
    ) -> Released {
        if !O::COUNTS {
            return Released::Destroy;
        }
        // SAFETY: alive, by the caller's reference.
        let path = |object| unsafe { S::path(object, id) };
        // SAFETY: the caller's duty.
        let is_mortal = unsafe { Self::show(Change::Release, object, path) };
        // SAFETY: the caller's duties.
        let released = unsafe { S::release(object.wrapped(), id, attached, &mut due.wrapped()) };
        // SAFETY: returned just now.
        unsafe { Self::show_end(object, is_mortal, released) }
    }

    unsafe fn release_unattached(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        if !O::COUNTS {
            return Released::Destroy;
        }
        // SAFETY: alive, by the caller's reference.
        let path = |object| unsafe { S::path_anywhere(object) };
        // SAFETY: the caller's duty.
        let is_mortal = unsafe { Self::show(Change::Release, object, path) };
        // SAFETY: the caller's duties.
        let released = unsafe { object.wrapped::<S, O::Words>().release_anywhere() };
        // SAFETY: returned just now.
        unsafe { Self::show_end(object, is_mortal, released) }
    }

    unsafe fn count(object: ObjectPtr<Self>, id: S::Id, attached: &S::Attached) -> usize {
        if !O::COUNTS {
            return 1;
        }
        // SAFETY: the caller's duties.
        unsafe { S::count(object.wrapped(), id, attached) }
    }

    unsafe fn path(object: ObjectPtr<Self>, id: S::Id) -> CountPath {
        // SAFETY: the caller's duties.
        unsafe { S::path(object.wrapped(), id) }
    }

    unsafe fn path_anywhere(object: ObjectPtr<Self>) -> CountPath {
        // SAFETY: the caller's duty.
        unsafe { S::path_anywhere(object.wrapped()) }
    }

    type Lock = S::Lock;
}
