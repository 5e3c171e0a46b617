//! The end of an object's memory. Here it is `dealloc`; the model's version watches for accesses
//! that come after.

use std::alloc::Layout;
use std::ptr::NonNull;

/// Part of an object's header that dies with the object. Size zero, and every method is empty.
#[derive(Debug, Default)]
pub struct Canary;

impl Canary {
    /// A canary that sings.
    #[inline]
    pub const fn new() -> Self {
        Canary
    }

    /// In a model: fails if the object has been destroyed.
    #[inline(always)]
    pub fn check(&self) {}

    /// In a model: from now on `check` fails, and so does a second `kill`.
    #[inline(always)]
    pub fn kill(&self) {}
}

/// An address that is kept in an object nobody holds any more, in place of its count. Size zero.
#[derive(Debug, Default)]
pub struct Link;

impl Link {
    /// An object that is in no list.
    #[inline]
    pub const fn new() -> Self {
        Link
    }

    /// Keeps an address.
    ///
    /// # Safety
    /// - `place` is valid for writes of an address, and nobody else accesses what is there.
    #[inline(always)]
    pub unsafe fn set(&self, place: NonNull<Option<NonNull<u8>>>, address: Option<NonNull<u8>>) {
        // SAFETY: the caller's duty.
        unsafe { place.write(address) }
    }

    /// The address kept.
    ///
    /// # Safety
    /// - `set` has been called with the same place, and nobody else has accessed what is there.
    #[inline(always)]
    pub unsafe fn get(&self, place: NonNull<Option<NonNull<u8>>>) -> Option<NonNull<u8>> {
        // SAFETY: the caller's duty.
        unsafe { place.read() }
    }
}

/// Gives an object's memory back. In a model it stays readable until the iteration ends.
///
/// # Safety
/// - `memory` was allocated by the global allocator with `layout`.
/// - Nothing uses it afterwards.
#[inline]
pub unsafe fn bury(memory: *mut u8, layout: Layout) {
    // SAFETY: both duties are the caller's, in the same words.
    unsafe { std::alloc::dealloc(memory, layout) }
}
