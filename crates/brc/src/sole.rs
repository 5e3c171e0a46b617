//! The operations that need the only reference.

use std::alloc::Layout;

use keyway_object_model::{WeakCounts, counted};

use crate::duplicate::Duplicate;
use crate::pointer::Shared;

impl<T, S: WeakCounts> Shared<T, S> {
    /// The contents, if this is the only reference. Weak references do not count, and lead nowhere
    /// afterwards.
    ///
    /// Under `BiasedCounts`, for an object that is not merged (nothing here waits for the owner to
    /// come by):
    /// - Called by the owner, or by another after the owner has exited or stepped aside: exact, as
    ///   with `Arc`.
    /// - By another while the owner is there: exact, if there is no weak reference. Weak references
    ///   that have gone do not matter, nor that the owner's thread is ending. If there is one, an
    ///   error: the owner could upgrade it without anybody's seeing it.
    ///
    /// # Errors
    /// The pointer unchanged, if there may be other references.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// assert_eq!(Brc::try_unwrap(Brc::new(5)), Ok(5));
    /// let two = Brc::new(5);
    /// let _more = two.clone();
    /// assert!(Brc::try_unwrap(two).is_err());
    /// ```
    pub fn try_unwrap(this: Self) -> Result<T, Self> {
        // SAFETY: `this` is a reference, which is given up if the answer is yes.
        if unsafe { counted::try_take::<S>(this.thin()) } {
            // SAFETY: taken just now.
            Ok(unsafe { this.move_out() })
        } else {
            Err(this)
        }
    }

    /// Takes the reference away, and returns the contents if it was the last.
    ///
    /// If all holders of a reference call this, exactly one gets the contents, whichever threads
    /// they are on; but for one case.
    ///
    /// Under `BiasedCounts`, for an object that is not merged (nothing here waits for the owner to
    /// come by):
    /// - Called by the owner: the object is merged; the releases that others have queued are
    ///   carried out first.
    /// - By another after the owner has exited or stepped aside: the object is merged.
    /// - By another while the owner is there: the last caller gets the contents.
    /// - The one case: there are weak references, the owner is there, and has no reference itself.
    ///   The owner could upgrade a weak one without anybody's seeing it, so that nobody can say
    ///   that he was the last. `None` for all; the owner destroys the object. Weak references that
    ///   have gone do not matter, nor that the owner's thread is ending.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let one = Brc::new(5);
    /// let two = one.clone();
    /// let there = std::thread::spawn(|| Brc::into_inner(two));
    /// let got = [Brc::into_inner(one), there.join().unwrap()];
    /// assert_eq!(got.iter().flatten().count(), 1);
    /// ```
    pub fn into_inner(this: Self) -> Option<T> {
        // SAFETY: `this` was a reference; it is forgotten or moved out of.
        if unsafe { counted::release_to_take::<S>(this.thin()) } {
            // SAFETY: the last reference has gone, and the contents are this call's.
            return Some(unsafe { this.move_out() });
        }
        this.into_counted();
        None
    }

    /// The contents, or a clone of them if there may be other references:
    /// [`try_unwrap`](Self::try_unwrap) says when.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let word = Brc::new(String::from("key"));
    /// let same = word.clone();
    /// assert_eq!(Brc::unwrap_or_clone(word), Brc::unwrap_or_clone(same));
    /// ```
    pub fn unwrap_or_clone(this: Self) -> T
    where
        T: Clone,
    {
        Shared::try_unwrap(this).unwrap_or_else(|this| (*this).clone())
    }

    /// Moves the contents out and frees the memory, or leaves it to the last weak reference.
    ///
    /// # Safety
    /// - The last reference, which was this one, has been taken away, and the contents belong to
    ///   the caller.
    unsafe fn move_out(self) -> T {
        let place = self.into_counted();
        // SAFETY: the caller's duty; read once.
        let contents = unsafe { place.read() };
        // SAFETY: the caller's duty; a sized value was allocated as one.
        unsafe { counted::forget_contents::<S>(place.cast(), Layout::new::<T>()) };
        contents
    }
}

impl<T: ?Sized, S: WeakCounts> Shared<T, S> {
    /// The contents for writing, if this is the only reference and there are no weak ones.
    ///
    /// Weak references are asked first: if there is one, the answer is `None` on every thread.
    ///
    /// Under `BiasedCounts`, for an object that is not merged (nothing here waits for the owner to
    /// come by):
    /// - Called by the owner, the thread that made the object: exact, as with `Arc`. If the object
    ///   is queued, all that is queued is carried out first, which runs destructors.
    /// - By another, and the owner has exited or stepped aside: exact. The object is merged.
    /// - By another while the owner is there: exact. A reference that was dropped and waits in the
    ///   owner's queue does not count.
    ///
    /// "Exact" is said of the moment at which other holders of references do nothing; a drop by
    /// another thread that has not returned yet may count or not, as with `Arc`.
    ///
    /// **Cost**: two locked instructions, and on a thread that is not the owner, of an object that
    /// is not merged, two locks and two more; and a search of the owner's queue if the object is in
    /// it.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let mut one = Brc::new(5);
    /// *Brc::get_mut(&mut one).unwrap() = 6;
    /// let _more = one.clone();
    /// assert!(Brc::get_mut(&mut one).is_none());
    /// ```
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        // SAFETY: the only reference, and the borrow of `this` keeps it so.
        Shared::is_alone(this).then(|| unsafe { this.contents().as_mut() })
    }

    /// The contents for writing; cloned into an object of their own first if there may be other
    /// references, and moved into one if there are weak ones, which lead nowhere afterwards.
    ///
    /// Under `BiasedCounts`, for an object that is not merged, on each thread: as for
    /// [`get_mut`](Self::get_mut) if there are no weak references, and as for
    /// [`try_unwrap`](Self::try_unwrap) if there are: a thread that is not the owner clones while
    /// the owner is there. Nothing waits for the owner.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let mut one = Brc::new(5);
    /// let two = one.clone();
    /// *Brc::make_mut(&mut one) += 1;
    /// assert_eq!((*one, *two), (6, 5));
    /// ```
    pub fn make_mut(this: &mut Self) -> &mut T
    where
        T: Duplicate<S>,
    {
        if !Shared::is_alone(this) {
            // SAFETY: `this` is a reference, which is overwritten without a drop if the answer is
            // yes.
            if unsafe { counted::try_take::<S>(this.thin()) } {
                let layout = Layout::for_value(&**this);
                // SAFETY: taken just now; nothing unwinds before `this` is overwritten.
                let moved = unsafe { T::moved(this.contents()) };
                // SAFETY: the last reference has gone, and the contents with it.
                unsafe { counted::forget_contents::<S>(this.thin(), layout) };
                // SAFETY: the old contents are gone.
                unsafe { std::ptr::write(this, moved) };
            } else {
                *this = (**this).cloned();
            }
        }
        // SAFETY: the only reference, as found or made just now; the borrow of `this` keeps it so.
        unsafe { this.contents().as_mut() }
    }

    /// Whether there is no other reference, weak ones included.
    fn is_alone(this: &mut Self) -> bool {
        // SAFETY: `this` is a reference.
        unsafe { counted::is_alone::<S>(this.thin()) }
    }
}
