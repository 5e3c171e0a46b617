//! Statics.

use std::ops::Deref;

/// What [`global!`](crate::global) declares: a static that is reached by dereferencing it.
#[derive(Debug)]
pub struct Global<T>(T);

impl<T> Global<T> {
    #[doc(hidden)]
    pub const fn new(value: T) -> Self {
        Global(value)
    }
}

impl<T> Deref for Global<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}
