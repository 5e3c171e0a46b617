//! What does a blocking region cost when nobody waits for the thread to let go?

use std::hint::black_box;
use std::time::Duration;

use keyway::{Strategy, Thread, attach};

use crate::clock::time;
use crate::row::{Row, every_strategy};

const OPERATION: &str = "blocking-region";

/// One region around nothing.
#[inline(always)]
pub fn region<S: Strategy>(thread: &mut Thread<S>) {
    thread.blocking(|| black_box(()));
}

/// Every strategy. They are compared with one raw lock and unlock, which is a row of `section`.
pub fn rows() -> Vec<Row> {
    fn row<S: Strategy>() -> Row {
        Row::new(OPERATION, S::runtime().id, sample::<S>)
    }
    every_strategy!(row).into()
}

fn sample<S: Strategy>(regions: u64) -> Duration {
    attach::<S, _>(|thread| time_regions(regions, thread))
}

#[inline(never)]
fn time_regions<S: Strategy>(regions: u64, thread: &mut Thread<S>) -> Duration {
    time(regions, || region(thread))
}
