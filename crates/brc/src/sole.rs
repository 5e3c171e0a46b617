//! What can be done by whoever has the only reference.

use std::alloc::Layout;

use keyway_object_model::{Released, WeakCounts, counted};

use crate::duplicate::Duplicate;
use crate::pointer::Shared;

impl<T, S: WeakCounts> Shared<T, S> {
    /// The contents, if this is the only reference. Weak references do not count, and lead nowhere afterwards.
    ///
    /// When that is known, see [`get_mut`](Self::get_mut).
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
        // SAFETY: `this` keeps the object alive.
        let object = unsafe { counted::object::<S>(this.thin()) };
        // SAFETY: `this` is a reference, which is given up if the answer is yes.
        if counted::with_due(|due| unsafe { S::try_take(object, due) }) {
            // SAFETY: taken just now.
            Ok(unsafe { this.move_out() })
        } else {
            Err(this)
        }
    }

    /// Takes the reference away, and returns the contents if it was the last.
    ///
    /// If all who have a reference call this, exactly one gets the contents, with one exception: see [`get_mut`](Self::get_mut) for what
    /// is known on which thread.
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
        // SAFETY: `this` keeps the object alive.
        let object = unsafe { counted::object::<S>(this.thin()) };
        // SAFETY: `this` was a reference; it is forgotten or moved out of.
        match counted::with_due(|due| unsafe { S::release_to_take(object, due) }) {
            // SAFETY: the last reference has gone, and the contents are this call's.
            Released::Destroy => Some(unsafe { this.move_out() }),
            Released::Nothing | Released::DestroyDue => {
                this.into_counted();
                None
            }
        }
    }

    /// The contents, or a clone of them if there may be other references.
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
    /// - The last reference, which was this one, has been taken away, and the contents belong to the caller.
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
    /// What is known, under `BiasedCounts`; nothing here ever waits for the owner:
    /// - By the owner, the thread that made the object: everything, as with `Arc`. What others have queued to it is carried out first.
    /// - By any other thread if the owner has exited or stepped aside, or the object has been merged: everything.
    /// - By any other thread while the owner is there: that there *may* be other references. So this is `None`, `try_unwrap` an error,
    ///   `make_mut` clones, and `into_inner` is `None`, even for the only reference; the object is then destroyed by the owner.
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
        // SAFETY: alone, and the borrow of `this` keeps it so.
        Shared::is_alone(this).then(|| unsafe { this.contents().as_mut() })
    }

    /// The contents for writing; cloned into an object of their own first if there may be other references, and moved into one if there
    /// are weak ones, which lead nowhere afterwards. When that is known, see [`get_mut`](Self::get_mut).
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
            // SAFETY: `this` keeps the object alive.
            let object = unsafe { counted::object::<S>(this.thin()) };
            // SAFETY: `this` is a reference, which is overwritten without a drop if the answer is yes.
            if counted::with_due(|due| unsafe { S::try_take(object, due) }) {
                let layout = Layout::for_value(&**this);
                // SAFETY: taken just now; nothing unwinds before `this` is overwritten.
                let moved = unsafe { T::moved(this.contents()) };
                // SAFETY: the last reference has gone, and the contents with it.
                unsafe { counted::forget_contents::<S>(this.thin(), layout) };
                // SAFETY: what was there is gone.
                unsafe { std::ptr::write(this, moved) };
            } else {
                *this = (**this).cloned();
            }
        }
        // SAFETY: alone, as found or made just now; the borrow of `this` keeps it so.
        unsafe { this.contents().as_mut() }
    }

    /// Whether there is no other reference, weak ones included.
    fn is_alone(this: &mut Self) -> bool {
        // SAFETY: `this` keeps the object alive.
        let object = unsafe { counted::object::<S>(this.thin()) };
        // What becomes due is destroyed after the weak count is unlocked: a destructor may want to make a weak reference.
        counted::with_due(|due| {
            // SAFETY: `this` is a reference.
            if !unsafe { counted::try_lock_weak::<S>(this.thin()) } {
                return false;
            }
            // SAFETY: `this` is a reference; there is no weak one, and none is made while the count is locked.
            let sole = unsafe { S::is_sole(object, due) };
            // SAFETY: locked just now.
            unsafe { counted::unlock_weak::<S>(this.thin()) };
            sole
        })
    }
}
