//! How an owner is told of its queue by its own releases, at no cost to them.
//!
//! A release adds a thread-local to the owner's word and compares once. That thread-local is where
//! others tell the owner that it has a queue: they put another number there, with which the
//! comparison fails. So every release of a diverted thread leaves the plain path, and looks closer.

use std::ptr::NonNull;

use keyway_sync::atomic::{AtomicU64, Ordering};

use crate::bits::{Bias, BiasLessTwo, ThreadId};

/// The number that tells an OS thread's releases from an owner's. Written by that OS thread, and by
/// a thread that queues something to it, all with its bucket locked while it is in the table.
#[derive(Debug)]
pub(crate) struct ReleaseBias(AtomicU64);

impl ReleaseBias {
    keyway_sync::const_unless_loom! {
        /// Of an OS thread that is not in the table.
        pub(crate) fn new() -> Self {
            ReleaseBias(AtomicU64::new(BiasLessTwo::of(Bias::NONE).bits()))
        }
    }

    #[inline]
    pub(crate) fn get(&self) -> BiasLessTwo {
        // O25, Relaxed: a hint to look closer. An entry queued before this release began is seen,
        // since a load cannot return a value older than one that happens before it.
        BiasLessTwo::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// By the OS thread whose it is.
    #[inline]
    pub(crate) fn set(&self, bias: BiasLessTwo) {
        // O25, Relaxed: as above. The bucket's lock puts the writes in an order.
        self.0.store(bias.bits(), Ordering::Relaxed);
    }
}

/// Another thread's way to an OS thread's [`ReleaseBias`].
#[derive(Debug)]
pub(crate) struct Diversion(Option<NonNull<ReleaseBias>>);

// SAFETY: the pointer is to an atomic; `divert` says why it is still there.
unsafe impl Send for Diversion {}

/// Whether a thread-local without destructor lies in memory that stays until all destructors of
/// thread-locals have run, as it does where the compiler knows thread-locals.
///
/// A list of those for which this was looked up. Elsewhere an owner is told of its queue at its
/// next checkpoint, allocation or exit only. Some targets of the same systems keep each
/// thread-local in a box of its own, which is freed earlier: `ohos`, `gnux32`.
const STAYS: bool = keyway_sync::MODELLED
    || cfg!(all(
        target_os = "linux",
        any(target_env = "gnu", target_env = "musl"),
        target_pointer_width = "64"
    ));

impl Diversion {
    /// None: the OS thread's releases are never diverted, and it finds its queue elsewhere.
    pub(crate) const NONE: Diversion = Diversion(None);

    /// To the thread-local of the calling OS thread.
    ///
    /// # Safety
    /// - It is dropped, or replaced by [`NONE`](Self::NONE), before the thread-locals without
    ///   destructor of this OS thread are gone. `keyway_sync::exit::at_exit` says when it can see
    ///   the thread's exit, and which one it cannot see.
    pub(crate) unsafe fn to(bias: &ReleaseBias) -> Self {
        Diversion(STAYS.then(|| NonNull::from(bias)))
    }

    /// From now on the releases of this thread look closer.
    pub(crate) fn divert(&self, id: ThreadId) {
        if let Some(bias) = self.0 {
            // SAFETY: the maker of this has promised that the thread-local is still there.
            unsafe { bias.as_ref() }.set(BiasLessTwo::diverted(Bias::of(id)));
        }
    }
}
