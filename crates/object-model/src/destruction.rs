//! When and where destructors run: one at a time on an OS thread, outside sections, with bounded stack.
//!
//! Each OS thread has one list of objects whose destruction is *due* and one count of reasons to wait ([`Destruction::hold`]):
//! a destructor that is running, a section that is held. A destruction that becomes due meanwhile joins the list, and
//! whoever ends the last reason empties it. So the destruction of a chain is a loop, not a recursion.

use std::any::Any;
use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use crate::context::CONTEXT;
use crate::header::{Object, ObjectPtr, Prefix};
use crate::leaving::Leaving;
use crate::strategy::{FreeThreaded, Strategy};
#[cfg(debug_assertions)]
use crate::user::Strategys;
use crate::user::{self, Site};
use crate::wakes;

/// What one OS thread still has to destroy.
pub(crate) struct Destruction {
    /// Why destruction must wait: destructors running and outermost sections held on this OS thread.
    holds: Cell<usize>,
    /// Claimed objects, linked through their count words; the last to come is first.
    due: Cell<Option<NonNull<Prefix>>>,
}

impl Destruction {
    #[inline]
    pub(crate) const fn new() -> Self {
        Destruction { holds: Cell::new(0), due: Cell::new(None) }
    }

    /// From here to the matching [`unhold`](Self::unhold), destructions wait.
    #[inline]
    pub(crate) fn hold(&self) {
        self.holds.set(self.holds.get() + 1);
    }

    /// Ends a [`hold`](Self::hold). The last one destroys what has become due meanwhile; a destructor's panic is caught.
    #[inline]
    pub(crate) fn unhold(&self) {
        let holds = self.holds.get() - 1;
        self.holds.set(holds);
        if holds == 0 && self.due.get().is_some() {
            self.run_due();
        }
    }

    /// Destroys what is due, unless it must wait. A destructor's panic is caught: its hook has reported it.
    #[cold]
    pub(crate) fn run_due(&self) {
        if self.holds.get() != 0 {
            return;
        }
        self.hold();
        self.empty();
        self.holds.set(self.holds.get() - 1);
    }

    /// Destroys one object, or puts it on the list if destruction must wait.
    ///
    /// # Panics
    /// If the object's own destructor panics, after the rest of what is due has been destroyed all the same.
    ///
    /// # Safety
    /// - The object is claimed, and the claim is handed over to this call.
    #[inline]
    unsafe fn destroy(&self, object: NonNull<Prefix>) {
        if self.holds.get() != 0 {
            // SAFETY: the caller's duty.
            unsafe { self.put(object) };
        } else {
            // SAFETY: the caller's duty.
            unsafe { self.destroy_now(object) };
        }
    }

    /// As [`destroy`](Self::destroy), where destruction need not wait. Not inlined, so that each link of a chain finds only a few
    /// instructions in its way.
    #[inline(never)]
    unsafe fn destroy_now(&self, object: NonNull<Prefix>) {
        self.hold();
        let _rest = EmptyAndUnhold(self);
        // SAFETY: the caller's duty.
        unsafe { destroy_now(object) };
    }

    /// Puts an object on the list.
    ///
    /// # Safety
    /// - As for [`destroy`](Self::destroy).
    #[inline]
    unsafe fn put(&self, object: NonNull<Prefix>) {
        // SAFETY: claimed as its descriptor asks, by the caller's duty.
        unsafe { Prefix::set_link(object, self.due.get()) };
        self.due.set(Some(object));
    }

    #[inline]
    fn take(&self) -> Option<NonNull<Prefix>> {
        let object = self.due.get()?;
        // SAFETY: what is on the list is claimed and not destroyed yet; `put` set the link.
        self.due.set(unsafe { Prefix::link(object) });
        Some(object)
    }

    /// Destroys what is on the list and what joins it meanwhile.
    fn empty(&self) {
        // One catch for as long as nothing panics: setting it up costs about as much as the destruction of a small object.
        while self.due.get().is_some() {
            // U5.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| self.empty_until_a_panic())) {
                drop_payload(payload);
            }
        }
    }

    fn empty_until_a_panic(&self) {
        while let Some(object) = self.take() {
            // SAFETY: on the list, so claimed; off the list, so destroyed once.
            unsafe { destroy_now(object) };
        }
    }
}

/// A panic's payload may itself panic when it is dropped, which must not escape. What such a panic carries is leaked, so that this
/// ends.
#[cold]
fn drop_payload(payload: Box<dyn Any + Send>) {
    user::calls(Site::Destructor);
    // U5.
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    std::mem::forget(dropped);
}

/// Ends the hold of a destruction, also if the destructor panics.
struct EmptyAndUnhold<'a>(&'a Destruction);

impl Drop for EmptyAndUnhold<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.0.due.get().is_some() {
            self.0.empty();
        }
        self.0.holds.set(self.0.holds.get() - 1);
    }
}

/// # Safety
/// - The object is claimed, and not used after.
unsafe fn destroy_now(object: NonNull<Prefix>) {
    // SAFETY: a claimed object is not destroyed yet.
    let descriptor = unsafe { object.as_ref() }.descriptor();
    user::calls(Site::Destructor);
    // U5.
    // SAFETY: claimed, and this is the one time, by the caller's duty.
    unsafe { (descriptor.destroy)(object) }
}

