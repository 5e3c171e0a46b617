//! What happens to an object that nobody holds: whoever released it last destroys it, at once.

use keyway_object_model::Released;

use crate::word::Word;

/// The last reference has gone.
#[inline]
pub(crate) fn last_release(word: &Word) -> Released {
    word.acquire_all();
    Released::Destroy
}
