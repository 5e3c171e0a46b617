//! Objects that are due, in the order in which they are to be destroyed.

use std::cell::Cell;
use std::ptr::NonNull;

use crate::header::Prefix;

/// Claimed objects, each of which keeps the next one's address in its count words: so a list
/// allocates nothing.
///
/// A list that is dropped leaks its objects, which is safe.
pub(crate) struct Batch(Option<Ends>);

/// The first and the last object of a list. The last one's link has not been written.
#[derive(Clone, Copy)]
struct Ends {
    first: NonNull<Prefix>,
    last: NonNull<Prefix>,
}

impl Batch {
    pub(crate) const EMPTY: Batch = Batch(None);

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// A list of one object.
    ///
    /// # Safety
    /// - The object is claimed as its descriptor asks, and the claim is handed over to the list.
    #[inline]
    pub(crate) unsafe fn of(object: NonNull<Prefix>) -> Batch {
        Batch(Some(Ends { first: object, last: object }))
    }

    /// Takes the first object off the list; the claim is handed over to the caller.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<NonNull<Prefix>> {
        let Ends { first, last } = self.0?;
        self.0 = if first == last {
            None
        } else {
            // SAFETY: on the list, so claimed and not destroyed; not the last one, so `before` has
            // set the link.
            unsafe { Prefix::link(first) }.map(|next| Ends { first: next, last })
        };
        Some(first)
    }

    /// These objects, and then those.
    #[inline]
    pub(crate) fn before(self, those: Batch) -> Batch {
        match (self.0, those.0) {
            (Some(these), Some(those)) => {
                // SAFETY: on a list, so claimed and not destroyed.
                unsafe { Prefix::set_link(these.last, Some(those.first)) };
                Batch(Some(Ends { first: these.first, last: those.last }))
            }
            (these, None) => Batch(these),
            (None, those) => Batch(those),
        }
    }
}

/// The list of one OS thread.
pub(crate) struct DueList(Cell<Option<Ends>>);

impl DueList {
    #[inline]
    pub(crate) const fn new() -> Self {
        DueList(Cell::new(None))
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.get().is_none()
    }

    /// Takes all objects off the list.
    #[inline]
    pub(crate) fn take_all(&self) -> Batch {
        Batch(self.0.take())
    }

    /// Puts an object at the end.
    ///
    /// # Safety
    /// - As for [`Batch::of`].
    #[inline]
    pub(crate) unsafe fn put(&self, object: NonNull<Prefix>) {
        // SAFETY: the caller's duty.
        let last = unsafe { Batch::of(object) };
        self.0.set(self.take_all().before(last).0);
    }

    /// Puts objects at the beginning.
    #[inline]
    pub(crate) fn put_in_front(&self, these: Batch) {
        self.0.set(these.before(self.take_all()).0);
    }
}
