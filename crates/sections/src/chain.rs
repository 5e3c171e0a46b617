//! The sections of one thread, innermost first.

use std::cell::Cell;
use std::ptr;

use crate::lock::ContentsLock;

/// The sections that one attached thread is inside of, innermost first.
///
/// The records lie on the stack, one in the frame of each call below, and are linked from the
/// innermost outwards. A frame removes its own record when it ends, also by a panic, so that a link
/// never outlives what it points to.
///
/// # Invariants
/// - **C1** `top` is null or points to a record whose frame is still running; so does each record's
///   `outer`.
/// - **C2** A record is `Taken` exactly if this thread took its lock and has not given it up.
///   `Shared` means that the lock is held by a record further out that is itself `Taken`.
/// - **C3** If a record is given up, so are all records further out. (Giving up is done to all at
///   once; only the innermost record is ever retaken, and a new record is innermost.)
/// - **C4** A thread that waits for a lock has no record `Taken`.
///
/// The calls on one chain must end in the reverse order in which they begin, as calls on one stack
/// do. Coroutines could break that, so it is the duty of every caller: the object model gets it
/// from `&mut Thread`, which each call borrows to its end.
///
/// C4 is why sections cannot deadlock: a cycle of waiting threads needs one that holds what another
/// waits for.
#[derive(Debug)]
pub struct Chain<L: ContentsLock> {
    top: Cell<*const Record<L>>,
}

/// One section: which lock, and whether it is held at the moment.
#[derive(Debug)]
struct Record<L> {
    lock: *const L,
    hold: Cell<Hold>,
    outer: *const Record<L>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// This record took the lock.
    Taken,
    /// A record further out took the same lock and holds it.
    Shared,
    /// The section is suspended.
    GivenUp,
}

impl<L: ContentsLock> Default for Chain<L> {
    fn default() -> Self {
        Chain { top: Cell::new(ptr::null()) }
    }
}

impl<L: ContentsLock> Chain<L> {
    /// Runs `f` in a section that has no section around it, or only such as have been suspended by
    /// [`suspend`](Self::suspend).
    ///
    /// Waits for `lock`. Those around it stay suspended when it ends. Free of locked instructions
    /// beyond those of `lock`.
    ///
    /// # Safety
    /// - The calls on this chain end in the reverse order in which they begin.
    #[inline]
    pub unsafe fn enter<R>(&self, lock: &L, f: impl FnOnce() -> R) -> R {
        if !L::LOCKS {
            return f();
        }
        lock.lock();
        let record = Record { lock, hold: Cell::new(Hold::Taken), outer: ptr::null() };
        let _inside = Inside::push(self, &record, false);
        f()
    }

    /// Runs `f` in a section inside the innermost section, which is held again when this returns.
    ///
    /// If a section further out already holds the lock, it is kept. If the lock is free, it is
    /// taken and nothing else changes. Otherwise every outer section is suspended, `given_up` runs
    /// (with no lock held), and then the lock is waited for.
    ///
    /// # Safety
    /// - The calls on this chain end in the reverse order in which they begin.
    #[inline]
    pub unsafe fn enter_nested<R>(&self, lock: &L, given_up: impl FnOnce(), f: impl FnOnce() -> R) -> R {
        if !L::LOCKS {
            return f();
        }
        let outer = self.top.get();
        // Made before anything is given up: whatever happens next, also a panic in
        // `given_up`, the section around this one is held again when this frame ends.
        let _outer_again = Retake(outer);
        let hold = self.take_nested(lock, given_up);
        let record = Record { lock, hold: Cell::new(hold), outer };
        let _inside = Inside::push(self, &record, true);
        f()
    }

    /// Runs `f` with every section of this thread given up, and retakes the innermost afterwards,
    /// also after a panic.
    ///
    /// # Safety
    /// - The calls on this chain end in the reverse order in which they begin.
    #[inline]
    pub unsafe fn suspend<R>(&self, f: impl FnOnce() -> R) -> R {
        if !L::LOCKS {
            return f();
        }
        let _again = Retake(self.top.get());
        self.give_up_all();
        f()
    }

    /// Runs `f` while both locks are held, in a section as of [`enter`](Self::enter).
    ///
    /// Takes one lock and *tries* the other; if that fails, gives the first up and starts over by
    /// waiting for the other. Two locks that are the same are taken once.
    #[inline]
    pub fn enter_pair<R>(&self, a: &L, b: &L, f: impl FnOnce() -> R) -> R {
        if !L::LOCKS {
            return f();
        }
        // No record is pushed: inside a pair there is no `&mut` of a thread or section, so nothing
        // can be nested or given up.
        let _held = Pair::take(a, b);
        f()
    }

    fn take_nested(&self, lock: &L, given_up: impl FnOnce()) -> Hold {
        if !Self::pretends_contention() {
            if self.holds(lock) {
                return Hold::Shared;
            }
            if lock.try_lock() {
                return Hold::Taken;
            }
        }
        self.wait_nested(lock, given_up)
    }

