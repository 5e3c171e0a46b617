//! The strategy: its answers, put together.

use std::marker::PhantomData;
use std::time::Duration;

use keyway_object_model::{Due, ObjectPtr, Released, Retained, Runtime, Strategy};

use crate::access::{NoLock, Policy, ReturningFirst, Ticks, Timed};
use crate::runtime::{Isolate, Main};
use crate::thread::{self, Attached};
use crate::word::Word;
use crate::{count, reclaim};

/// One lock on the whole runtime: the thread that holds it may change every count and touch all
/// contents. `P` is the policy that says when the lock changes hands, `R` the runtime.
///
/// # Fork
/// A thread that is attached when it calls the C library's `fork` goes on in the child as the
/// runtime's only thread, and may start others. So does a thread that is not attached, if none is
/// at that moment. If another thread is attached, nobody can attach in the child.
///
/// # Aborts
/// In such a child: at the first attach, or at the end of the blocking region in which the process
/// was forked.
#[derive(Debug)]
pub struct GlobalLock<P: Policy, R = Main> {
    _marker: PhantomData<(P, R)>,
}

impl<P: Timed, R: Isolate<P>> GlobalLock<P, R> {
    /// How long a thread waits for the lock before it asks for it (`Interval`), or how long a turn
    /// lasts while others wait (`ReturningFirst`).
    pub fn switch_interval() -> Duration {
        Duration::from_micros(R::state().interval().into())
    }

    /// Sets [`switch_interval`](Self::switch_interval) for all threads of this runtime, from their
    /// next wait on, as `sys.setswitchinterval` does in CPython. Rounded down to microseconds, at
    /// least one and at most 2^32 - 1.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use keyway_global_lock::{GlobalLock, Interval};
    ///
    /// assert_eq!(GlobalLock::<Interval>::switch_interval(), Duration::from_millis(5));
    /// GlobalLock::<Interval>::set_switch_interval(Duration::from_micros(100));
    /// assert_eq!(GlobalLock::<Interval>::switch_interval(), Duration::from_micros(100));
    /// ```
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

    /// Sets [`switch_interval`](Self::switch_interval) for all threads of this runtime, at once, as
    /// `sys.setcheckinterval` did in CPython 2. Zero counts as one.
    pub fn set_switch_interval(checkpoints: u32) {
        R::state().set_interval(checkpoints.max(1));
    }
}

// SAFETY: counting and order are argued in PROTOCOL.md, "Why it is right"; the lock lets one thread
// at a time be attached, which `NoLock` needs; `Isolate` promises that no other type has this
// runtime.
unsafe impl<P: Policy, R: Isolate<P>> Strategy for GlobalLock<P, R> {
    type Attached = Attached<P>;

    #[inline]
    fn runtime() -> &'static Runtime {
        R::runtime()
    }

    fn attach(due: &mut Due<Self>) -> Attached<P> {
        let attached = thread::attach::<P, R>();
        // SAFETY: the lock is held.
        unsafe { reclaim::drain(due) };
        attached
    }

    fn detach(attached: &Attached<P>, due: &mut Due<Self>) {
        // SAFETY: the lock is held.
        unsafe { reclaim::drain(due) };
        thread::give_up::<P, R>(attached);
    }

    #[inline]
    fn checkpoint(attached: &Attached<P>, due: &mut Due<Self>) {
        thread::checkpoint::<P, R>(attached);
        // SAFETY: the lock is held.
        unsafe { reclaim::drain(due) };
    }

    #[inline]
    fn leave(attached: &Attached<P>, due: &mut Due<Self>) {
        // SAFETY: the lock is held.
        unsafe { reclaim::drain(due) };
        thread::give_up::<P, R>(attached);
    }

    #[inline]
    fn reenter(attached: &Attached<P>, due: &mut Due<Self>) {
        thread::take_again::<P, R>(attached);
        // SAFETY: the lock is held.
        unsafe { reclaim::drain(due) };
    }

    /// Counting does not depend on which thread it is.
    type Id = ();

    #[inline]
    fn id(_: &Attached<P>) {}

    type Count = Word;

    #[inline]
    fn new_count(_: (), _: &Attached<P>) -> Word {
        Word::new()
    }

    #[inline]
    unsafe fn retain(object: ObjectPtr<Self>, _: (), _: &Attached<P>) -> Retained {
        // SAFETY: attached, so the lock is held; the caller keeps the object alive.
        unsafe { count::retain(object) }
    }

    #[inline]
    unsafe fn release(object: ObjectPtr<Self>, _: (), _: &Attached<P>, _: &mut Due<Self>) -> Released {
        // SAFETY: attached, so the lock is held; the caller owns the reference.
        unsafe { count::release(object) }
    }

    unsafe fn release_unattached(object: ObjectPtr<Self>, due: &mut Due<Self>) -> Released {
        // SAFETY: not attached, and the reference is the caller's.
        unsafe { reclaim::release_unattached(object, due) }
    }

    #[inline]
    unsafe fn count(object: ObjectPtr<Self>, _: (), _: &Attached<P>) -> usize {
        // SAFETY: attached, so the lock is held; the caller keeps the object alive.
        unsafe { count::count(object) }
    }

    type Lock = NoLock;
}

#[cfg(feature = "testing")]
// SAFETY: adds to the count what `references` retains would.
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
    assert!(keyway_sync::MODELLED || keyway_object_model::header_bytes::<GlobalLock<ReturningFirst>>() == 16);
