//! Exclusive access to a shared word.

use crate::atomic::{AtomicI64, AtomicU32, AtomicU64};
use crate::cell::UnsafeCell;

/// A word that can be used without atomic steps while nobody else can reach it.
///
/// Free of cost normally. Under loom it checks the claim: any access that is not ordered before
/// this one, or comes after it without being ordered behind it, fails the model. The thread that
/// frees an object takes each of its header's words this way, so that a late write to a header that
/// another thread has freed is found.
pub trait Exclusive {
    /// The value of the word.
    type Value;

    /// Lends the word's value to `f`.
    fn with_exclusive<R>(&mut self, f: impl FnOnce(&mut Self::Value) -> R) -> R;
}

macro_rules! exclusive_atomic {
    ($($atomic:ty: $value:ty),* $(,)?) => {$(
        impl Exclusive for $atomic {
            type Value = $value;

            #[inline]
            #[track_caller]
            fn with_exclusive<R>(&mut self, f: impl FnOnce(&mut $value) -> R) -> R {
                #[cfg(loom)]
                return self.with_mut(f);
                #[cfg(not(loom))]
                return f(self.get_mut());
            }
        }
    )*};
}

exclusive_atomic!(AtomicU32: u32, AtomicU64: u64, AtomicI64: i64);

impl<T> Exclusive for UnsafeCell<T> {
    type Value = T;

    #[inline]
    #[track_caller]
    fn with_exclusive<R>(&mut self, f: impl FnOnce(&mut T) -> R) -> R {
        self.with_mut(|value| {
            // SAFETY: `&mut self` lends the cell's value to nobody else while `f` runs.
            f(unsafe { &mut *value })
        })
    }
}
