//! The data of an OS thread: the runtime that it is attached to, and the objects that it still has
//! to destroy.

use std::cell::Cell;
use std::ptr;

use crate::destruction::Destruction;
use crate::strategy::{Runtime, Strategy};
use crate::thread::Inner;
#[cfg(debug_assertions)]
use crate::user::UnderWay;
use crate::wakes::Wakes;

keyway_sync::thread_local! {
    /// The one thread-local of the object model. It needs no destructor, so it can be reached at
    /// any time, also while an OS thread's other thread-locals are being destroyed.
    pub(crate) static CONTEXT: Context = const { Context::new() };
}

/// See [`CONTEXT`].
#[repr(C)]
pub(crate) struct Context {
    /// In front, so that its address is the thread-local's: one instruction less for each place
    /// that may have to destroy something.
    pub(crate) destruction: Destruction,
    /// The runtime this OS thread is attached to; null if none.
    runtime: Cell<*const Runtime>,
    /// The `Inner<S>` of that attachment, where `S` is the strategy whose runtime it is.
    inner: Cell<*const ()>,
    pub(crate) wakes: Wakes,
    /// How many calls are under way in which this OS thread is leaving.
    pub(crate) leaving: Cell<u32>,
    #[cfg(debug_assertions)]
    pub(crate) under_way: UnderWay,
}

impl Context {
    const fn new() -> Self {
        Context {
            destruction: Destruction::new(),
            runtime: Cell::new(ptr::null()),
            inner: Cell::new(ptr::null()),
            wakes: Wakes::new(),
            leaving: Cell::new(0),
            #[cfg(debug_assertions)]
            under_way: UnderWay::new(),
        }
    }

    /// The runtime to which this OS thread is attached.
    pub(crate) fn occupant(&self) -> Option<&'static Runtime> {
        // SAFETY: null, or set by `occupy` from a `&'static`.
        unsafe { self.runtime.get().as_ref() }
    }

    /// Records an attachment.
    ///
    /// # Safety
    /// - `inner` stays valid until [`vacate`](Self::vacate).
    /// - The strategy considers this OS thread attached from now on until then.
    pub(crate) unsafe fn occupy<S: Strategy>(&self, inner: &Inner<S>) {
        debug_assert!(self.runtime.get().is_null(), "an OS thread is attached to one runtime at a time");
        self.runtime.set(S::runtime());
        self.inner.set(ptr::from_ref(inner).cast());
    }

    /// Forgets the attachment.
    pub(crate) fn vacate(&self) {
        self.runtime.set(ptr::null());
        self.inner.set(ptr::null());
    }
}

/// Calls `f` with this OS thread's attachment to `S`, if it is attached to `S` and not inside a
/// blocking region.
#[inline]
pub(crate) fn with_attachment<S: Strategy, R>(f: impl FnOnce(Option<&Inner<S>>) -> R) -> R {
    // The closure is kept this small so that it is inlined; `f` inside would make it a call through
    // two pointers.
    let (runtime, inner) = CONTEXT.with(|context| (context.runtime.get(), context.inner.get()));
    if !ptr::eq(runtime, S::runtime()) {
        return f(None);
    }
    // Called in both branches, so that `None` is not looked for again in the pointer. SAFETY: a
    // runtime is one strategy's (`Strategy::runtime`), so that `inner` is an `Inner<S>`, valid by
    // `occupy`; only shared borrows of it exist. `f` neither attaches nor detaches.
    f(Some(unsafe { &*inner.cast::<Inner<S>>() }))
}
