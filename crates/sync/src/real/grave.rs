//! The end of an object's memory. Here it is `dealloc`; the model's version watches for accesses that come after.

use std::alloc::Layout;

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
