//! Where a user's code is called: the sites, and what holds at each of them. PROTOCOL.md has the
//! table.
//!
//! User code may do anything: drop the last reference to any object that it can reach, make
//! objects, attach, block, step aside, set a waker, panic, or start a thread that does so and wait
//! for it. So at each site no lock of the runtime is held but contents that the user has entered,
//! no function of a strategy is under way, no count is half changed, and no fact that was read
//! before the call is relied on after it.

#[cfg(debug_assertions)]
use crate::context::CONTEXT;

/// A place at which a user's code is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// U1: the closure that `attach` lends a token to.
    Attached,
    /// U2: the closure that `Thread::blocking` runs.
    Blocking,
    /// U3: the closure that `Thread::exclusive` runs.
    Exclusive,
    /// U4: the closure that a section, a pair or a suspension runs.
    Section,
    /// U5: the destructor of contents.
    Destructor,
    /// U6: a waker that is woken, and its drop after that.
    Waker,
    /// U7: the making of contents whose object is there already.
    Contents,
}

/// Says that the user's code is called next. In a build with debug assertions, and in every model:
///
/// # Panics
/// If a function of a strategy is under way, or a leaf lock is held.
#[inline(always)]
pub fn calls(site: Site) {
    #[cfg(debug_assertions)]
    check(site);
    #[cfg(not(debug_assertions))]
    let _ = site;
}

/// The counters that [`calls`] looks at: counted in builds with debug assertions only.
#[cfg(debug_assertions)]
#[derive(Debug)]
pub(crate) struct UnderWay {
    strategies: std::cell::Cell<u32>,
    leaf_locks: std::cell::Cell<u32>,
}

#[cfg(debug_assertions)]
impl UnderWay {
    pub(crate) const fn new() -> Self {
        UnderWay { strategies: std::cell::Cell::new(0), leaf_locks: std::cell::Cell::new(0) }
    }
}

#[cfg(debug_assertions)]
#[track_caller]
fn check(site: Site) {
    CONTEXT.with(|context| {
        let UnderWay { strategies, leaf_locks } = &context.under_way;
        assert!(
            strategies.get() == 0,
            "rule broken: {site:?}: user code while a function of a strategy is under way"
        );
        assert!(leaf_locks.get() == 0, "rule broken: {site:?}: user code under a leaf lock");
    });
}

/// A function of a strategy is under way while this lives, as `calls` sees it.
#[cfg(debug_assertions)]
#[derive(Debug)]
pub(crate) struct Strategys(());

#[cfg(debug_assertions)]
impl Strategys {
    pub(crate) fn new() -> Self {
        CONTEXT.with(|context| add(&context.under_way.strategies, 1));
        Strategys(())
    }
}

#[cfg(debug_assertions)]
impl Drop for Strategys {
    fn drop(&mut self) {
        CONTEXT.with(|context| add(&context.under_way.strategies, -1));
    }
}

/// A leaf lock is held while this lives, as [`calls`] sees it: to be kept next to the lock's guard.
#[derive(Debug)]
pub struct Leaf(());

impl Leaf {
    /// The lock has just been taken.
    #[inline(always)]
    #[expect(clippy::new_without_default, reason = "not a value: it says that something is done")]
    pub fn new() -> Self {
        #[cfg(debug_assertions)]
        CONTEXT.with(|context| add(&context.under_way.leaf_locks, 1));
        Leaf(())
    }
}

#[cfg(debug_assertions)]
impl Drop for Leaf {
    fn drop(&mut self) {
        CONTEXT.with(|context| add(&context.under_way.leaf_locks, -1));
    }
}

#[cfg(debug_assertions)]
fn add(count: &std::cell::Cell<u32>, change: i32) {
    count.set(count.get().checked_add_signed(change).expect("a count of what is under way"));
}
