//! The table of bytes equals the bytes that the allocator is asked for. Counted by an allocator of
//! this test alone.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use keyway_benches::{header_bytes, memory};

thread_local! {
    static IN_USE: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator; counts what each thread asks of it.
struct Counting;

// SAFETY: passes every call on unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.with(|bytes| bytes.set(bytes.get().wrapping_add(layout.size() as u64)));
        // SAFETY: the caller's duties.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        IN_USE.with(|bytes| bytes.set(bytes.get().wrapping_sub(layout.size() as u64)));
        // SAFETY: the caller's duties.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn an_object_asks_the_allocator_for_its_header_and_its_contents() {
    let header = header_bytes();
    for kind in memory::kinds() {
        let bytes = kind.bytes(&|| IN_USE.with(Cell::get));
        assert_eq!(bytes, (header[kind.subject] + size_of::<u64>()) as f64, "{}", kind.subject);
    }
}