    #[cold]
    fn wait_nested(&self, lock: &L, given_up: impl FnOnce()) -> Hold {
        self.give_up_all();
        given_up();
        // C4: all records are given up.
        lock.lock();
        Hold::Taken
    }

    /// Whether a section of this chain holds this very lock. By C3 the search can stop at the first
    /// one given up.
    fn holds(&self, lock: &L) -> bool {
        self.records().take_while(|record| record.hold.get() != Hold::GivenUp).any(|record| {
            // SAFETY: the frame of the record borrows its lock, and is still running by C1.
            lock.same(unsafe { &*record.lock })
        })
    }

    fn give_up_all(&self) {
        for record in self.records() {
            match record.hold.replace(Hold::GivenUp) {
                // SAFETY: for `unlock`: this thread holds the lock, by C2. For the pointer: C1, as
                // in `holds`.
                #[expect(clippy::multiple_unsafe_ops_per_block, reason = "one argument for both")]
                Hold::Taken => unsafe { (*record.lock).unlock() },
                Hold::Shared => {}
                // C3: all further out are given up already.
                Hold::GivenUp => break,
            }
        }
    }

    fn records(&self) -> impl Iterator<Item = &Record<L>> {
        let mut next = self.top.get();
        std::iter::from_fn(move || {
            // SAFETY: null or the record of a running frame, by C1; nobody makes a `&mut` to a
            // record.
            let record = unsafe { next.as_ref() }?;
            next = record.outer;
            Some(record)
        })
    }

    #[inline]
    fn pretends_contention() -> bool {
        #[cfg(feature = "testing")]
        return crate::testing::suspends_every_nested_entry();
        #[cfg(not(feature = "testing"))]
        return false;
    }
}

/// While it lives, its record is the innermost; on drop the record's lock is given up and the
/// record is removed.
struct Inside<'a, L: ContentsLock> {
    chain: &'a Chain<L>,
    record: &'a Record<L>,
    before: *const Record<L>,
}

impl<'a, L: ContentsLock> Inside<'a, L> {
    #[inline]
    fn push(chain: &'a Chain<L>, record: &'a Record<L>, nested: bool) -> Self {
        let before = chain.top.replace(record);
        debug_assert!(!nested || ptr::eq(before, record.outer), "a nested record links to the one around it");
        Inside { chain, record, before }
    }
}

impl<L: ContentsLock> Drop for Inside<'_, L> {
    #[inline]
    fn drop(&mut self) {
        self.chain.top.set(self.before);
        match self.record.hold.get() {
            // SAFETY: for `unlock`: this thread holds the lock, by C2. For the pointer: the frame
            // borrows the lock.
            #[expect(clippy::multiple_unsafe_ops_per_block, reason = "one argument for both")]
            Hold::Taken => unsafe { (*self.record.lock).unlock() },
            Hold::Shared => {}
            Hold::GivenUp => {
                unreachable!("whatever suspends a section retakes it before the section's frame runs on")
            }
        }
    }
}

/// On drop, retakes the record if it has been given up.
struct Retake<L: ContentsLock>(*const Record<L>);

impl<L: ContentsLock> Drop for Retake<L> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: null, or a record whose frame is still running: it was `top` when this was made,
        // in a frame inside it.
        if let Some(record) = unsafe { self.0.as_ref() }
            && record.hold.get() == Hold::GivenUp
        {
            // C4: the records further out are given up by C3, those further in have ended.
            // SAFETY: the record's frame borrows its lock.
            unsafe { &*record.lock }.lock();
            record.hold.set(Hold::Taken);
        }
    }
}

/// Two locks, or one if they are the same, held until drop.
struct Pair<'a, L: ContentsLock>(&'a L, Option<&'a L>);

impl<'a, L: ContentsLock> Pair<'a, L> {
    #[inline]
    fn take(a: &'a L, b: &'a L) -> Self {
        a.lock();
        if a.same(b) {
            return Pair(a, None);
        }
        if b.try_lock() {
            return Pair(a, Some(b));
        }
        Self::take_contended(a, b)
    }

    /// `a` is held and `b` could not be had.
    #[cold]
    fn take_contended(mut a: &'a L, mut b: &'a L) -> Self {
        loop {
            // SAFETY: held since the caller's or the last round's `lock`.
            unsafe { a.unlock() };
            std::mem::swap(&mut a, &mut b);
            a.lock();
            if b.try_lock() {
                return Pair(a, Some(b));
            }
        }
    }
}

impl<L: ContentsLock> Drop for Pair<'_, L> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: taken when this was made, and not given up since.
        unsafe { self.0.unlock() };
        if let Some(other) = self.1 {
            // SAFETY: as above.
            unsafe { other.unlock() };
        }
    }
}
