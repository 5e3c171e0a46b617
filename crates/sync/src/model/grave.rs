//! The end of an object's memory, watched.
//!
//! Loom does not see a use after free of a header by itself, since an atomic word has no drop. So
//! each header has a canary that every access reads and destruction flips, and the memory stays in
//! quarantine until the iteration ends, so that an access which comes too late reads a dead canary
//! rather than somebody else's object.

use std::alloc::Layout;
use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::Mutex;

use loom::alloc::Track;
use loom::cell::UnsafeCell;

/// Part of an object's header that dies with the object, and reports a leak if it never does.
#[derive(Debug)]
pub struct Canary {
    dead: UnsafeCell<bool>,
    /// Loom fails the iteration if this has not been dropped when it ends.
    leak: UnsafeCell<Option<Track<()>>>,
}

impl Canary {
    /// A canary that sings.
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "a default canary would make objects out of nothing")]
    pub fn new() -> Self {
        Canary { dead: UnsafeCell::new(false), leak: UnsafeCell::new(Some(Track::new(()))) }
    }

    /// Fails if the object has been destroyed.
    #[track_caller]
    pub fn check(&self) {
        // SAFETY: loom has just checked that no write to the cell is concurrent with this read.
        let dead = self.dead.with(|dead| unsafe { *dead });
        assert!(!dead, "use after free: a header was touched after its object had been destroyed");
    }

    /// From now on `check` fails, and so does a second `kill`.
    #[track_caller]
    pub fn kill(&self) {
        // SAFETY: loom has just checked that no other access overlaps.
        let dead = self.dead.with_mut(|dead| std::mem::replace(unsafe { &mut *dead }, true));
        assert!(!dead, "double destruction: an object was destroyed a second time");
        // SAFETY: loom has just checked that no other access overlaps.
        drop(self.leak.with_mut(|leak| unsafe { &mut *leak }.take()));
    }
}

/// An address that is kept in an object nobody holds any more: here in a cell of its own, since a
/// word of a model is no place for it.
#[derive(Debug, Default)]
pub struct Link(Cell<Option<NonNull<u8>>>);

impl Link {
    /// An object that is in no list.
    pub const fn new() -> Self {
        Link(Cell::new(None))
    }

    /// Keeps an address.
    ///
    /// # Safety
    /// - Nobody else accesses the object.
    pub unsafe fn set(&self, _: NonNull<Option<NonNull<u8>>>, address: Option<NonNull<u8>>) {
        self.0.set(address);
    }

    /// The address kept.
    ///
    /// # Safety
    /// - Nobody else accesses the object.
    pub unsafe fn get(&self, _: NonNull<Option<NonNull<u8>>>) -> Option<NonNull<u8>> {
        self.0.get()
    }
}

/// Memory that waits for the end of the iteration.
struct Graveyard(Mutex<Vec<(usize, Layout)>>);

impl Drop for Graveyard {
    fn drop(&mut self) {
        for (memory, layout) in self.0.get_mut().unwrap().drain(..) {
            // SAFETY: `bury` got this memory with this layout from its owner, and the iteration is
            // over.
            unsafe { std::alloc::dealloc(std::ptr::with_exposed_provenance_mut(memory), layout) };
        }
    }
}

loom::lazy_static! {
    static ref GRAVEYARD: Graveyard = Graveyard(Mutex::new(Vec::new()));
}

/// Keeps an object's memory until the iteration ends.
///
/// # Safety
/// - `memory` was allocated by the global allocator with `layout`.
/// - Nothing but a canary reads it afterwards.
pub unsafe fn bury(memory: *mut u8, layout: Layout) {
    GRAVEYARD.0.lock().unwrap().push((memory.expose_provenance(), layout));
}
