//! The duties of a caller after a count has changed.

use crate::fatal::fatal;
use crate::header::ObjectPtr;
use crate::strategy::Strategy;

/// The duty of the caller of a retain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Retained {
    /// Nothing: there is one reference more.
    Nothing,
    /// The end of the process: the count cannot hold one reference more, and going on would free an
    /// object too early. Nothing, if the object is immortal.
    Abort,
}

impl Retained {
    /// Pays what is owed.
    ///
    /// # Safety
    /// - It is what a retain of `object` has just returned, which the caller keeps alive.
    #[inline]
    pub(crate) unsafe fn settle<S: Strategy>(self, object: ObjectPtr<S>) {
        if self == Retained::Abort {
            // SAFETY: the caller's duty.
            unsafe { overflow(object) };
        }
    }
}

/// How a thread would change an object's count at this moment, for statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountPath {
    /// As every thread does: objects have no owners under this strategy.
    Common,
    /// As its owner.
    Owner,
    /// As another thread than its owner, in a word that all share.
    Remote,
    /// As `Remote`; and a release would be handed over to the owner.
    HandOver,
    /// As every thread, since the object has lost its owner.
    Merged,
}

/// # Safety
/// - The caller keeps the object alive.
#[cold]
unsafe fn overflow<S: Strategy>(object: ObjectPtr<S>) {
    // An immortal object's count means nothing.
    // SAFETY: the caller's duty.
    if unsafe { object.is_immortal() } {
        return;
    }
    fatal(format_args!(
        "a reference count has overflowed: more references are alive than its words can hold"
    ));
}

/// The duty of the caller of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Released {
    /// Nothing: others still hold the object, or have taken the reference over.
    Nothing,
    /// This object's destruction: nobody holds it any more, and nobody but the caller can reach it.
    /// Nothing, if the object is immortal.
    Destroy,
    /// The work that the strategy has put aside during this call: the destruction of the objects in
    /// [`Due`](crate::Due), and the waking of the wakers that it has given to
    /// [`wake_soon`](crate::wake_soon).
    DestroyDue,
}
