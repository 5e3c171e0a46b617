//! Who may change a count: whoever holds the count lock of the object's group.

use keyway_object_model::{Released, Retained};

use crate::reclaim;
use crate::runtime::Tables;
use crate::word::Word;

/// One reference more.
#[inline]
pub(crate) fn retain<T: Tables>(word: &Word) -> Retained {
    // SAFETY: the group's lock excludes all others, and orders what they did before.
    word.with_count::<T, _>(|count| unsafe { count.retain() })
}

/// One reference less.
///
/// # Safety
/// - The caller owns a reference.
#[inline]
pub(crate) unsafe fn release<T: Tables>(word: &Word) -> Released {
    // SAFETY: as in `retain`; by the caller's reference the count is not zero.
    match word.with_count::<T, _>(|count| unsafe { count.release() }) {
        Released::Destroy => reclaim::last_release(),
        released => released,
    }
}

/// The number of references: exact if nobody changes it during the call.
#[inline]
pub(crate) fn count<T: Tables>(word: &Word) -> usize {
    // SAFETY: as in `retain`.
    word.with_count::<T, _>(|count| unsafe { count.get() })
}
