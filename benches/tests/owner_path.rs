//! The owner's path of a retain, and of a release that is not the last: no allocation, and no
//! locked instruction under the strategies that promise it. Counted, not timed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use keyway::{
    BiasedCounts, GlobalLock, GroupLocks, Interval, ObjectLocks, SingleThread, Strategy, Ticks, attach,
};
use keyway_benches::{Row, owner_pair};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator; counts what each thread asks of it.
struct Counting;

// SAFETY: passes every call on unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's duties.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's duties.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(f: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    f();
    ALLOCATIONS.with(Cell::get) - before
}

fn pair_allocates_nothing<S: Strategy>() {
    attach::<S, _>(|thread| {
        let mut object = None;
        let id = S::runtime().id;
        assert!(allocations(|| object = Some(thread.alloc(1))) > 0, "{id}: the counting works");
        let object = object.unwrap();
        assert_eq!(allocations(|| owner_pair::pair(&object, thread)), 0, "{id}: with the token");
        assert_eq!(allocations(|| owner_pair::pair_by_drop(&object, thread)), 0, "{id}: by drop");
    });
}

/// Locked instructions of a pair: what each strategy pays for being safe. `ObjectLocks` and
/// `GroupLocks` take and give up a lock twice.
fn locked_in_a_pair(row: &Row) -> f64 {
    match row.subject {
        "rc" | "single-thread" | "biased-counts" | "biased-counts-apart" | "brc" => 0.0,
        "global-lock-interval" | "global-lock-ticks" | "global-lock-returning-first" => 0.0,
        "arc" | "atomic-counts" => 2.0,
        "object-locks" | "group-locks" => 4.0,
        other => panic!("how many locked instructions may a pair of {other} have?"),
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn locked_instructions_of_a_pair() {
    let ours = |row: &&Row| !["triomphe", "hybrid-rc", "biasedrc", "circ"].contains(&row.subject);
    for row in owner_pair::rows().iter().filter(ours).chain(&owner_pair::rows_by_drop()) {
        let sample = row.steppable().expect("one thread makes pairs");
        match keyway_benches::steps::per_operation(sample, 4) {
            Ok(steps) => {
                println!("{} {}: {steps:?}", row.operation, row.subject);
                assert_eq!(steps.locked, locked_in_a_pair(row), "{} {}", row.operation, row.subject);
            }
            Err(error) => return println!("SKIPPED: this machine allows no stepping: {error}"),
        }
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn locked_instructions_of_a_pair() {
    let _ = locked_in_a_pair;
    println!("SKIPPED: instructions are stepped through on x86-64 Linux only");
}

/// One test, since stepping forks, and a forked child must not have lost a thread that held a lock.
#[test]
fn owner_neither_allocates_nor_locks() {
    pair_allocates_nothing::<SingleThread>();
    pair_allocates_nothing::<GlobalLock<Interval>>();
    pair_allocates_nothing::<GlobalLock<Ticks>>();
    pair_allocates_nothing::<GlobalLock<keyway::ReturningFirst>>();
    pair_allocates_nothing::<ObjectLocks>();
    pair_allocates_nothing::<GroupLocks>();
    pair_allocates_nothing::<keyway::AtomicCounts>();
    pair_allocates_nothing::<BiasedCounts>();
    pair_allocates_nothing::<BiasedCounts<keyway::Apart>>();
    locked_instructions_of_a_pair();
}
