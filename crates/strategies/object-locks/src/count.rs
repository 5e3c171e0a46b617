//! Who may change a count: whoever holds the object's count lock.

use keyway_object_model::{Released, Retained};

use crate::reclaim;
use crate::word::Word;

/// One reference more.
#[inline]
pub(crate) fn retain(word: &Word) -> Retained {
    word.with_count(|count| match count.checked_add(1) {
        Some(more) => {
            *count = more;
            Retained::Nothing
        }
        None => Retained::Abort,
    })
}

/// One reference less.
#[inline]
pub(crate) fn release(word: &Word) -> Released {
    let left = word.with_count(|count| {
        debug_assert!(*count > 0, "a reference was released twice");
        *count -= 1;
        *count
    });
    if left == 0 { reclaim::last_release() } else { Released::Nothing }
}

/// The number of references: exact if nobody changes it during the call.
#[inline]
pub(crate) fn count(word: &Word) -> usize {
    word.with_count(|count| *count as usize)
}
