//! Attaching an OS thread, detaching it, and the blocking region between.

use std::error::Error;
use std::fmt;
use std::ptr;

use keyway_timeline::{Does, note};

use crate::context::CONTEXT;
use crate::destruction::{self, Due};
use crate::fatal::fatal;
use crate::strategy::Strategy;
use crate::thread::{Inner, Thread};
use crate::user::{self, Site};

/// This OS thread is attached to a runtime already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyAttached {
    wanted: &'static str,
    occupant: &'static str,
}

impl AlreadyAttached {
    /// The id of the strategy to which this OS thread is attached.
    pub fn occupant(&self) -> &'static str {
        self.occupant
    }
}

impl fmt::Display for AlreadyAttached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot attach this OS thread to {}: it is attached to {} already; \
             use the token that is at hand, or attach inside Thread::blocking",
            self.wanted, self.occupant
        )
    }
}

impl Error for AlreadyAttached {}

/// Attaches this OS thread to the runtime of `S` for the duration of `f`.
///
/// **Blocking**: under a global lock and `SingleThread`, until it is this thread's turn.
///
/// # Panics
/// If this OS thread is attached already, to this runtime or another; see [`try_attach`]. A panic
/// in `f` detaches and goes on. In a debug build under `SingleThread`, if the thread that is
/// attached joins this one: see that strategy.
///
/// # Examples
/// ```
/// use keyway::{BiasedCounts, attach};
///
/// let length = attach::<BiasedCounts, _>(|thread| {
///     let word = thread.alloc("key");
///     word.len()
/// });
/// assert_eq!(length, 3);
/// ```
#[track_caller]
pub fn attach<S: Strategy, R>(f: impl FnOnce(&mut Thread<S>) -> R) -> R {
    match try_attach(f) {
        Ok(result) => result,
        Err(error) => panic!("{error}"),
    }
}

/// As [`attach`], but an OS thread that is attached already is an error value.
///
/// # Errors
/// [`AlreadyAttached`], without having waited or run anything.
///
/// # Examples
/// ```
/// use keyway::{AtomicCounts, BiasedCounts, attach, try_attach};
///
/// attach::<BiasedCounts, _>(|thread| {
///     let refused = try_attach::<AtomicCounts, _>(|_| ()).unwrap_err();
///     assert_eq!(refused.occupant(), "biased-counts");
///
///     // Inside a blocking region the OS thread is attached to nothing.
///     thread.blocking(|| try_attach::<AtomicCounts, _>(|_| ())).unwrap();
/// });
/// ```
#[cfg_attr(debug_assertions, track_caller)]
pub fn try_attach<S: Strategy, R>(f: impl FnOnce(&mut Thread<S>) -> R) -> Result<R, AlreadyAttached> {
    if let Some(occupant) = CONTEXT.with(|context| context.occupant()) {
        return Err(AlreadyAttached { wanted: S::runtime().id, occupant: occupant.id });
    }
    note(Does::Waits, place::<S>);
    let inner = Inner { attached: S::attach(&mut Due::new()), sections: Default::default() };
    note(Does::Runs, place::<S>);
    let _attachment = Attachment::new(&inner);
    destruction::run_due();
    // SAFETY: attached from here until `_attachment` is dropped, and `f` cannot keep the token
    // beyond its call.
    let mut thread = unsafe { Thread::new(&inner) };
    user::calls(Site::Attached);
    // U1.
    Ok(f(&mut thread))
}

/// An attachment in progress; detaches on drop.
struct Attachment<'a, S: Strategy>(&'a Inner<S>);

impl<'a, S: Strategy> Attachment<'a, S> {
    fn new(inner: &'a Inner<S>) -> Self {
        // SAFETY: `inner` is borrowed until the drop, which vacates; `S::attach` made it and
        // `S::detach` comes in the drop.
        CONTEXT.with(|context| unsafe { context.occupy(inner) });
        Attachment(inner)
    }
}

impl<S: Strategy> Drop for Attachment<'_, S> {
    fn drop(&mut self) {
        // Objects that are due already are destroyed by a thread that is still attached: cheaper
        // under most strategies.
        destruction::run_due();
        note(Does::Leaves, place::<S>);
        S::detach(&self.0.attached, &mut Due::new());
        CONTEXT.with(|context| context.vacate());
        destruction::run_due_leaving();
    }
}

/// Runs `f` with the OS thread detached; see [`Thread::blocking`].
pub(crate) fn blocking<S: Strategy, R>(inner: &Inner<S>, f: impl FnOnce() -> R) -> R {
    note(Does::Blocks, place::<S>);
    S::leave(&inner.attached, &mut Due::new());
    CONTEXT.with(|context| context.vacate());
    let _again = Reentry(inner);
    destruction::run_due_leaving();
    user::calls(Site::Blocking);
    // U2.
    f()
}

/// Attaches the OS thread again on drop.
struct Reentry<'a, S: Strategy>(&'a Inner<S>);

impl<S: Strategy> Drop for Reentry<'_, S> {
    fn drop(&mut self) {
        if let Some(occupant) = CONTEXT.with(|context| context.occupant()) {
            fatal(format_args!(
                "at the end of a blocking region of {}, this OS thread is attached to {}: a coroutine attached inside the \
                 region and has not detached",
                S::runtime().id,
                occupant.id
            ));
        }
        note(Does::Waits, place::<S>);
        S::reenter(&self.0.attached, &mut Due::new());
        note(Does::Runs, place::<S>);
        // SAFETY: `inner` is borrowed by the attachment around this region, which vacates;
        // `S::reenter` has just returned.
        CONTEXT.with(|context| unsafe { context.occupy(self.0) });
        destruction::run_due();
    }
}

/// The runtime, for a timeline.
fn place<S: Strategy>() -> usize {
    ptr::from_ref(S::runtime()).addr()
}
