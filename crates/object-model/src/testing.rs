//! Counts near their limits, and in states that take several threads to reach.

use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use keyway_sections::ContentsLock;

use crate::context::CONTEXT;
use crate::counted;
use crate::destruction::{self, Due};
use crate::guarded::Guarded;
use crate::header::{Object, ObjectPtr};
use crate::owed::{Released, Retained};
use crate::pointers::{LeaveAtExit, WeakCounts};
use crate::reference::{Ref, settle};
use crate::shared::{SharedCounts, SharedWord};
use crate::strategy::{FreeThreaded, Strategy};
use crate::thread::Thread;

pub use keyway_sections::testing::suspend_every_nested_entry;

/// A strategy whose counts can be put near their limits.
///
/// # Safety
/// - `leak` does to the count what that many retains would do whose references are never released.
pub unsafe trait NearLimit: Strategy {
    /// How many references the count can hold before something special happens: a retain aborts, or
    /// a word spills.
    const LIMIT: u64;

    /// Adds `references` to the count, as if the calling thread had cloned and leaked that many.
    ///
    /// # Safety
    /// - As for [`Strategy::retain`].
    unsafe fn leak(object: ObjectPtr<Self>, id: Self::Id, references: u64);
}

/// A [`SharedWord`] that can be put near its limit. Its strategy is [`NearLimit`] by that.
pub trait WordNearLimit: SharedWord {
    /// See [`NearLimit::LIMIT`].
    const LIMIT: u64;

    /// Adds `references`, as if they had been cloned and leaked.
    ///
    /// # Panics
    /// If the word cannot hold them.
    fn leak(&self, references: u64);
}

// SAFETY: adds to the word what as many retains would add.
unsafe impl<S: SharedCounts<Word: WordNearLimit>> NearLimit for S {
    const LIMIT: u64 = S::Word::LIMIT;

    unsafe fn leak(object: ObjectPtr<Self>, _: (), references: u64) {
        // SAFETY: the caller keeps the object alive.
        unsafe { object.count() }.leak(references);
    }
}

// SAFETY: under shared counts all threads count alike.
unsafe impl<S: SharedCounts> AsAnother for S {}

/// Leaks `references` references to an object, without the time that takes.
pub fn leak_references<T, S: NearLimit>(reference: &Ref<T, S>, thread: &Thread<S>, references: u64) {
    // SAFETY: `thread` proves attachment; `reference` keeps the object alive.
    unsafe { S::leak(reference.object(), thread.id(), references) }
}

/// How often a lock that cannot be had is tried before it counts as held by oneself. Others hold it
/// for moments; under loom nobody does, since there is one copy of each model.
const TRIES: u32 = match keyway_sync::MODELLED {
    true if cfg!(loom) => 3,
    true => 100,
    false => 100_000,
};

/// Whether the two have one lock, so that a thread inside of one keeps others out of the other.
/// Never, where contents have no locks.
///
/// Not for threads that are in a section. A lock that denies to be the other is put to the test, so
/// that a wrong answer does not hide itself.
pub fn share_a_lock<T, U, S: Strategy>(one: &Guarded<T, S>, other: &Guarded<U, S>) -> bool {
    let (one, other) = (one.lock(), other.lock());
    if one.same(other) {
        return true;
    }
    let both_at_once = || {
        one.lock();
        let taken = other.try_lock();
        if taken {
            // SAFETY: taken just now.
            unsafe { other.unlock() };
        }
        // SAFETY: taken above. Given up after each try: somebody else may have the other and try
        // this one.
        unsafe { one.unlock() };
        taken
    };
    !(0..TRIES).any(|_| {
        let taken = both_at_once();
        if !taken {
            keyway_sync::thread::yield_now();
        }
        taken
    })
}

/// Runs `f` as a destructor runs inside others that lie as deep in one another as they may: the
/// objects that it releases are destroyed when it has ended, in the order of release.
///
/// # Panics
/// If `f` does; or if called inside another such call.
pub fn at_the_deepest<R>(f: impl FnOnce() -> R) -> R {
    CONTEXT.with(|context| context.destruction.at_the_deepest(f))
}

/// The strategy's number for a count, also if the object is immortal: then this number must not
/// change unless the count is a plain one.
pub fn raw_count<T, S: Strategy>(reference: &Ref<T, S>, thread: &Thread<S>) -> usize {
    // SAFETY: `thread` proves attachment; `reference` keeps the object alive.
    unsafe { S::count(reference.object(), thread.id(), &thread.inner().attached) }
}

