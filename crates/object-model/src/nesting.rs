//! How deep destructions may lie inside one another: a budget of stack for each OS thread.
//!
//! A destruction that begins inside another one takes the bytes of stack between the two out of the
//! budget, and gives them back at its end. Two addresses say how many bytes that are. The
//! difference says nothing if a destructor has switched to another stack, and it may be large
//! because the destructor has large frames of its own. Both count as a *jump*, for [`JUMP`] bytes.
//! So jumps, too, are bounded, and a destructor with large frames can still have objects destroyed
//! at once.
//!
//! The address that is kept need not be right for the runtime to be sound. Coroutines can end their
//! destructions in any order: then `at` is an address of the past, and one difference is wrong,
//! which still counts for something between one byte and a jump. A destruction gives back the
//! number that it took, so the budget is exact once all destructions have ended.

use std::cell::Cell;
use std::ptr;

/// How many bytes of stack destructions may take that lie inside one another. The frames of the
/// innermost destructor come on top, as they do for a destructor that is not nested. A thread with
/// a stack of 64 KiB, or a coroutine with one of 16 KiB, has room for it.
const STACK: usize = 8 << 10;

/// The price of a destruction whose distance from the one around it is larger, or does not exist:
/// at most four can lie inside one another. An outermost destruction takes it as well. An odd
/// number; see [`Nesting::price`].
const JUMP: usize = STACK / 4 - 1;

/// See the module.
pub(crate) struct Nesting {
    /// Where the innermost destruction has begun; 0 if there is none.
    at: Cell<usize>,
    /// The rest of the budget.
    left: Cell<usize>,
}

impl Nesting {
    const WHOLE: usize = STACK + JUMP;

    #[inline]
    pub(crate) const fn new() -> Self {
        Nesting { at: Cell::new(0), left: Cell::new(Self::WHOLE) }
    }

    /// Whether a destruction is under way on this OS thread.
    #[inline]
    pub(crate) fn is_under_way(&self) -> bool {
        self.left.get() != Self::WHOLE
    }

    /// The price of a destruction that begins here; none if the budget is too small. There is
    /// always enough if no destruction is under way.
    #[inline(always)]
    pub(crate) fn price(&self) -> Option<Price> {
        let here = here();
        // Stacks grow downwards. Where they do not, or where this is another stack, the distance is
        // a large number. Odd, so that it is not zero.
        let bytes = self.at.get().wrapping_sub(here).min(JUMP) | 1;
        (bytes <= self.left.get()).then_some(Price { here, bytes })
    }

    /// All that is left; none if nothing is.
    #[cfg(feature = "testing")]
    pub(crate) fn all_that_is_left(&self) -> Option<Price> {
        let bytes = self.left.get();
        (bytes > 0).then_some(Price { here: here(), bytes })
    }

    /// A destruction begins; it ends when what is returned is dropped.
    #[inline]
    pub(crate) fn begin(&self, price: Price) -> Level<'_> {
        self.left.set(self.left.get() - price.bytes);
        Level { nesting: self, around: self.at.replace(price.here), bytes: price.bytes }
    }
}

/// See [`Nesting::price`].
#[derive(Clone, Copy)]
pub(crate) struct Price {
    here: usize,
    bytes: usize,
}

/// A destruction that is under way.
pub(crate) struct Level<'a> {
    nesting: &'a Nesting,
    /// The earlier value of `at`.
    around: usize,
    bytes: usize,
}

impl Drop for Level<'_> {
    #[inline]
    fn drop(&mut self) {
        self.nesting.at.set(self.around);
        self.nesting.left.set(self.nesting.left.get() + self.bytes);
    }
}

/// An address in the stack that is in use.
#[inline(always)]
fn here() -> usize {
    let local = 0_u8;
    ptr::from_ref(&local).addr()
}
