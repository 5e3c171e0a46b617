//! Atomic words: loom's, with one of its gaps closed.
//!
//! To find the orders worth trying, loom remembers of each word only the last access. A load hides
//! the one before it: if one thread loads, and another loads and then writes, as every
//! compare-exchange loop does, loom never tries the write before the first thread's load (loom's
//! issue 166). So each word has a shadow here, which every load steps first: loads are then tried
//! in either order, and with them what follows. The shadow is stepped by Relaxed
//! read-modify-writes, which order nothing and are never stale; what a load may return stays loom's
//! affair.

pub use loom::sync::atomic::Ordering;

use loom::sync::atomic::AtomicU32 as Shadow;

macro_rules! words {
    ($($(#[$attribute:meta])* $name:ident: $value:ty { $($method:ident),* };)*) => {$(
        $(#[$attribute])*
        #[derive(Debug)]
        pub struct $name {
            word: loom::sync::atomic::$name,
            shadow: Shadow,
        }

        impl $name {
            /// A word that holds `value`.
            #[track_caller]
            pub fn new(value: $value) -> Self {
                $name { word: loom::sync::atomic::$name::new(value), shadow: Shadow::new(0) }
            }

            /// See std's.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                self.shadow.fetch_add(1, Ordering::Relaxed);
                self.word.load(order)
            }

            /// See std's.
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                self.word.store(value, order);
            }

            /// See std's.
            ///
            /// # Errors
            /// The value that the word held instead of `current`.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.word.compare_exchange(current, new, success, failure)
            }

            /// See std's.
            ///
            /// # Errors
            /// The value that the word held when `f` returned none.
            #[track_caller]
            pub fn fetch_update(
                &self,
                set: Ordering,
                fetch: Ordering,
                f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                self.shadow.fetch_add(1, Ordering::Relaxed);
                self.word.fetch_update(set, fetch, f)
            }

            $(
                /// See std's.
                #[track_caller]
                pub fn $method(&self, value: $value, order: Ordering) -> $value {
                    self.word.$method(value, order)
                }
            )*
        }
    )*};
}

words! {
    /// A truth value.
    AtomicBool: bool { swap };
    /// 32 bits.
    AtomicU32: u32 { swap, fetch_add, fetch_sub };
    /// 64 bits.
    AtomicU64: u64 { swap, fetch_add, fetch_sub };
    /// 64 bits with a sign.
    AtomicI64: i64 { swap, fetch_add, fetch_sub };
    /// As many bits as an address.
    AtomicUsize: usize { swap, fetch_add, fetch_sub };
}

macro_rules! exclusive {
    ($($name:ident: $value:ty),*) => {$(
        impl $name {
            /// Lends the value; fails if an access is not ordered before this one.
            #[track_caller]
            pub fn with_mut<R>(&mut self, f: impl FnOnce(&mut $value) -> R) -> R {
                self.word.with_mut(f)
            }
        }
    )*};
}

exclusive!(AtomicU32: u32, AtomicU64: u64, AtomicI64: i64, AtomicUsize: usize);
