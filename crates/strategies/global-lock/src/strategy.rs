//! The strategy: its answers, put together.

use std::marker::PhantomData;
use std::time::Duration;

use keyway_object_model::{Due, ObjectPtr, Released, Retained, Runtime, Strategy};

use crate::access::{Interval, NoLock, Policy, Ticks};
use crate::runtime::{Isolate, Main};
use crate::thread::{self, Attached};
use crate::word::Word;
use crate::{count, reclaim};

/// One lock on the whole runtime: whoever holds it may change every count and touch all contents. `P` says when it changes
/// hands, `R` which runtime it is.
#[derive(Debug)]
pub struct GlobalLock<P: Policy, R = Main> {
    _marker: PhantomData<(P, R)>,
}

impl<R: Isolate<Interval>> GlobalLock<Interval, R> {
    /// How long a thread waits for the lock before it asks for it.
    pub fn switch_interval() -> Duration {
        Duration::from_micros(R::state().interval().into())
    }

    /// Sets [`switch_interval`](Self::switch_interval) for all threads of this runtime, from their next wait on. Rounded to
    /// microseconds, at least one and at most 2^32 - 1.
    pub fn set_switch_interval(interval: Duration) {
        let micros = u32::try_from(interval.as_micros()).unwrap_or(u32::MAX);
        R::state().set_interval(micros.max(1));
    }
}

impl<R: Isolate<Ticks>> GlobalLock<Ticks, R> {
    /// How many checkpoints a thread passes before it gives the lock up.
    pub fn switch_interval() -> u32 {
        R::state().interval()
    }

    /// Sets [`switch_interval`](Self::switch_interval) for all threads of this runtime, at once. Zero counts as one.
    pub fn set_switch_interval(checkpoints: u32) {
        R::state().set_interval(checkpoints.max(1));
    }
}

// SAFETY: counting and order are argued in PROTOCOL.md, "Why it is right"; the lock lets one thread at a time be attached,
// which `NoLock` needs; `Isolate` promises that the runtime is this type's alone.
unsafe impl<P: Policy, R: Isolate<P>> Strategy for GlobalLock<P, R> {
    type Attached = Attached;

    #[inline]
    fn runtime() -> &'static Runtime {
        R::runtime()
    }

    fn attach(due: &mut Due<Self>) -> Attached {
        let attached = thread::attach::<P, R>();
        // SAFETY: the lock is held.
        unsafe { reclaim::drain(due) };
        attached
    }

    fn detach(_: &Attached, due: &mut Due<Self>) {
        // SAFETY: the lock is held.
        unsafe { reclaim::drain(due) };
        thread::give_up::<P, R>();
    }

    #[inline]
    fn checkpoint(attached: &Attached, due: &mut Due<Self>) {
        thread::checkpoint::<P, R>(attached);
        // SAFETY: the lock is held.
        unsafe { reclaim::drain(due) };
    }

    #[inline]
    fn leave(_: &Attached, due: &mut Due<Self>) {
        // SAFETY: the lock is held.
        unsafe { reclaim::drain(due) };
        thread::give_up::<P, R>();
    }

    #[inline]
    fn reenter(attached: &Attached, due: &mut Due<Self>) {
        thread::take::<P, R>(attached);
        // SAFETY: the lock is held.
        unsafe { reclaim::drain(due) };
    }

    /// Counting does not depend on which thread it is.
    type Id = ();

    #[inline]
    fn id(_: &Attached) {}

    type Count = Word;

    #[inline]
    fn new_count(_: (), _: &Attached) -> Word {
        Word::new()
    }

    #[inline]
    unsafe fn retain(object: ObjectPtr<Self>, _: (), _: &Attached) -> Retained {
        // SAFETY: attached, so the lock is held; the caller keeps the object alive.
        unsafe { count::retain(object) }
    }

    #[inline]
    unsafe fn release(object: ObjectPtr<Self>, _: (), _: &Attached, _: &mut Due<Self>) -> Released {
        // SAFETY: attached, so the lock is held; the caller owns the reference.
        unsafe { count::release(object) }
    }

    unsafe fn release_unattached(object: ObjectPtr<Self>, due: &mut Due<Self>) -> Released {
        // SAFETY: not attached, and the reference is the caller's.
        unsafe { reclaim::release_unattached(object, due) }
    }

    #[inline]
    unsafe fn count(object: ObjectPtr<Self>, _: (), _: &Attached) -> usize {
        // SAFETY: attached, so the lock is held; the caller keeps the object alive.
        unsafe { count::count(object) }
    }

    type Lock = NoLock;
}

#[cfg(feature = "testing")]
// SAFETY: adds to the count what so many retains would.
unsafe impl<P: Policy, R: Isolate<P>> keyway_object_model::testing::NearLimit for GlobalLock<P, R> {
    const LIMIT: u64 = u64::MAX;

    unsafe fn leak(object: ObjectPtr<Self>, _: (), references: u64) {
        // SAFETY: the caller keeps the object alive.
        let word = unsafe { object.count() };
        // SAFETY: attached, so the lock is held.
        unsafe { word.leak(references) };
    }
}

const _: () =
    assert!(keyway_sync::MODELLED || keyway_object_model::header_bytes::<GlobalLock<Interval>>() == 16);