/// Destroys an object whose last reference has just been released, now or when destruction need no longer wait.
///
/// # Panics
/// If the destructor panics and need not wait; what else is due has been destroyed then.
///
/// # Safety
/// - As for [`ObjectPtr::claim`], unless the object is immortal: then nothing happens.
#[inline]
pub(crate) unsafe fn destroy<S: Strategy>(object: ObjectPtr<S>) {
    // SAFETY: it has not been destroyed yet: that is what is asked for.
    if !S::SPARES_IMMORTALS && unsafe { object.is_immortal() } {
        return;
    }
    // SAFETY: the caller's duty.
    unsafe { object.claim() };
    // SAFETY: claimed just now.
    CONTEXT.with(|context| unsafe { context.destruction.destroy(object.prefix()) });
}

/// As [`destroy`], of an object that needs no claim or is claimed.
///
/// # Safety
/// - The object is claimed as its descriptor asks, and the claim is handed over.
pub(crate) unsafe fn destroy_claimed<S: Strategy>(object: ObjectPtr<S>) {
    // SAFETY: the caller's duty.
    CONTEXT.with(|context| unsafe { context.destruction.destroy(object.prefix()) });
}

/// Destroys what is due on this OS thread, unless it must wait.
#[inline]
pub(crate) fn run_due() {
    CONTEXT.with(|context| {
        if context.destruction.due.get().is_some() {
            context.destruction.run_due();
        }
    });
}

/// Does what a strategy has put aside: wakes what it wants woken, and destroys what is due, unless
/// it must wait.
pub(crate) fn pay() {
    wakes::run();
    run_due();
}

/// As [`run_due`], as this OS thread leaves: what runs does not make it an owner again.
#[inline]
pub(crate) fn run_due_leaving() {
    CONTEXT.with(|context| {
        if context.destruction.due.get().is_some() {
            let _leaving = Leaving::new();
            context.destruction.run_due();
        }
    });
}

/// Carries out what others have queued to this OS thread, and destroys what nobody holds then.
#[cold]
pub(crate) fn collect<S: FreeThreaded>() {
    S::collect(&mut Due::new());
    run_due();
}

/// Destructions wait while this lives, and take place when it is dropped.
pub(crate) struct Hold(());

impl Hold {
    #[inline]
    pub(crate) fn new() -> Self {
        CONTEXT.with(|context| context.destruction.hold());
        Hold(())
    }
}

impl Drop for Hold {
    #[inline]
    fn drop(&mut self) {
        CONTEXT.with(|context| context.destruction.unhold());
    }
}

/// The opposite of [`Hold`], inside one: destructions take place at once, and wait again after the drop.
pub(crate) struct Unhold(());

impl Unhold {
    #[inline]
    pub(crate) fn new() -> Self {
        CONTEXT.with(|context| context.destruction.unhold());
        Unhold(())
    }
}

impl Drop for Unhold {
    #[inline]
    fn drop(&mut self) {
        CONTEXT.with(|context| context.destruction.hold());
    }
}

/// Where a strategy puts the objects that it finds nobody holds any more while it works on its queues.
///
/// Putting runs no user code and allocates nothing, so it may be done under a strategy's own locks. The object model
/// destroys what was put once the strategy's function has returned, outside all locks. It alone makes a `Due`: a strategy's functions that attach, detach
/// or judge ask for one, so that nobody else calls those of a strategy that is not his own.
#[derive(Debug)]
pub struct Due<S: Strategy> {
    _strategy: PhantomData<fn(S) -> S>,
    /// A function of a strategy is under way as long as what it was lent. None where the function
    /// ends with a call of ours.
    #[cfg(debug_assertions)]
    _under_way: Option<Strategys>,
}

impl<S: Strategy> Due<S> {
    #[inline]
    pub(crate) fn new() -> Self {
        Due {
            _strategy: PhantomData,
            #[cfg(debug_assertions)]
            _under_way: Some(Strategys::new()),
        }
    }

    /// For a function that calls back to the object model as its last step: user code may run in
    /// that.
    #[inline]
    pub(crate) fn with_a_last_call() -> Self {
        Due {
            _strategy: PhantomData,
            #[cfg(debug_assertions)]
            _under_way: None,
        }
    }

    /// Whether nothing is due on this OS thread.
    pub fn is_empty(&self) -> bool {
        CONTEXT.with(|context| context.destruction.due.get().is_none())
    }

    /// Hands over a value whose drop is the user's code, such as a waker that is no longer called
    /// for. It is dropped as the contents of an object with `count` would be, whose last reference
    /// has gone.
    pub fn forget<T: Send + Sync + 'static>(&mut self, count: S::Count, value: T) {
        let object = ObjectPtr::of(Object::<T, S>::allocate(count, value, false));
        // SAFETY: nobody knows the object, which was made just now.
        unsafe { self.put(object) };
    }

    /// Hands over an object for destruction.
    ///
    /// # Safety
    /// - Nobody holds a reference to the object, and no queue does; it is put once.
    pub unsafe fn put(&mut self, object: ObjectPtr<S>) {
        // SAFETY: it has not been destroyed yet: that is what is asked for.
        if unsafe { object.is_immortal() } {
            return;
        }
        // SAFETY: not destroyed yet, by the caller's duty.
        let descriptor = unsafe { object.descriptor() };
        // SAFETY: the caller's duty.
        unsafe { (descriptor.claim)(object.prefix()) };
        // SAFETY: claimed just now.
        CONTEXT.with(|context| unsafe { context.destruction.put(object.prefix()) });
    }
}
