//! How many bytes does an object take? Counted, not timed: what is asked of the allocator, and what
//! it sets aside.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use keyway_benches::memory;

/// Bytes that have been asked for and not given back.
static IN_USE: AtomicU64 = AtomicU64::new(0);

/// The system's allocator; counts what is asked of it.
struct Counting;

// SAFETY: passes every call on unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size() as u64, Relaxed);
        // SAFETY: the caller's duties.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size() as u64, Relaxed);
        // SAFETY: the caller's duties.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    println!("\nBytes of an object with contents of 8 bytes\n");
    println!("{:24}{:>10}{:>12}", "", "asked for", "set aside");
    for kind in memory::kinds() {
        let asked_for = kind.bytes(&|| IN_USE.load(Relaxed));
        let set_aside = memory::set_aside(&kind).map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
        println!("{:24}{asked_for:>10}{set_aside:>12}", kind.subject);
    }
    println!();
}
