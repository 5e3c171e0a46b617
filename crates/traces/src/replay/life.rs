//! A strategy that counts nothing: what allocating, destroying, checkpoints and waiting cost under another one.

use std::marker::PhantomData;

use keyway_object_model::{Due, ObjectPtr, Released, Retained, Runtime, Strategy, Wrapped};

use crate::identity::runtime_of;

/// `S` without counts: an object has one reference, which cannot be cloned, and its release destroys it.
///
/// Threads, headers and locks are those of `S`, and so are the object model's allocation and destruction. Not to be offered to programs:
/// a retain ends the process.
#[derive(Debug)]
pub(super) struct Life<S>(PhantomData<fn(S) -> S>);

// SAFETY: counting: an object has one reference, since a retain owes the end of the process; so its release is the last, and no queue of
// `S` ever holds one. Order: whoever releases has the one reference. Threads and contents: as `S` promises. Identity: one static a wrapper.
unsafe impl<S: Strategy> Strategy for Life<S> {
    type Attached = S::Attached;

    fn runtime() -> &'static Runtime {
        runtime_of::<Self>("life-", S::runtime().id)
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

    type Count = Wrapped<S, ()>;

    #[inline]
    fn new_count(id: S::Id, attached: &S::Attached) -> Self::Count {
        Wrapped::new(S::new_count(id, attached), ())
    }

    #[inline]
    unsafe fn retain(_: ObjectPtr<Self>, _: S::Id, _: &S::Attached) -> Retained {
        Retained::Abort
    }

    #[inline]
    unsafe fn release(_: ObjectPtr<Self>, _: S::Id, _: &S::Attached, _: &mut Due<Self>) -> Released {
        Released::Destroy
    }

    unsafe fn release_unattached(_: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        Released::Destroy
    }

    unsafe fn count(_: ObjectPtr<Self>, _: S::Id, _: &S::Attached) -> usize {
        1
    }

    type Lock = S::Lock;
}
