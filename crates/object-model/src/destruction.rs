//! When and where destructors run: outside sections, with bounded stack, and in the order of
//! release.
//!
//! An object whose last reference has gone is destroyed at once, inside the destructor that has
//! released it if there is one. Two things make it wait, on a list of the OS thread ([`DueList`]):
//! a reason to wait ([`Destruction::hold`]), such as a section that is held, and destructions that
//! lie inside one another as deep as they may ([`Nesting`]). The end of the last reason to wait
//! empties the list, and so does each destruction when its object is gone. So the deepest
//! destructions are a loop, not a recursion: a chain of any length is destroyed on bounded stack.

use std::any::Any;
use std::cell::Cell;
use std::marker::PhantomData;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use crate::context::CONTEXT;
use crate::due_list::{Batch, DueList};
use crate::header::{Object, ObjectPtr, Prefix};
use crate::leaving::Leaving;
use crate::nesting::{Nesting, Price};
use crate::strategy::{FreeThreaded, Strategy};
#[cfg(debug_assertions)]
use crate::user::Strategys;
use crate::user::{self, Site};
use crate::wakes;

/// The objects that one OS thread still has to destroy, and those that it is destroying.
pub(crate) struct Destruction {
    /// Why destruction must wait: outermost sections and exclusive calls on this OS thread.
    holds: Cell<usize>,
    due: DueList,
    nesting: Nesting,
}

impl Destruction {
    #[inline]
    pub(crate) const fn new() -> Self {
        Destruction { holds: Cell::new(0), due: DueList::new(), nesting: Nesting::new() }
    }

    /// From here to the matching [`unhold`](Self::unhold), destructions wait.
    #[inline]
    pub(crate) fn hold(&self) {
        self.holds.set(self.holds.get() + 1);
    }

    /// Ends a [`hold`](Self::hold). The last one destroys what has become due meanwhile; a
    /// destructor's panic is caught.
    #[inline]
    pub(crate) fn unhold(&self) {
        let holds = self.holds.get() - 1;
        self.holds.set(holds);
        if holds == 0 && !self.due.is_empty() {
            self.run_due();
        }
    }

    /// Whether something is due that need not wait for a [`hold`](Self::hold).
    #[inline]
    fn may_destroy(&self) -> bool {
        self.holds.get() == 0 && !self.due.is_empty()
    }

    /// Destroys what is due, unless it must wait. A destructor's panic is caught: its hook has
    /// reported it.
    #[cold]
    pub(crate) fn run_due(&self) {
        // Without a price, a destruction is under way whose end empties the list.
        if self.may_destroy()
            && let Some(price) = self.nesting.price()
        {
            let _level = self.nesting.begin(price);
            self.empty();
        }
    }

    /// Destroys one object, or puts it on the list if destruction must wait.
    ///
    /// # Panics
    /// If the object's own destructor panics and no other one is running on this OS thread, after
    /// the rest of what is due has been destroyed all the same.
    ///
    /// # Safety
    /// - The object is claimed, and the claim is handed over to this call.
    #[inline]
    unsafe fn destroy(&self, object: NonNull<Prefix>) {
        match self.nesting.price() {
            // SAFETY: the caller's duty.
            Some(price) if self.holds.get() == 0 => unsafe { self.destroy_at(price, object) },
            // SAFETY: the caller's duty.
            _ => unsafe { self.due.put(object) },
        }
    }

