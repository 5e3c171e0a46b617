//! Runtimes: each has a lock of its own, and objects cannot cross from one to another, by type.

use std::fmt::Debug;

use keyway_object_model::{ReleaseQueue, Runtime, is_attached_here};
use keyway_sync::atomic::{AtomicU32, AtomicU64, Ordering};
use keyway_sync::fork::After;

use crate::access::{Interval, Policy, ReturningFirst, Ticks};
use crate::strategy::GlobalLock;

/// The state of one runtime under policy `P`.
#[derive(Debug)]
pub struct State<P: Policy, R: Isolate<P>> {
    pub(crate) lock: P::Lock,
    pub(crate) queue: ReleaseQueue<GlobalLock<P, R>>,
    /// The switch interval, in the policy's unit.
    interval: AtomicU32,
    /// How many attachments there have been.
    attachments: AtomicU64,
}

impl<P: Policy, R: Isolate<P>> State<P, R> {
    keyway_sync::const_unless_loom! {
        /// The state of a runtime with this lock, which nobody holds.
        pub fn new(lock: P::Lock) -> Self {
            State {
                lock,
                queue: ReleaseQueue::new(),
                interval: AtomicU32::new(P::DEFAULT_INTERVAL),
                attachments: AtomicU64::new(0),
            }
        }
    }

    /// The switch interval, in the policy's unit.
    #[inline]
    pub(crate) fn interval(&self) -> u32 {
        // O10, Relaxed: a setting; nothing depends on when it is seen.
        self.interval.load(Ordering::Relaxed)
    }

    pub(crate) fn set_interval(&self, interval: u32) {
        // O10.
        self.interval.store(interval, Ordering::Relaxed);
    }

    /// A number that no other attachment has.
    pub(crate) fn new_holder(&self) -> u64 {
        // O11, Relaxed: only that no number is given out twice matters.
        self.attachments.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// The action of a runtime before a fork, and on both sides after it. Registered by its lock,
/// before anybody has held that.
#[doc(hidden)]
pub fn before_fork<P: Policy, R: Isolate<P>>() -> After {
    let state = R::state();
    let mut lock = P::before_fork(&state.lock, is_attached_here::<GlobalLock<P, R>>());
    let mut queue = state.queue.before_fork();
    Box::new(move |side| {
        lock(side);
        queue(side);
    })
}

/// A name for a runtime under policy `P`, with its state. Declared by
/// [`runtime!`](crate::runtime!), not by hand: a static inside a generic item would be one for all
/// runtimes.
///
/// # Safety
/// Implementors promise:
/// - `runtime` and `state` always return the same statics, which no other runtime or policy shares.
pub unsafe trait Isolate<P: Policy>: Debug + Send + Sync + Sized + 'static {
    /// The runtime's identity.
    fn runtime() -> &'static Runtime;

    /// The runtime's state.
    fn state() -> &'static State<P, Self>;
}

/// Declares a further runtime of [`GlobalLock`], with a lock of its own:
/// `runtime!(pub struct Plugin: Interval);` makes `GlobalLock<Interval, Plugin>`. Several policies
/// may be named; each gives a runtime of its own.
///
/// ```
/// use keyway_global_lock::{GlobalLock, Interval};
///
/// keyway_global_lock::runtime!(
///     /// Where plug-ins run.
///     pub struct Plugin: Interval
/// );
/// type Main = GlobalLock<Interval>;
/// type Plugins = GlobalLock<Interval, Plugin>;
///
/// keyway_object_model::attach::<Main, _>(|thread| {
///     // Another OS thread could be attached to `Plugins` all the while.
///     let object = thread.alloc(1);
///     assert_eq!(*object, 1);
/// });
/// # keyway_object_model::attach::<Plugins, _>(|_| ());
/// ```
#[macro_export]
macro_rules! runtime {
    ($(#[$attribute:meta])* $vis:vis struct $name:ident: $($policy:ty),+ $(,)?) => {
        $(#[$attribute])*
        #[derive(Debug)]
        $vis enum $name {}
        $(
            // SAFETY: both statics are declared here, only for this name and this policy.
            unsafe impl $crate::Isolate<$policy> for $name {
                #[inline]
                fn runtime() -> &'static $crate::__private::Runtime {
                    static RUNTIME: $crate::__private::Runtime =
                        $crate::__private::Runtime::new(<$policy as $crate::Policy>::ID);
                    &RUNTIME
                }

                #[inline]
                fn state() -> &'static $crate::State<$policy, Self> {
                    $crate::__private::global! {
                        static STATE: $crate::State<$policy, $name> =
                            $crate::State::new(<$policy>::new_lock($crate::__private::before_fork::<$policy, $name>));
                    }
                    &STATE
                }
            }
        )+
    };
}

runtime!(
    /// The runtime that a program has unless it declares more.
    pub struct Main: Interval, Ticks, ReturningFirst
);
