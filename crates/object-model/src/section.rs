//! A thread inside an object's contents.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr;

use crate::destruction::Unhold;
use crate::guarded::Guarded;
use crate::strategy::Strategy;
use crate::thread::{Inner, Thread};
use crate::user::{self, Site};

/// The right to an object's contents, lent to the closure of [`Guarded::enter`].
///
/// A call that may give the contents up needs `&mut Section`, so that no borrow of them is alive
/// then. To go on to an object inside these contents, clone its reference out first, then enter it.
pub struct Section<'a, T, S: Strategy> {
    guarded: &'a Guarded<T, S>,
    thread: &'a mut Thread<S>,
}

impl<'a, T, S: Strategy> Section<'a, T, S> {
    /// # Safety
    /// - This thread is inside a section of `guarded` for `'a`, except while the section is
    ///   suspended by its own methods.
    #[inline]
    pub(crate) unsafe fn new(guarded: &'a Guarded<T, S>, thread: &'a mut Thread<S>) -> Self {
        Section { guarded, thread }
    }

    /// The thread, for `clone_ref`, `alloc` and `release`.
    ///
    /// # Examples
    /// ```
    /// use keyway::{BiasedCounts, Guarded, attach};
    ///
    /// type S = BiasedCounts;
    ///
    /// attach::<S, _>(|thread| {
    ///     let word = thread.alloc("key");
    ///     let slot = thread.alloc(Guarded::<_, S>::new(word));
    ///     // Out of the contents, to go on with after the section.
    ///     let word = slot.enter(thread, |section| section.clone_ref(section.thread()));
    ///     assert_eq!(word.count(thread), 2);
    /// });
    /// ```
    #[inline]
    pub fn thread(&self) -> &Thread<S> {
        self.thread
    }

    /// Contents and thread at once, as in `items.push(item.clone_ref(thread))`.
    ///
    /// # Examples
    /// ```
    /// use keyway::{BiasedCounts, Guarded, Ref, attach};
    ///
    /// type S = BiasedCounts;
    ///
    /// attach::<S, _>(|thread| {
    ///     let item = thread.alloc("key");
    ///     let list = thread.alloc(Guarded::<Vec<Ref<_, S>>, S>::new(vec![]));
    ///     list.enter(thread, |section| {
    ///         let (items, thread) = section.parts();
    ///         items.push(item.clone_ref(thread));
    ///     });
    ///     assert_eq!(item.count(thread), 2);
    /// });
    /// ```
    #[inline]
    pub fn parts(&mut self) -> (&mut T, &Thread<S>) {
        // SAFETY: inside the section by `new`, not suspended since `&mut self` is here; it lends no
        // other borrow.
        (unsafe { self.guarded.contents_mut() }, self.thread)
    }

    /// Runs `f` in a section of `other` inside this one.
    ///
    /// If `other` is taken by another thread, this section and all around it are suspended while
    /// waiting, and others may change their contents. Entering the object that this section is in
    /// is allowed.
    ///
    /// **Blocking**: for one lock at a time, while holding none; so nesting in opposite orders
    /// cannot deadlock.
    ///
    /// # Panics
    /// If `f` panics; `other` is given up then, and this section is held again.
    ///
    /// # Examples
    /// ```
    /// use keyway::{BiasedCounts, Guarded, Ref, attach};
    ///
    /// type S = BiasedCounts;
    ///
    /// struct Parent {
    ///     child: Ref<Guarded<Vec<i32>, S>, S>,
    /// }
    ///
    /// attach::<S, _>(|thread| {
    ///     let child = thread.alloc(Guarded::new(vec![]));
    ///     let parent = thread.alloc(Guarded::<_, S>::new(Parent { child }));
    ///     parent.enter(thread, |parent| {
    ///         let child = parent.child.clone_ref(parent.thread());
    ///         parent.enter(&child, |child| child.push(1));
    ///     });
    /// });
    /// ```
    #[inline]
    pub fn enter<U, R>(&mut self, other: &Guarded<U, S>, f: impl FnOnce(&mut Section<'_, U, S>) -> R) -> R {
        let inner = self.inner();
        let section = || {
            user::calls(Site::Section);
            // U4. SAFETY: inside the section of `other`. If it is the same object, no borrow of the
            // contents is alive: they would borrow `self`.
            f(&mut unsafe { Section::new(other, self.thread) })
        };
        // SAFETY: `self` borrows the thread until this call ends, so calls on its chain begin and
        // end inside one another.
        unsafe { inner.sections.enter_nested(other.lock(), destroy_due, section) }
    }

    /// Gives up this section and all around it, runs `f`, and takes this one again, also after a
    /// panic.
    ///
    /// Inside, the thread can checkpoint, block, or enter anything. Sections further out stay given
    /// up until control comes back to them. Objects that are due are destroyed before `f`.
    ///
    /// **Blocking**: afterwards, while another thread is in a section of this object.
    ///
    /// # Examples
    /// ```
    /// use keyway::{GlobalLock, Guarded, Interval, attach};
    ///
    /// type S = GlobalLock<Interval>;
    ///
    /// attach::<S, _>(|thread| {
    ///     let total = thread.alloc(Guarded::<u32, S>::new(0));
    ///     total.enter(thread, |section| {
    ///         let before = **section;
    ///         let read = section.suspend(|thread| thread.blocking(|| 5)); // a read from a socket, say
    ///         // Others may have been inside meanwhile: look again rather than build on `before`.
    ///         assert_eq!(before, 0);
    ///         **section += read;
    ///     });
    /// });
    /// ```
    #[inline]
    pub fn suspend<R>(&mut self, f: impl FnOnce(&mut Thread<S>) -> R) -> R {
        let inner = self.inner();
        let suspended = || {
            let _destructors_run = Unhold::new();
            user::calls(Site::Section);
            // U4.
            f(self.thread)
        };
        // SAFETY: as in `enter`.
        unsafe { inner.sections.suspend(suspended) }
    }

    /// The attachment, without borrowing the section.
    #[inline]
    fn inner<'i>(&self) -> &'i Inner<S>
    where
        'a: 'i,
    {
        let inner = ptr::from_ref(self.thread.inner());
        // SAFETY: it lives as long as the token can be used, which is longer than `'a`; it is only
        // ever borrowed shared.
        unsafe { &*inner }
    }
}

/// Destroys what is due while every section is given up.
fn destroy_due() {
    drop(Unhold::new());
}

impl<T, S: Strategy> Deref for Section<'_, T, S> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: inside the section by `new`, not suspended since `&self` is here; `&mut` borrows
        // would borrow `self` mutably.
        unsafe { self.guarded.contents() }
    }
}

impl<T, S: Strategy> DerefMut for Section<'_, T, S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.parts().0
    }
}

impl<T: fmt::Debug, S: Strategy> fmt::Debug for Section<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