/// Releases a reference as another thread would, and destroys what is due then.
///
/// # Safety
/// - The caller owns a reference to the object of `contents`, which [`counted::allocate`] has made,
///   and does not use it after.
pub unsafe fn release_counted_as_another<S: AsAnother + WeakCounts>(contents: NonNull<u8>) {
    // SAFETY: the caller's duty.
    let object = unsafe { counted::object::<S>(contents) };
    // SAFETY: the caller's duty.
    let released = counted::with_due(|due| unsafe { S::release_as_another(object, due) });
    // SAFETY: that was the release.
    unsafe { counted::settle::<S>(contents, released) };
}

/// The calling thread exits, as far as the strategy goes: a model must say so itself.
pub fn exit<S: LeaveAtExit>() {
    S::leave_at_exit(&mut Due::new());
    destruction::run_due();
}

/// Whether the object is immortal.
pub fn is_immortal<T, S: Strategy>(reference: &Ref<T, S>) -> bool {
    // SAFETY: `reference` keeps the object alive.
    unsafe { reference.object().is_immortal() }
}

/// Destroys an immortal object: models end many times in a process and must leave nothing behind.
///
/// # Safety
/// - Nobody else uses the object any more, and everything done with it happens before.
pub unsafe fn end_immortal<T, S: Strategy>(reference: Ref<T, S>) {
    let object = ManuallyDrop::new(reference).object();
    // SAFETY: the caller's duty.
    unsafe { object.claim() };
    // SAFETY: claimed just now, of this type, and destroyed once.
    unsafe { Object::<T, S>::destroy(object.cast()) };
}

/// A strategy under which objects have owners.
///
/// # Safety
/// - `is_owner` answers as a retain by the calling thread would.
pub unsafe trait Owned: Strategy {
    /// Whether the object is the calling thread's own, whose count it changes without an atomic
    /// step.
    ///
    /// # Safety
    /// - As for [`Strategy::retain`].
    unsafe fn is_owner(object: ObjectPtr<Self>, id: Self::Id) -> bool;
}

/// Whether the calling thread is the owner of an object.
pub fn is_owner<T, S: Owned>(reference: &Ref<T, S>, thread: &Thread<S>) -> bool {
    // SAFETY: `thread` proves attachment; `reference` keeps the object alive.
    unsafe { S::is_owner(reference.object(), thread.id()) }
}

/// A strategy that can be told to count as if the calling thread were another, which is not
/// attached.
///
/// # Safety
/// - The functions do what `retain_anywhere` and `release_anywhere` do on a thread that has never
///   used the runtime.
pub unsafe trait AsAnother: FreeThreaded {
    /// Adds a reference.
    ///
    /// # Safety
    /// - As for [`FreeThreaded::retain_anywhere`].
    unsafe fn retain_as_another(object: ObjectPtr<Self>) -> Retained {
        // SAFETY: the caller's duty.
        unsafe { Self::retain_anywhere(object) }
    }

    /// Takes a reference away.
    ///
    /// # Safety
    /// - As for [`FreeThreaded::release_anywhere`].
    unsafe fn release_as_another(object: ObjectPtr<Self>, due: &mut Due<Self>) -> Released {
        // SAFETY: the caller's duty.
        unsafe { Self::release_anywhere(object, due) }
    }
}

/// Clones a reference as a thread that is not attached would, even if the calling thread is
/// attached.
///
/// With [`release_as_another`], a single thread can bring an object into any state that several
/// could.
pub fn clone_as_another<T, S: AsAnother>(reference: &Ref<T, S>) -> Ref<T, S> {
    // SAFETY: `reference` keeps the object alive.
    let retained = unsafe { S::retain_as_another(reference.object()) };
    // SAFETY: as above.
    unsafe { retained.settle(reference.object()) };
    // SAFETY: counted just now.
    unsafe { Ref::from_object(reference.object().cast()) }
}

/// Releases a reference as a thread that is not attached would, even if the calling thread is
/// attached.
pub fn release_as_another<T, S: AsAnother>(reference: Ref<T, S>) {
    let object = ManuallyDrop::new(reference).object();
    // SAFETY: the reference was the caller's, and is forgotten.
    let released = unsafe { S::release_as_another(object, &mut Due::new()) };
    // SAFETY: that was the reference to `object`.
    unsafe { settle(object, released) };
}
