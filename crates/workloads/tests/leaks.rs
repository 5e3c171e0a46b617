//! A workload frees all that it allocates, under every strategy. The only test in its file: all
//! allocations of the process are counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use keyway::Strategy;
use keyway_workloads::{Job, WORKLOADS, for_each, run_workload};

static ALLOCATED: AtomicI64 = AtomicI64::new(0);

struct Counting;

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(1, Relaxed);
        // SAFETY: the caller's duties are the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(1, Relaxed);
        // SAFETY: the caller's duties are the same.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

struct Left;

impl Job for Left {
    type Output = ();

    fn run<S: Strategy>(&mut self) {
        for workload in WORKLOADS {
            let run = || run_workload::<S>(workload.id, 50, 1).expect("it is listed");
            // Data that is set up once and kept is set up now.
            run();
            let before = ALLOCATED.load(Relaxed);
            run();
            run();
            // The test's own threads may allocate a little at the same time; a step that leaks one
            // object leaks a hundred.
            let left = ALLOCATED.load(Relaxed) - before;
            assert!(left < 20, "{} under {}: {left} allocations left", workload.id, S::runtime().id);
        }
    }
}

#[test]
fn nothing_is_left_when_a_workload_has_ended() {
    for_each(&mut Left);
}
