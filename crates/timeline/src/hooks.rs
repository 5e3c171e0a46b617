//! The hooks: functions that the object model, the sections and the strategies call.

use crate::event::Does;

/// A moment at which something may have begun; nothing if nothing is being recorded.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Since(#[cfg(feature = "record")] Option<u64>);

/// Whether something is being recorded: one load; without a recorder no.
#[inline]
pub fn is_recording() -> bool {
    #[cfg(feature = "record")]
    return crate::recorder::is_on();
    #[cfg(not(feature = "record"))]
    false
}

/// The calling thread does this from now on, at this place: the address of something, or
/// [`AS_BEFORE`](crate::AS_BEFORE).
///
/// Called before a lock is given up and after it is taken, so that no two threads are ever seen to
/// hold it.
#[inline]
pub fn note(does: Does, place: impl FnOnce() -> usize) {
    #[cfg(feature = "record")]
    if crate::recorder::is_on() {
        crate::recorder::note(does, place(), None);
    }
    #[cfg(not(feature = "record"))]
    let _ = (does, place);
}

/// Now, for [`note_since`].
#[inline]
pub fn since() -> Since {
    #[cfg(feature = "record")]
    return Since(crate::recorder::is_on().then(crate::recorder::now));
    #[cfg(not(feature = "record"))]
    Since()
}

/// As [`note`], of a moment in the past, later than what this thread has noted last.
#[inline]
pub fn note_since(since: Since, does: Does, place: impl FnOnce() -> usize) {
    #[cfg(feature = "record")]
    if let Some(at) = since.0 {
        crate::recorder::note(does, place(), Some(at));
    }
    #[cfg(not(feature = "record"))]
    let _ = (since, does, place);
}
