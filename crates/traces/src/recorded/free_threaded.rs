//! Recording what needs no token: references made, cloned and dropped anywhere, and weak ones.

use std::task::Waker;

use keyway_object_model::counted::WeakOnes;
use keyway_object_model::{
    CountPath, Due, FreeThreaded, ObjectPtr, Released, Retained, Upgraded, WeakCounts, Wrapped,
};

use super::tape::{self, Tag};
use super::{Recorded, Recorder, is_global_lock, named};
use crate::observed::{Change, Observer, words};

// SAFETY: counts are those of `S`, to which each duty is handed on; the recording is as for
// `Strategy`.
unsafe impl<S: FreeThreaded> FreeThreaded for Recorded<S> {
    fn new_count_anywhere() -> Self::Count {
        Wrapped::new(S::new_count_anywhere(), Recorder::born::<S>(false))
    }

    fn is_queued() -> bool {
        S::is_queued()
    }

    fn collect(due: &mut Due<Self>) {
        S::collect(&mut due.wrapped());
    }

    unsafe fn retain_anywhere(object: ObjectPtr<Self>) -> Retained {
        // SAFETY: the caller keeps the object alive.
        let path = |object| unsafe { S::path_anywhere(object) };
        // SAFETY: the caller's duty.
        unsafe { Self::show(Change::Retain, object, path) };
        // SAFETY: the caller's duty.
        unsafe { S::retain_anywhere(object.wrapped()) }
    }

    unsafe fn release_anywhere(object: ObjectPtr<Self>, due: &mut Due<Self>) -> Released {
        // SAFETY: alive, by the caller's reference.
        let path = |object| unsafe { S::path_anywhere(object) };
        // SAFETY: the caller's duty.
        let is_mortal = unsafe { Self::show(Change::Release, object, path) };
        // SAFETY: the caller's duty.
        let released = unsafe { S::release_anywhere(object.wrapped(), &mut due.wrapped()) };
        // SAFETY: returned just now.
        unsafe { Self::show_end(object, is_mortal, released) }
    }
}

// SAFETY: counts are those of `S`, to which each duty is handed on. Once gone, gone: the tag is not
// one of the words of `S`, and no answer depends on it.
unsafe impl<S: WeakCounts> WeakCounts for Recorded<S> {
    fn new_count_unborn() -> Self::Count {
        Wrapped::new(S::new_count_unborn(), Tag::unborn())
    }

    unsafe fn publish(object: ObjectPtr<Self>) {
        // Before it takes place: nobody has a reference earlier.
        // SAFETY: not freed, since the caller is making it.
        tape::born(unsafe { words(object) }, false, is_global_lock::<S>());
        // SAFETY: the caller's duty.
        unsafe { S::publish(object.wrapped()) };
    }

    unsafe fn note_weak(object: ObjectPtr<Self>) {
        // SAFETY: the caller's duty.
        unsafe { S::note_weak(object.wrapped()) };
    }

    unsafe fn upgrade(object: ObjectPtr<Self>, due: &mut Due<Self>) -> Upgraded {
        // SAFETY: the caller's weak reference keeps the memory.
        let tag = unsafe { words(object) };
        let attempt = tape::attempt(tag);
        // SAFETY: the caller's duty.
        let upgraded = unsafe { S::upgrade(object.wrapped(), &mut due.wrapped()) };
        if let (Upgraded::Reference, Some(attempt)) = (upgraded, attempt) {
            // SAFETY: there is a reference now.
            let path = unsafe { S::path_anywhere(object.wrapped()) };
            tape::succeed(&attempt, tag, path == CountPath::Owner);
        }
        upgraded
    }

    unsafe fn references(object: ObjectPtr<Self>) -> usize {
        // SAFETY: the caller's duty.
        unsafe { S::references(object.wrapped()) }
    }

    unsafe fn is_sole(object: ObjectPtr<Self>, due: &mut Due<Self>) -> bool {
        // SAFETY: the caller's duty.
        unsafe { S::is_sole(object.wrapped(), &mut due.wrapped()) }
    }

    unsafe fn try_take(object: ObjectPtr<Self>, weak: &WeakOnes, due: &mut Due<Self>) -> bool {
        // SAFETY: alive, by the caller's reference.
        let path = unsafe { S::path_anywhere(object.wrapped()) };
        // SAFETY: the caller's duty.
        let taken = unsafe { S::try_take(object.wrapped(), weak, &mut due.wrapped()) };
        if taken {
            // Afterwards, since it may say no. After a yes nobody else changes the count.
            // SAFETY: the memory is the caller's to free.
            tape::took(unsafe { words(object) }, named::<S>(path));
        }
        taken
    }

    unsafe fn release_to_take(object: ObjectPtr<Self>, weak: &WeakOnes, due: &mut Due<Self>) -> Released {
        // SAFETY: alive, by the caller's reference.
        let path = |object| unsafe { S::path_anywhere(object) };
        // SAFETY: the caller's duty.
        let is_mortal = unsafe { Self::show(Change::Release, object, path) };
        // SAFETY: the caller's duty.
        let released = unsafe { S::release_to_take(object.wrapped(), weak, &mut due.wrapped()) };
        // SAFETY: returned just now.
        unsafe { Self::show_end(object, is_mortal, released) }
    }

    unsafe fn set_link(count: &Self::Count, address: usize) {
        // SAFETY: the caller's duty.
        unsafe { S::set_link(count.inner(), address) };
    }

    unsafe fn link(count: &Self::Count) -> usize {
        // SAFETY: the caller's duty.
        unsafe { S::link(count.inner()) }
    }

    fn step_aside(due: &mut Due<Self>) {
        S::step_aside(&mut due.wrapped());
    }

    fn wake_when_queued(waker: Option<Waker>, due: &mut Due<Self>) {
        S::wake_when_queued(waker, &mut due.wrapped());
    }
}