    /// As [`destroy`](Self::destroy), where destruction need not wait. Not inlined, so that what
    /// lies too deep finds only a few instructions in its way.
    #[inline(never)]
    unsafe fn destroy_at(&self, price: Price, object: NonNull<Prefix>) {
        let is_outermost = !self.nesting.is_under_way();
        let _level = self.nesting.begin(price);
        if is_outermost {
            // SAFETY: the caller's duty.
            return unsafe { self.destroy_outermost(object) };
        }
        if !self.due.is_empty() {
            // Objects that the destructor around has released before, and those that lay too deep
            // then.
            // SAFETY: the caller's duty.
            unsafe { self.due.put(object) };
            return self.empty();
        }
        // U5.
        // SAFETY: the caller's duty.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| unsafe { destroy_now(object) })) {
            drop_payload(payload);
        }
        if !self.due.is_empty() {
            self.empty();
        }
    }

    /// # Safety
    /// - As for [`destroy`](Self::destroy).
    #[inline]
    unsafe fn destroy_outermost(&self, object: NonNull<Prefix>) {
        // Objects that are due already were released before.
        if !self.due.is_empty() {
            self.empty();
            // A destructor that switches stacks may have left a section behind that is held.
            if self.holds.get() != 0 || !self.due.is_empty() {
                // SAFETY: the caller's duty.
                return unsafe { self.due.put(object) };
            }
        }
        let _rest = Empty(self);
        // SAFETY: the caller's duty.
        unsafe { destroy_now(object) };
    }

    /// Destroys what is on the list and what joins it meanwhile. Panics are caught.
    ///
    /// While one object is destroyed, the others are out of the way: objects that its destructor
    /// releases go before them, whether they are destroyed at once or join the list. So objects end
    /// in the same order, however deep their destructors lie in one another.
    #[inline(never)]
    fn empty(&self) {
        let mut rest = Batch::EMPTY;
        // A destructor that switches stacks may leave a section behind that is held elsewhere on
        // this OS thread.
        while self.holds.get() == 0 && !(rest.is_empty() && self.due.is_empty()) {
            // One catch for as long as nothing panics.
            // U5.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| self.empty_until_a_panic(&mut rest))) {
                drop_payload(payload);
            }
        }
        self.due.put_in_front(rest);
    }

    #[inline]
    fn empty_until_a_panic(&self, rest: &mut Batch) {
        while self.holds.get() == 0 {
            *rest = self.due.take_all().before(mem::replace(rest, Batch::EMPTY));
            let Some(object) = rest.take() else { return };
            // SAFETY: on the list, so claimed; off the list, so destroyed once.
            unsafe { destroy_now(object) };
        }
    }

    /// Runs `f` as a destructor would run inside others that have left no stack to have objects
    /// destroyed at once.
    #[cfg(feature = "testing")]
    pub(crate) fn at_the_deepest<R>(&self, f: impl FnOnce() -> R) -> R {
        let price = self.nesting.all_that_is_left().expect("not inside another such call");
        let _level = self.nesting.begin(price);
        let _rest = Empty(self);
        user::calls(Site::Destructor);
        // U5.
        f()
    }
}

/// A panic's payload may itself panic when it is dropped, which must not escape. The payload of
/// such a panic is leaked, so that this ends.
#[cold]
fn drop_payload(payload: Box<dyn Any + Send>) {
    user::calls(Site::Destructor);
    // U5.
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    mem::forget(dropped);
}

/// Destroys what has become due during a destruction, also if the destructor panics.
struct Empty<'a>(&'a Destruction);

impl Drop for Empty<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.0.due.is_empty() {
            self.0.empty();
        }
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

/// Destroys an object whose last reference has just been released, now or when destruction need no
/// longer wait.
///
/// # Panics
/// If the destructor panics and neither waits nor runs inside another one; all other due objects
/// have been destroyed then.
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
        if !context.destruction.due.is_empty() {
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

/// As [`run_due`], as this OS thread leaves: destructors that run do not make it an owner again.
#[inline]
pub(crate) fn run_due_leaving() {
    CONTEXT.with(|context| {
        if !context.destruction.due.is_empty() {
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

/// The opposite of [`Hold`], inside one: destructions take place at once, and wait again after the
/// drop.
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

/// Where a strategy puts the objects that it finds nobody holds any more while it works on its
/// queues.
///
/// Putting runs no user code and allocates nothing, so it may be done under a strategy's own locks.
/// The object model destroys these objects once the strategy's function has returned, outside all
/// locks. Only the object model makes a `Due`: a strategy's functions that attach, detach or
/// compute an exact count take one, so that no other code calls those of a foreign strategy.
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
        CONTEXT.with(|context| context.destruction.due.is_empty())
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
    #[inline(never)]
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
        CONTEXT.with(|context| unsafe { context.destruction.due.put(object.prefix()) });
    }
}
