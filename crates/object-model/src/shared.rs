//! Strategies whose counts any thread may change: their common part, written once.
//!
//! Such a strategy states two things: the word of an object's count, and the lock of its contents.
//! Everything else follows. Attaching leaves no trace, since no operation relies on it. A reference
//! is counted in the same way with and without a token. Nothing is queued. The last release tells
//! its caller to destroy the object, at once.

use std::fmt::Debug;

use keyway_sections::ContentsLock;

use crate::destruction::Due;
use crate::header::{CountWords, ObjectPtr};
use crate::owed::{Released, Retained};
use crate::strategy::{FreeThreaded, Runtime, Strategy};

/// A word that counts the references of one object, and that any thread may change at any time.
///
/// # Safety
/// Implementors promise:
/// - **Counting.** `new` counts one reference, `retain` adds one, `release` takes one away. Exactly
///   one release owes [`Destroy`](Released::Destroy): the one after which no reference is left.
///   From then on the functions of this trait do not touch the word, whose memory may be gone.
/// - **Order.** Everything that happens before any release of the word happens before the return of
///   the release that owes `Destroy`.
/// - **No way back.** The functions run no user code, do not unwind, and wait for nothing but the
///   word's own lock.
pub unsafe trait SharedWord: CountWords {
    /// One reference.
    fn new() -> Self;

    /// Adds a reference. The caller keeps the object alive during the call.
    fn retain(&self) -> Retained;

    /// Takes a reference away.
    ///
    /// # Safety
    /// - The caller owns a reference, and does not use it after.
    unsafe fn release(&self) -> Released;

    /// The number of references at one moment of the call.
    fn get(&self) -> usize;
}

/// A strategy that is a [`SharedWord`] for counts and a [`ContentsLock`] for contents.
///
/// It is a [`Strategy`] and [`FreeThreaded`] by that impl. [`Strategy`] says what the functions
/// mean for a program.
///
/// # Safety
/// Implementors promise:
/// - `runtime` always returns the same static, which no other strategy type returns.
/// - `Lock` excludes: it is not [`NoLock`](crate::NoLock), since threads run in parallel.
pub unsafe trait SharedCounts: Sized + Send + Sync + Debug + 'static {
    /// Who may change a count: any thread, in the way of this word.
    type Word: SharedWord;

    /// Who may touch contents: the holder of this lock.
    type Lock: ContentsLock;

    /// The identity of the runtime.
    fn runtime() -> &'static Runtime;
}

/// Adds a reference. An immortal object is not counted: a locked instruction would be wasted on it.
///
/// # Safety
/// - The caller keeps the object alive during the call, by a reference.
#[inline]
unsafe fn retain<S: SharedCounts>(object: ObjectPtr<S>) -> Retained {
    // SAFETY: the caller keeps the object alive.
    if unsafe { object.is_immortal() } {
        return Retained::Nothing;
    }
    // SAFETY: the caller keeps the object alive.
    unsafe { object.count() }.retain()
}

/// Takes a reference away. An immortal object is not counted.
///
/// # Safety
/// - The caller owns a reference, and does not use it after.
#[inline]
unsafe fn release<S: SharedCounts>(object: ObjectPtr<S>) -> Released {
    // SAFETY: alive, by the caller's reference.
    if unsafe { object.is_immortal() } {
        return Released::Nothing;
    }
    // SAFETY: the caller owns a reference until the word has been changed.
    let word = unsafe { object.count() };
    // SAFETY: the caller's reference, given up here.
    unsafe { word.release() }
}

// SAFETY: *Counting* and *order* are the word's promises. *Contents*: `Lock` excludes, as
// `SharedCounts` demands. *Threads*: no operation relies on being attached. *Identity*: `runtime`
// is the implementor's promise.
unsafe impl<S: SharedCounts> Strategy for S {
    type Attached = ();

    #[inline]
    fn runtime() -> &'static Runtime {
        <S as SharedCounts>::runtime()
    }

    fn attach(_: &mut Due<Self>) {}

    fn detach(_: &(), _: &mut Due<Self>) {}

    #[inline]
    fn checkpoint(_: &(), _: &mut Due<Self>) {}

    fn leave(_: &(), _: &mut Due<Self>) {}

    fn reenter(_: &(), _: &mut Due<Self>) {}

    type Id = ();

    #[inline]
    fn id(_: &()) {}

    type Count = S::Word;

    #[inline]
    fn new_count(_: (), _: &()) -> S::Word {
        S::Word::new()
    }

    #[inline]
    unsafe fn retain(object: ObjectPtr<Self>, _: (), _: &()) -> Retained {
        // SAFETY: the caller keeps the object alive.
        unsafe { retain(object) }
    }

    #[inline]
    unsafe fn release(object: ObjectPtr<Self>, _: (), _: &(), _: &mut Due<Self>) -> Released {
        // SAFETY: the reference is the caller's.
        unsafe { release(object) }
    }

    #[inline]
    unsafe fn release_unattached(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns a reference until the word has been changed.
        let word = unsafe { object.count() };
        // SAFETY: the caller's reference, given up here; the caller has seen that the object is not
        // immortal.
        unsafe { word.release() }
    }

    #[inline]
    unsafe fn count(object: ObjectPtr<Self>, _: (), _: &()) -> usize {
        // SAFETY: the caller keeps the object alive.
        unsafe { object.count() }.get()
    }

    type Lock = <S as SharedCounts>::Lock;
}

// SAFETY: no operation relies on being attached, nor on thread-locals.
unsafe impl<S: SharedCounts> FreeThreaded for S {
    #[inline]
    fn new_count_anywhere() -> S::Word {
        S::Word::new()
    }

    /// No thread is asked to release anything.
    #[inline]
    fn is_queued() -> bool {
        false
    }

    fn collect(_: &mut Due<Self>) {}

    #[inline]
    unsafe fn retain_anywhere(object: ObjectPtr<Self>) -> Retained {
        // SAFETY: the caller keeps the object alive.
        unsafe { retain(object) }
    }

    #[inline]
    unsafe fn release_anywhere(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: the reference is the caller's.
        unsafe { release(object) }
    }
}
