//! Weak references, and the question whether a reference is the only one.

use std::task::Waker;

use keyway_object_model::counted::WeakOnes;
use keyway_object_model::{Due, ObjectPtr, Released, SharedWord, Upgraded, WeakCounts};

use crate::strategy::AtomicCounts;
use crate::word::Word;

// SAFETY: "once gone, gone": an upgrade adds to no count that is zero or a link, and a taken one is
// zero. "Alone": the one word counts all references, and is read with Acquire (O6, O7).
unsafe impl WeakCounts for AtomicCounts {
    fn new_count_unborn() -> Word {
        Word::unborn()
    }

    unsafe fn publish(object: ObjectPtr<Self>) {
        // SAFETY: not freed, since the caller is making it.
        unsafe { object.count() }.publish();
    }

    /// The last release is an atomic step in any case, which no upgrade can be lost in.
    #[inline]
    unsafe fn note_weak(_: ObjectPtr<Self>) {}

    #[inline]
    unsafe fn upgrade(object: ObjectPtr<Self>, _: &mut Due<Self>) -> Upgraded {
        // SAFETY: the caller's weak reference keeps the memory.
        unsafe { object.count() }.upgrade()
    }

    unsafe fn references(object: ObjectPtr<Self>) -> usize {
        // SAFETY: the caller keeps the memory.
        unsafe { object.count() }.get()
    }

    unsafe fn is_sole(object: ObjectPtr<Self>, _: &mut Due<Self>) -> bool {
        // SAFETY: the caller has a reference.
        unsafe { object.count() }.is_one()
    }

    unsafe fn try_take(object: ObjectPtr<Self>, _: &WeakOnes, _: &mut Due<Self>) -> bool {
        // SAFETY: the caller has a reference.
        unsafe { object.count() }.try_take()
    }

    unsafe fn release_to_take(object: ObjectPtr<Self>, _: &WeakOnes, _: &mut Due<Self>) -> Released {
        // SAFETY: the caller owns a reference until the decrement.
        let word = unsafe { object.count() };
        // SAFETY: the caller's reference, given up here.
        unsafe { word.release() }
    }

    unsafe fn set_link(word: &Word, address: usize) {
        word.store_link(address);
    }

    unsafe fn link(word: &Word) -> usize {
        word.load_link()
    }

    fn step_aside(_: &mut Due<Self>) {}

    /// Nothing is ever queued.
    fn wake_when_queued(waker: Option<Waker>, due: &mut Due<Self>) {
        if let Some(waker) = waker {
            due.forget(Word::new(), waker);
        }
    }
}
