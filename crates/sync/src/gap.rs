//! Room between words.

#[cfg(not(any(loom, shuttle)))]
use std::{cell::UnsafeCell, mem::MaybeUninit};

/// Memory that nobody touches, between two words of eight bytes: with it they begin 64 bytes apart,
/// so that they are never on one cache line of that size, wherever the first begins. Takes no
/// memory in a model.
///
/// It is interior mutable as the words next to it are, so that a borrow of all of them freezes no
/// byte.
#[derive(Debug, Default)]
pub struct Gap {
    #[cfg(not(any(loom, shuttle)))]
    _room: Untouched,
}

#[cfg(not(any(loom, shuttle)))]
#[derive(Debug)]
struct Untouched {
    _bytes: UnsafeCell<MaybeUninit<[u64; 7]>>,
}

#[cfg(not(any(loom, shuttle)))]
impl Default for Untouched {
    #[inline]
    fn default() -> Self {
        Untouched { _bytes: UnsafeCell::new(MaybeUninit::uninit()) }
    }
}

// SAFETY: nothing in it is ever accessed.
#[cfg(not(any(loom, shuttle)))]
unsafe impl Sync for Untouched {}
