//! The strategy: its answers, put together.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::task::Waker;

use keyway_object_model::counted::WeakOnes;
use keyway_object_model::{
    CountPath, Due, FreeThreaded, ObjectPtr, Released, Retained, Runtime, Strategy, Upgraded, WeakCounts,
};

use crate::access::Lock;
use crate::anywhere;
use crate::bits::Bias;
#[cfg(feature = "testing")]
use crate::bits::MOST;
use crate::count;
use crate::judge;
use crate::layout::{Apart, Compact, Layout};
use crate::thread::{self, Attached};
use crate::word::Words;

/// Counts are biased: the thread that made an object counts in a plain word, all others in an
/// atomic one. Contents have a lock each. `L` says where the two words lie; each layout is a
/// runtime of its own.
#[derive(Debug)]
pub struct BiasedCounts<L: Layout = Compact> {
    _never: Infallible,
    _layout: PhantomData<L>,
}

// SAFETY: counting and order are argued in PROTOCOL.md, "Why it is right"; contents have an
// `ObjectLock`; attaching enters the table and detaching leaves it, on which I2 rests; the runtime
// is the layout's, which is no other's.
unsafe impl<L: Layout> Strategy for BiasedCounts<L> {
    type Attached = Attached;

    #[inline]
    fn runtime() -> &'static Runtime {
        L::runtime()
    }

    #[inline(never)]
    fn attach(_: &mut Due<Self>) -> Attached {
        thread::attach::<L>()
    }

    #[inline(never)]
    fn detach(attached: &Attached, due: &mut Due<Self>) {
        thread::leave_table(attached, due);
    }

    #[inline]
    fn checkpoint(attached: &Attached, due: &mut Due<Self>) {
        thread::drain(attached, due);
    }

    #[inline(never)]
    fn leave(attached: &Attached, due: &mut Due<Self>) {
        thread::begin_region(attached, due);
    }

    #[inline(never)]
    fn reenter(attached: &Attached, _: &mut Due<Self>) {
        thread::end_region::<L>(attached);
    }

    type Id = Bias;

    #[inline]
    fn id(attached: &Attached) -> Bias {
        attached.bias()
    }

    type Count = Words<L>;

    #[inline]
    fn new_count(bias: Bias, _: &Attached) -> Words<L> {
        Words::owned_by(bias)
    }

    /// Of nobody, so that no thread counts in its own word.
    #[inline(never)]
    fn immortal_count(_: Bias, _: &Attached) -> Words<L> {
        Words::born_merged()
    }

    const SPARES_IMMORTALS: bool = true;

    #[inline]
    unsafe fn retain(object: ObjectPtr<Self>, bias: Bias, _: &Attached) -> Retained {
        // SAFETY: the caller keeps the object alive.
        unsafe { count::retain(object, bias) }
    }

    #[inline]
    unsafe fn release(object: ObjectPtr<Self>, bias: Bias, _: &Attached, due: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns the reference.
        unsafe { count::release(object, bias, due) }
    }

    #[inline(never)]
    unsafe fn release_unattached(object: ObjectPtr<Self>, due: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns the reference.
        unsafe { count::release(object, thread::present::<L>(), due) }
    }

    #[inline]
    unsafe fn count(object: ObjectPtr<Self>, _: Bias, _: &Attached) -> usize {
        // SAFETY: the caller keeps the object alive.
        count::count(unsafe { object.count() })
    }

    #[inline(never)]
    unsafe fn path(object: ObjectPtr<Self>, bias: Bias) -> CountPath {
        // SAFETY: the caller keeps the object alive.
        count::path(unsafe { object.count() }, bias)
    }

    #[inline(never)]
    unsafe fn path_anywhere(object: ObjectPtr<Self>) -> CountPath {
        // SAFETY: the caller keeps the object alive.
        count::path(unsafe { object.count() }, thread::present::<L>())
    }

    type Lock = Lock;
}

// SAFETY: a thread counts as the owner only while it is in the table, token or not (I2), which the
// thread-local that is asked says.
unsafe impl<L: Layout> FreeThreaded for BiasedCounts<L> {
    #[inline]
    fn new_count_anywhere() -> Words<L> {
        Words::owned_by(thread::present_to_own::<L>())
    }

    #[inline]
    fn is_queued() -> bool {
        thread::is_queued::<L>()
    }

    #[inline(never)]
    fn collect(due: &mut Due<Self>) {
        thread::drain_now(due);
    }

    #[inline]
    unsafe fn retain_anywhere(object: ObjectPtr<Self>) -> Retained {
        // SAFETY: the caller keeps the object alive.
        unsafe { anywhere::retain(object) }
    }

