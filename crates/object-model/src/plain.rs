//! A count that only one thread at a time may touch.

use keyway_sync::Exclusive;
use keyway_sync::cell::UnsafeCell;

use crate::header::CountWords;
use crate::owed::{Released, Retained};

/// A count in a plain 64-bit word: for strategies that let one thread at a time change counts.
///
/// **Cost**: one plain read-modify-write and one branch an operation; no locked instruction.
#[derive(Debug)]
pub struct PlainCount(UnsafeCell<u64>);

// SAFETY: every access is an unsafe function whose caller promises that no other access overlaps.
unsafe impl Sync for PlainCount {}

impl PlainCount {
    /// One reference.
    #[inline]
    #[expect(clippy::new_without_default, reason = "a default count would be a reference out of nothing")]
    pub fn new() -> Self {
        PlainCount(UnsafeCell::new(1))
    }

    /// Adds a reference; owes the end of the process if the word is full.
    ///
    /// # Safety
    /// - No other thread accesses the count during the call, and all accesses by others before the
    ///   call happen before it.
    #[inline]
    pub unsafe fn retain(&self) -> Retained {
        self.0.with_mut(|count| {
            // SAFETY: the only access, by the caller's duty.
            let count = unsafe { &mut *count };
            // One instruction, as in `Rc`.
            *count = count.wrapping_add(1);
            if *count == 0 { full(count) } else { Retained::Nothing }
        })
    }

    /// Takes a reference away; owes destruction if it was the last.
    ///
    /// # Safety
    /// - As for [`retain`](Self::retain).
    /// - The count is not zero.
    #[inline]
    pub unsafe fn release(&self) -> Released {
        self.0.with_mut(|count| {
            // SAFETY: the only access, by the caller's duty.
            let count = unsafe { &mut *count };
            debug_assert!(*count > 0, "a reference was released twice");
            *count -= 1;
            if *count == 0 { Released::Destroy } else { Released::Nothing }
        })
    }

    /// The number of references.
    ///
    /// # Safety
    /// - No other thread writes the count during the call, and all earlier writes by others happen
    ///   before it.
    #[inline]
    pub unsafe fn get(&self) -> usize {
        // SAFETY: nobody writes, by the caller's duty.
        let count = self.0.with(|count| unsafe { *count });
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    /// Adds references that nobody will ever release.
    ///
    /// # Safety
    /// - As for [`retain`](Self::retain).
    #[cfg(feature = "testing")]
    pub unsafe fn leak(&self, references: u64) {
        self.0.with_mut(|count| {
            // SAFETY: no write overlaps, by the caller's duty.
            let count = unsafe { &mut *count };
            *count = count.checked_add(references).expect("more references than the word can hold");
        });
    }
}

/// The process ends, unless the object is immortal; then the count stays here, out of reach of
/// zero. Not inlined: the compiler would make one store of two, and so three instructions of one.
#[cold]
#[inline(never)]
fn full(count: &mut u64) -> Retained {
    *count = u64::MAX;
    Retained::Abort
}

impl CountWords for PlainCount {
    #[inline]
    fn claim(&mut self) {
        self.0.with_exclusive(|_| ());
    }
}
