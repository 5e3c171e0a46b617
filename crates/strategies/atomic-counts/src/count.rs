//! Who may change a count: anyone, with one atomic step.

use keyway_object_model::{Released, Retained, Upgraded};

use crate::reclaim;
use crate::word::Word;

/// One reference more.
#[inline]
pub(crate) fn retain(word: &Word) -> Retained {
    if word.increment() { Retained::Nothing } else { Retained::Abort }
}

/// One reference less.
#[inline]
pub(crate) fn release(word: &Word) -> Released {
    if word.decrement() { reclaim::last_release(word) } else { Released::Nothing }
}

/// One reference more, made of a weak one, unless the last has gone.
#[inline]
pub(crate) fn upgrade(word: &Word) -> Upgraded {
    match word.increment_unless_gone() {
        Some(true) => Upgraded::Reference,
        Some(false) => Upgraded::Abort,
        None => Upgraded::Gone,
    }
}

/// The number of references: exact if nobody changes it during the call.
#[inline]
pub(crate) fn count(word: &Word) -> usize {
    usize::try_from(word.get()).unwrap_or(usize::MAX)
}
