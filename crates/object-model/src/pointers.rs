//! The functions that a strategy adds for pointer types that need no attached thread, and for weak
//! references.

use std::task::Waker;

use crate::counted::WeakOnes;
use crate::destruction::{self, Due};
use crate::header::ObjectPtr;
use crate::owed::Released;
use crate::strategy::FreeThreaded;

/// The result of an attempt to make a reference from a weak one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Upgraded {
    /// There is one reference more, which is the caller's.
    Reference,
    /// The last reference has gone, for good.
    Gone,
    /// The end of the process, as [`Retained::Abort`](crate::Retained::Abort).
    Abort,
}

/// A strategy whose objects can have weak references, and whose exact counts can be found, on any
/// thread at any time.
///
/// Weak references are counted apart from the strategy's words, by the object model; to the
/// strategy their holders are the callers of [`upgrade`](Self::upgrade). A strategy is asked of a
/// count whether the caller's reference is the only one. The answer yes is exact. A no may be
/// overtaken at once by other holders, and PROTOCOL.md says where else it can be given.
///
/// # Safety
/// Implementors promise, besides what [`Strategy`](crate::Strategy) asks:
/// - **Once gone, gone.** After `Destroy` was returned, an object put into [`Due`], or `true` by
///   [`try_take`](Self::try_take), no `upgrade` of that object answers `Reference`; and the words
///   are written no more but by [`set_link`](Self::set_link).
/// - **Alone.** When [`is_sole`](Self::is_sole) answers yes, no other reference exists, but for one
///   that a queue may have and that is only taken away; when `try_take` does, not even that. When
///   either answers yes, all uses of the object by others before their releases happen before.
pub unsafe trait WeakCounts: FreeThreaded {
    /// The count of an object whose contents are still to be made: no reference, and
    /// [`upgrade`](Self::upgrade) finds it gone, until [`publish`](Self::publish).
    fn new_count_unborn() -> Self::Count;

    /// The contents have been made: the object has one reference, which is the caller's. The
    /// caller's uses of it up to now happen before all uses of a reference that `upgrade` makes.
    ///
    /// # Safety
    /// - The count was made by [`new_count_unborn`](Self::new_count_unborn), and this is called
    ///   once.
    unsafe fn publish(object: ObjectPtr<Self>);

    /// From now on the object may have weak references; called before each is made of a reference.
    ///
    /// # Safety
    /// - The caller keeps the object alive during the call, by a reference.
    unsafe fn note_weak(object: ObjectPtr<Self>);

    /// Adds a reference, unless the last one has gone. An object that turns out to be due is not
    /// destroyed by this call, since no destructor may run under it, but when the thread next
    /// destroys something or [collects](FreeThreaded::collect);
    /// [`is_queued`](FreeThreaded::is_queued) says that it should.
    ///
    /// # Safety
    /// - The caller has a weak reference, which keeps the object's memory.
    unsafe fn upgrade(object: ObjectPtr<Self>, due: &mut Due<Self>) -> Upgraded;

    /// The number of references, as well as this thread can tell; zero once the last has gone.
    ///
    /// # Safety
    /// - The caller keeps the object's memory during the call, by a reference or a weak one.
    unsafe fn references(object: ObjectPtr<Self>) -> usize;

    /// Whether the caller's reference is the only one. If there may be weak references, the caller
    /// sees to it that none is upgraded meanwhile.
    ///
    /// # Safety
    /// - The caller owns a reference, and keeps it.
    unsafe fn is_sole(object: ObjectPtr<Self>, due: &mut Due<Self>) -> bool;

    /// Takes the caller's reference away if it is the only one: true, and the contents are the
    /// caller's to move or drop; false, and nothing has happened. Threads that are kept out of
    /// `weak` are let in again by the return.
    ///
    /// # Safety
    /// - The caller owns a reference, and does not use it after `true`. `weak` are those of the
    ///   object.
    unsafe fn try_take(object: ObjectPtr<Self>, weak: &WeakOnes, due: &mut Due<Self>) -> bool;

    /// Takes the caller's reference away for good, such that of all holders that call this, exactly
    /// one is told `Destroy`, and may move the contents elsewhere. Threads that are kept out of
    /// `weak` are let in again before the reference is given up to others.
    ///
    /// # Safety
    /// - The caller owns a reference, and does not use it after. `weak` are those of the object.
    unsafe fn release_to_take(object: ObjectPtr<Self>, weak: &WeakOnes, due: &mut Due<Self>) -> Released;

    /// Keeps an address in the words of an object whose last reference has gone, while weak
    /// references may still look at them.
    ///
    /// # Safety
    /// - The last reference has gone, and the caller is the holder that was told; `address` is a
    ///   multiple of 8.
    unsafe fn set_link(count: &Self::Count, address: usize);

    /// The address that [`set_link`](Self::set_link) kept.
    ///
    /// # Safety
    /// - As for `set_link`, which has been called by this thread.
    unsafe fn link(count: &Self::Count) -> usize;

    /// This OS thread stops being an owner that must be asked, until it makes an object again
    /// outside of what [runs as it leaves](crate::is_leaving); carries out what was queued.
    /// Does nothing on a thread that is attached by a token.
    fn step_aside(due: &mut Due<Self>);

    /// Has `waker` woken whenever there is news for this OS thread and was none before, and at once
    /// if there is some; `None` ends that. News is what is queued and will not be carried out by a
    /// [`collect`](FreeThreaded::collect) that has begun, or what is due and will not be destroyed
    /// by a call that has begun. It lasts until the OS thread leaves, steps aside or exits; if it
    /// [is leaving](crate::is_leaving), it may have ended at once.
    ///
    /// The strategy wakes and drops no waker itself: it says [`wake_soon`](crate::wake_soon) and
    /// [`Due::forget`]. Waking is done on the thread that releases. Where nothing is ever queued,
    /// the waker is forgotten.
    fn wake_when_queued(waker: Option<Waker>, due: &mut Due<Self>);
}

/// Has `leave` called when this OS thread exits, and destroys what it puts into its [`Due`]. For
/// strategies that keep something for a thread that has no token. False if the thread is on its way
/// out already: then it is not called.
#[must_use]
pub fn at_thread_exit<S: FreeThreaded + LeaveAtExit>() -> bool {
    keyway_sync::exit::at_exit(|| {
        S::leave_at_exit(&mut Due::new());
        destruction::run_due_leaving();
    })
}

/// The function that [`at_thread_exit`] calls.
pub trait LeaveAtExit: FreeThreaded {
    /// This OS thread exits.
    fn leave_at_exit(due: &mut Due<Self>);
}
