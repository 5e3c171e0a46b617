//! For strategies that wrap another one: their own part of an object's header, and the way to the
//! other's part.

use std::fmt::{self, Debug};
use std::mem;

use crate::destruction::Due;
use crate::header::{CountWords, Header, ObjectPtr};
use crate::owed::Released;
use crate::reference::release_anywhere;
use crate::strategy::Strategy;

/// The count of a strategy that wraps `S`: the words of `S`, then some of its own.
///
/// The words of its own must be plain old data in atomics, or nothing. They are not claimed with
/// the others, so that a model would not see a late write to them: wrappers are not for models.
#[repr(C)]
pub struct Wrapped<S: Strategy, Own> {
    inner: S::Count,
    own: Own,
}

impl<S: Strategy, Own> Wrapped<S, Own> {
    /// Both together.
    #[inline]
    pub fn new(inner: S::Count, own: Own) -> Self {
        Wrapped { inner, own }
    }

    /// The words of `S`.
    #[inline]
    pub fn inner(&self) -> &S::Count {
        &self.inner
    }

    /// The wrapper's words.
    #[inline]
    pub fn own(&self) -> &Own {
        &self.own
    }
}

impl<S: Strategy, Own> Debug for Wrapped<S, Own> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wrapped").finish_non_exhaustive()
    }
}

/// A wrapper's words in an object's header.
pub trait OwnWords: Send + Sync + 'static {
    /// As [`CountWords::gone`]. An object whose release says so itself is none of these.
    fn gone(&self) {}

    /// Only the caller uses the header, and uses it no more. An object whose contents were never
    /// made comes here with its reference. Runs no user code.
    fn claimed(&self) {}
}

impl OwnWords for () {}

impl<S: Strategy, Own: OwnWords> CountWords for Wrapped<S, Own> {
    #[inline]
    fn claim(&mut self) {
        self.own.claimed();
        self.inner.claim();
    }

    #[inline]
    fn gone(&self) {
        self.own.gone();
        self.inner.gone();
    }
}

impl<W: Strategy> ObjectPtr<W> {
    /// The same object as the wrapped strategy sees it.
    #[inline]
    pub fn wrapped<S: Strategy, Own>(self) -> ObjectPtr<S>
    where
        W: Strategy<Count = Wrapped<S, Own>>,
    {
        // The words of `S` lie where `S` looks for them; all other uses of an object go through the
        // descriptor.
        const {
            assert!(!keyway_sync::MODELLED, "a wrapper is not for models");
            assert!(mem::offset_of!(Header<W>, count) == mem::offset_of!(Header<S>, count));
        }
        self.cast_header()
    }
}

impl<S: Strategy> ObjectPtr<S> {
    /// Releases a reference on any thread, attached or not: called by a wrapper's
    /// [`release_unattached`](Strategy::release_unattached), as the thread may be attached to the
    /// wrapped strategy.
    ///
    /// # Safety
    /// - The caller owns a reference, and does not use it after.
    pub unsafe fn release_anywhere(self) -> Released {
        // SAFETY: the caller's duty.
        unsafe { release_anywhere(self) }
    }
}

impl<W: Strategy> Due<W> {
    /// The `Due` that the wrapped strategy puts objects into; they join the same list.
    #[inline]
    pub fn wrapped<S: Strategy, Own>(&mut self) -> Due<S>
    where
        W: Strategy<Count = Wrapped<S, Own>>,
    {
        Due::new()
    }
}
