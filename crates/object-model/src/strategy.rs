//! The trait that every strategy implements.

use std::fmt::Debug;

use keyway_sections::ContentsLock;
use keyway_sync::StaticLock;

use crate::destruction::Due;
use crate::header::{CountWords, ObjectPtr};
use crate::owed::{CountPath, Released, Retained};

/// The identity of a runtime: all threads, references and objects of one strategy type in this
/// process.
///
/// Compared by address. A strategy declares one `static` of this type for each runtime.
#[derive(Debug)]
pub struct Runtime {
    /// The strategy's id, such as `biased-counts`.
    pub id: &'static str,
    /// The lock of foreign code: see [`Thread::exclusive`](crate::Thread::exclusive).
    pub(crate) foreign: StaticLock,
}

impl Runtime {
    /// A runtime of the strategy with this id.
    pub const fn new(id: &'static str) -> Self {
        Runtime { id, foreign: StaticLock::new() }
    }
}

/// An answer to the two questions: who may change an object's count, and who may touch its
/// contents.
///
/// All state of a strategy is process-wide, so there is no value of this type to pass around; the
/// type stands for the runtime. The functions are in three groups: threads, counts, contents. None
/// of them may run user code or unwind, and none may wait for anything but the strategy's own
/// locks.
///
/// # Words
/// A thread is *attached* from the return of [`attach`](Self::attach) to the call of
/// [`detach`](Self::detach), except from the call of [`leave`](Self::leave) to the return of
/// [`reenter`](Self::reenter).
///
/// # Safety
/// Implementors promise:
/// - **Counting.** An object is born with one reference; `retain` adds one, `release` and
///   `release_unattached` take one away or hand it to a queue, which then owns it. `Destroy` is
///   returned, or the object put into [`Due`], exactly once: when the last reference has gone, and
///   no queue holds one either. From then on the strategy does not touch the object.
/// - **Order.** Everything that was done with an object before any of its releases happens before
///   that moment.
/// - **Contents.** `Lock` keeps its own contract ([`ContentsLock`]); a strategy that uses `NoLock`
///   lets at most one thread be attached at any time.
/// - **Threads.** `attach` and `reenter` do what makes the caller's use of `retain` and `release`
///   sound, `detach` and `leave` undo it; each takes effect before the function returns.
/// - **Immortals.** If `SPARES_IMMORTALS`, no object whose count was made by `immortal_count` is
///   owed for.
/// - **Identity.** `runtime` always returns the same static, which no other strategy type returns.
pub unsafe trait Strategy: Sized + Send + Sync + Debug + 'static {
    // --- threads ---

    /// The data that the strategy keeps for an attached thread. It is moved out of
    /// [`attach`](Self::attach), so nothing may point into it that `attach` has made; later calls
    /// borrow it in one place.
    type Attached;

    /// This strategy's runtime.
    fn runtime() -> &'static Runtime;

    /// Attaches this OS thread; may wait for its turn.
    fn attach(due: &mut Due<Self>) -> Self::Attached;

    /// Detaches this OS thread.
    fn detach(attached: &Self::Attached, due: &mut Due<Self>);

    /// Lets others in where the strategy has something to let in; cheap otherwise.
    fn checkpoint(attached: &Self::Attached, due: &mut Due<Self>);

    /// Called before a blocking region: the thread is not attached from now on.
    fn leave(attached: &Self::Attached, due: &mut Due<Self>);

    /// Called after a blocking region: the thread is attached again; may wait for its turn.
    fn reenter(attached: &Self::Attached, due: &mut Due<Self>);

    // --- counts ---

    /// The data of the thread that a retain and a release need, if any: a copy is kept in the
    /// token, and so in a register. The functions below are given it along with the result of
    /// [`attach`](Self::attach), of which it is part; most need one of the two or neither.
    type Id: Copy + Debug + 'static;

    /// The id of an attached thread; the same from [`attach`](Self::attach) to
    /// [`detach`](Self::detach).
    fn id(attached: &Self::Attached) -> Self::Id;

    /// The count in each object's header.
    type Count: CountWords;

    /// The count of a new object: one reference, which belongs to the caller.
    fn new_count(id: Self::Id, attached: &Self::Attached) -> Self::Count;

    /// The count of a new object that is immortal. The object model destroys no such object, and
    /// ignores the results of `release` and `retain`; a strategy whose counts are shared by threads
    /// looks at [`ObjectPtr::is_immortal`] and does not touch the count.
    fn immortal_count(id: Self::Id, attached: &Self::Attached) -> Self::Count {
        Self::new_count(id, attached)
    }

    /// Whether the count of an immortal object is not touched, so that no release owes its
    /// destruction: the object model need not look then.
    const SPARES_IMMORTALS: bool = false;

    /// Adds a reference.
    ///
    /// # Safety
    /// - The calling thread is attached, with `attached`, and `id` is its id.
    /// - The caller keeps the object alive during the call, by a reference.
    unsafe fn retain(object: ObjectPtr<Self>, id: Self::Id, attached: &Self::Attached) -> Retained;

    /// Takes the caller's reference away.
    ///
    /// # Safety
    /// - The calling thread is attached, with `attached`, and `id` is its id.
    /// - The caller owns a reference, and does not use it after.
    unsafe fn release(
        object: ObjectPtr<Self>,
        id: Self::Id,
        attached: &Self::Attached,
        due: &mut Due<Self>,
    ) -> Released;

    /// Takes a reference away on a thread that is not attached to this runtime.
    ///
    /// # Safety
    /// - The calling thread is not attached to this runtime.
    /// - The caller owns a reference, and does not use it after.
    /// - The object is not immortal: the caller has looked.
    unsafe fn release_unattached(object: ObjectPtr<Self>, due: &mut Due<Self>) -> Released;

    /// The number of references, as well as this thread can tell; the strategy's PROTOCOL.md says
    /// when it is exact.
    ///
    /// # Safety
    /// - As for [`retain`](Self::retain).
    unsafe fn count(object: ObjectPtr<Self>, id: Self::Id, attached: &Self::Attached) -> usize;

    /// How this thread would change the object's count now: a hint for statistics, which others may
    /// make untrue at any time. Strategies under which objects have no owners leave it as it is.
    ///
    /// # Safety
    /// - As for [`retain`](Self::retain).
    unsafe fn path(object: ObjectPtr<Self>, id: Self::Id) -> CountPath {
        let _ = (object, id);
        CountPath::Common
    }

    /// As [`path`](Self::path), for a thread that brings no token along; legal on any thread at any
    /// time.
    ///
    /// # Safety
    /// - The caller keeps the object alive during the call, by a reference.
    unsafe fn path_anywhere(object: ObjectPtr<Self>) -> CountPath {
        let _ = object;
        CountPath::Common
    }

    // --- contents ---

    /// The lock on the contents of a [`Guarded`](crate::Guarded): its `lock`, `try_lock` and
    /// `unlock` are all that sections, their nesting and their suspension need.
    type Lock: ContentsLock;
}