    #[inline]
    unsafe fn release_anywhere(object: ObjectPtr<Self>, due: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns the reference.
        unsafe { count::release(object, thread::present::<L>(), due) }
    }

    #[inline]
    unsafe fn release_anywhere_then(object: ObjectPtr<Self>, _: &mut Due<Self>, end: impl FnOnce(Released)) {
        // SAFETY: the caller owns the reference.
        unsafe { anywhere::release_then(object, end) }
    }
}

// SAFETY: argued in PROTOCOL.md, "Weak references" and "The only reference".
unsafe impl<L: Layout> WeakCounts for BiasedCounts<L> {
    #[inline(never)]
    fn new_count_unborn() -> Words<L> {
        Words::unborn()
    }

    #[inline(never)]
    unsafe fn publish(object: ObjectPtr<Self>) {
        // SAFETY: not freed, since the caller is making it.
        unsafe { object.count() }.publish(thread::present_to_own::<L>());
    }

    #[inline(never)]
    unsafe fn note_weak(object: ObjectPtr<Self>) {
        // SAFETY: the caller keeps the object alive.
        unsafe { object.count() }.note_weak();
    }

    #[inline(never)]
    unsafe fn upgrade(object: ObjectPtr<Self>, due: &mut Due<Self>) -> Upgraded {
        // SAFETY: the caller's weak reference keeps the memory.
        unsafe { judge::upgrade(object, thread::present::<L>(), due) }
    }

    #[inline(never)]
    unsafe fn references(object: ObjectPtr<Self>) -> usize {
        // SAFETY: the caller keeps the memory.
        let references = unsafe { object.count() }.references();
        usize::try_from(references).unwrap_or(0)
    }

    #[inline(never)]
    unsafe fn is_sole(object: ObjectPtr<Self>, due: &mut Due<Self>) -> bool {
        // SAFETY: the caller's duty.
        unsafe { judge::is_sole(object, due) }
    }

    #[inline(never)]
    unsafe fn try_take(object: ObjectPtr<Self>, weak: &WeakOnes, due: &mut Due<Self>) -> bool {
        // SAFETY: the caller's duty.
        unsafe { judge::try_take(object, weak, due) }
    }

    #[inline(never)]
    unsafe fn release_to_take(object: ObjectPtr<Self>, weak: &WeakOnes, due: &mut Due<Self>) -> Released {
        // SAFETY: the caller's duty.
        unsafe { judge::release_to_take(object, weak, due) }
    }

    #[inline(never)]
    unsafe fn set_link(words: &Words<L>, address: usize) {
        words.store_link(address);
    }

    #[inline(never)]
    unsafe fn link(words: &Words<L>) -> usize {
        words.load_link()
    }

    #[inline(never)]
    fn step_aside(due: &mut Due<Self>) {
        thread::step_aside(due);
    }

    #[inline(never)]
    fn wake_when_queued(waker: Option<Waker>, due: &mut Due<Self>) {
        thread::wake_when_queued(waker, due);
    }
}

#[cfg(feature = "testing")]
// SAFETY: the shared word is what a thread counts in that owns nothing.
unsafe impl<L: Layout> keyway_object_model::testing::AsAnother for BiasedCounts<L> {
    unsafe fn retain_as_another(object: ObjectPtr<Self>) -> Retained {
        // SAFETY: the caller keeps the object alive.
        unsafe { count::retain_by_another(object) }
    }

    unsafe fn release_as_another(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns the reference.
        unsafe { count::release_by_another(object) }
    }
}

#[cfg(feature = "testing")]
// SAFETY: adds to the owner's word or to the shared one what `references` retains would.
unsafe impl<L: Layout> keyway_object_model::testing::NearLimit for BiasedCounts<L> {
    const LIMIT: u64 = MOST;

    unsafe fn leak(object: ObjectPtr<Self>, bias: Bias, references: u64) {
        // SAFETY: the caller keeps the object alive.
        let words = unsafe { object.count() };
        let is_owner = words.own().counted_by(bias) <= MOST;
        let left = if is_owner { words.leak_own(references) } else { references };
        words.leak_shared(left);
    }
}

#[cfg(feature = "testing")]
// SAFETY: the same comparison as a retain's.
unsafe impl<L: Layout> keyway_object_model::testing::Owned for BiasedCounts<L> {
    unsafe fn is_owner(object: ObjectPtr<Self>, bias: Bias) -> bool {
        // SAFETY: the caller keeps the object alive.
        unsafe { object.count() }.own().counted_by(bias) <= MOST
    }
}

const _: () = assert!(keyway_sync::MODELLED || keyway_object_model::header_bytes::<BiasedCounts>() == 24);
const _: () =
    assert!(keyway_sync::MODELLED || keyway_object_model::header_bytes::<BiasedCounts<Apart>>() == 200);
