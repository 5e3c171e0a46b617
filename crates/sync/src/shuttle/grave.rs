//! The end of an object's memory, watched: as under loom, but without loom's eye for races.

use std::alloc::Layout;
use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::Mutex;

/// Part of an object's header that dies with the object.
#[derive(Debug, Default)]
pub struct Canary(Cell<bool>);

impl Canary {
    /// A canary that sings.
    pub const fn new() -> Self {
        Canary(Cell::new(false))
    }

    /// Fails if the object has been destroyed.
    #[track_caller]
    pub fn check(&self) {
        assert!(!self.0.get(), "use after free: a header was touched after its object had been destroyed");
    }

    /// From now on `check` fails, and so does a second `kill`.
    #[track_caller]
    pub fn kill(&self) {
        assert!(!self.0.replace(true), "double destruction: an object was destroyed a second time");
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

/// Memory that waits for the end of the run.
struct Graveyard(Mutex<Vec<(usize, Layout)>>);

impl Drop for Graveyard {
    fn drop(&mut self) {
        for (memory, layout) in self.0.get_mut().unwrap().drain(..) {
            // SAFETY: `bury` got this memory with this layout from its owner, and the run is over.
            unsafe { std::alloc::dealloc(std::ptr::with_exposed_provenance_mut(memory), layout) };
        }
    }
}

crate::global! {
    static GRAVEYARD: Graveyard = Graveyard(Mutex::new(Vec::new()));
}

/// See [`futex::prepare`](super::futex::prepare).
pub(super) fn prepare() {
    let _: &Graveyard = &GRAVEYARD;
}

/// Keeps an object's memory until the run ends.
///
/// # Safety
/// - `memory` was allocated by the global allocator with `layout`.
/// - Nothing but a canary reads it afterwards.
pub unsafe fn bury(memory: *mut u8, layout: Layout) {
    GRAVEYARD.0.lock().unwrap().push((memory.expose_provenance(), layout));
}