/// A strategy under which threads run in parallel, and references are made, cloned and dropped with
/// no token at hand.
///
/// Gives [`Ref`](crate::Ref) a [`Clone`] and a [`new`](crate::Ref::new). Each function may be
/// called on any thread at any time: attached to this runtime or another or to none, or while its
/// thread-locals are being destroyed.
///
/// # Safety
/// - The functions keep the promises of [`Strategy`] on any thread at any time.
pub unsafe trait FreeThreaded: Strategy {
    /// The count of a new object: one reference, which belongs to the caller.
    fn new_count_anywhere() -> Self::Count;

    /// Whether others have queued something to this OS thread; cheap.
    fn is_queued() -> bool;

    /// Carries out what others have queued to this OS thread.
    fn collect(due: &mut Due<Self>);

    /// Adds a reference.
    ///
    /// # Safety
    /// - The caller keeps the object alive during the call, by a reference.
    unsafe fn retain_anywhere(object: ObjectPtr<Self>) -> Retained;

    /// Takes a reference away.
    ///
    /// # Safety
    /// - The caller owns a reference, and does not use it after.
    unsafe fn release_anywhere(object: ObjectPtr<Self>, due: &mut Due<Self>) -> Released;

    /// As [`release_anywhere`](Self::release_anywhere); `end` is called with what is owed, if that
    /// is not nothing, and after everything else. It may unwind.
    ///
    /// For a strategy that can keep what is seldom needed, `end` included, out of the caller's way.
    ///
    /// # Safety
    /// - As for `release_anywhere`.
    #[inline]
    unsafe fn release_anywhere_then(
        object: ObjectPtr<Self>,
        due: &mut Due<Self>,
        end: impl FnOnce(Released),
    ) {
        // SAFETY: the caller's duty.
        let released = unsafe { Self::release_anywhere(object, due) };
        if released != Released::Nothing {
            end(released);
        }
    }
}
