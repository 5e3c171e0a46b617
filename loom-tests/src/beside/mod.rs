//! Outside loom: the scenarios again, under tools that see what loom cannot.
//!
//! | | what runs | what it sees that loom does not |
//! |---|---|---|
//! | `stress` | threads of the operating system, many times | the real locks, futexes, clocks and the reuse of addresses |
//! | the same under AddressSanitizer, ThreadSanitizer, valgrind | as above | the real memory, plain accesses, what the compiler has made of the code |
//! | `shuttle` | one interleaving at a time, chosen at random or by PCT | four to eight threads |
//!
//! A scenario has two or three threads. More come from copies (`crowds`): several runs of one
//! scenario at the same time, each with objects of its own, which share what all of a process
//! shares: the global lock, the claim, the table of threads.

pub(crate) mod later;
#[cfg(shuttle)]
pub(crate) mod shuttle;
#[cfg(not(shuttle))]
pub(crate) mod stress;

use std::cell::Cell;
use std::env;
use std::sync::Arc;

use crate::backend::spawn;
use crate::model::Model;
use crate::row::Row;

/// Names how often each scenario is run, for each number of copies.
pub const ITERATIONS: &str = "KEYWAY_BESIDE_ITERATIONS";

/// Threads at the same time, at most.
const MOST_THREADS: usize = 8;

/// How many copies of a scenario run. Shuttle's threads are coroutines of one OS thread, and other
/// scenarios run at the same time; without shuttle, scenarios run one after the other, and their
/// copies are threads.
#[cfg(shuttle)]
mod copies {
    thread_local! {
        static COPIES: std::cell::Cell<usize> = const { std::cell::Cell::new(1) };
    }

    pub(super) fn set(copies: usize) {
        COPIES.set(copies);
    }

    pub(super) fn get() -> usize {
        COPIES.get()
    }
}
#[cfg(not(shuttle))]
mod copies {
    use std::sync::atomic::{AtomicUsize, Ordering};

    static COPIES: AtomicUsize = AtomicUsize::new(1);

    pub(super) fn set(copies: usize) {
        COPIES.store(copies, Ordering::Relaxed);
    }

    pub(super) fn get() -> usize {
        COPIES.load(Ordering::Relaxed)
    }
}

thread_local! {
    static SETTLE: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// The numbers of copies of a scenario that are run: 1, 2 and 4, as far as that is at most eight
/// threads.
fn crowds(threads: usize) -> impl Iterator<Item = usize> {
    [1, 2, 4].into_iter().filter(move |copies| copies * threads <= MOST_THREADS)
}

/// Whether the scenario that runs has no copies.
pub(crate) fn is_alone() -> bool {
    copies::get() == 1
}

/// Runs one scenario in each of its crowds.
///
/// # Panics
/// If it fails.
pub fn run(model: &Model) -> Vec<Row> {
    let in_a_crowd = |copies| {
        copies::set(copies);
        SETTLE.set(model.settle);
        let row = Row { threads: copies * model.threads, ..model.run() };
        assert!(row.complete, "nothing was run: {row:?}");
        row
    };
    crowds(model.threads).map(in_a_crowd).collect()
}

/// How often a scenario is run.
fn iterations(usual: u64) -> u64 {
    let Ok(text) = env::var(ITERATIONS) else { return usual };
    text.parse().unwrap_or_else(|_| panic!("{ITERATIONS}={text}: not a number"))
}

/// `program` as many times at once as [`run`] says, one of them on the calling thread.
fn crowd(program: impl Fn() + Send + Sync + 'static) -> impl Fn() + Send + Sync + 'static {
    let (copies, settle, program) = (copies::get(), SETTLE.get(), Arc::new(program));
    move || {
        later::begin(copies > 1 && settle.is_some());
        let copy = || {
            let program = Arc::clone(&program);
            spawn(move || program())
        };
        let others: Vec<_> = (1..copies).map(|_| copy()).collect();
        program();
        for other in others {
            other.join().expect("the copy has not panicked");
        }
        settle.inspect(|settle| settle());
        later::end();
    }
}
