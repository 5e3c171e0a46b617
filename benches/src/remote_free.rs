//! What does an object cost that one thread makes and another releases for the last time?
//!
//! The time that both threads spend on a core for it: making, releasing, and the maker's
//! checkpoint, in which an owner carries out what was queued to it. Handing the objects over is not
//! counted.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use keyway::{Brc, FreeThreaded, Ref, attach};

use crate::beside::beside;
use crate::clock::cpu_time_of;
use crate::peers::Pointer;
use crate::row::{Row, Work, every_free_threaded};

const OPERATION: &str = "remote-free";

/// Objects that are handed over at once.
const BATCH: u64 = 1024;

/// Every strategy under which threads run in parallel, and other pointers.
pub fn rows() -> Vec<Row> {
    fn row<S: FreeThreaded>() -> Row {
        sized(Row::of_threads(OPERATION, S::runtime().id, 1, Work::InTurns(sample::<S>)))
    }
    let biasedrc = |objects| sample_of::<biasedrc::Brc<u64>>(objects, biasedrc::collect).into();
    let biasedrc = Row::of_threads(OPERATION, "biasedrc", 1, Work::Apart(biasedrc));
    let brc = |objects| sample_of::<Brc<u64>>(objects, Brc::collect);
    let peers = [
        Row::of_threads(OPERATION, "brc", 1, Work::InTurns(brc)),
        Row::of_threads(OPERATION, "arc", 1, Work::InTurns(|objects| sample_of::<Arc<u64>>(objects, || ()))),
        Row { defect: biasedrc::Brc::<u64>::DEFECT, ..biasedrc },
    ];
    every_free_threaded!(row).into_iter().chain(peers.map(sized)).collect()
}

fn sized(row: Row) -> Row {
    Row { fixed: Some(BATCH * 16), ..row }
}

/// Batches on their way from the maker, and empty ones on their way back.
struct Ends<T> {
    full: Receiver<Vec<T>>,
    empty: SyncSender<(Vec<T>, Duration)>,
}

/// Runs `maker` here and `releaser` on a thread of its own.
fn two_threads<T: Send>(
    maker: impl FnOnce(&dyn Fn(Vec<T>) -> (Vec<T>, Duration)) -> Duration,
    releaser: impl FnOnce(Ends<T>) + Send,
) -> Duration {
    let (give, full) = sync_channel(1);
    let (empty, back) = sync_channel(1);
    let here = move || {
        let hand_over = |batch| {
            give.send(batch).expect("the releaser takes every batch");
            back.recv().expect("the releaser returns every batch")
        };
        // The releaser ends when `give` is dropped.
        maker(&hand_over)
    };
    beside(move || releaser(Ends { full, empty }), here).0
}

/// The sizes of the batches.
fn batches(objects: u64) -> impl Iterator<Item = u64> {
    (0..objects.div_ceil(BATCH)).map(move |number| BATCH.min(objects - number * BATCH))
}

fn sample<S: FreeThreaded>(objects: u64) -> Duration {
    let releaser = |ends: Ends<Ref<u64, S>>| {
        attach::<S, _>(|thread| {
            for mut batch in ends.full {
                let time = cpu_time_of(|| batch.drain(..).for_each(|object| object.release(thread)));
                ends.empty.send((batch, time)).expect("the maker waits for it");
            }
        });
    };
    two_threads(
        |hand_over| {
            attach::<S, _>(|thread| {
                let (mut batch, mut total) = (Vec::with_capacity(BATCH as usize), Duration::ZERO);
                for size in batches(objects) {
                    total += cpu_time_of(|| batch.extend((0..size).map(|number| thread.alloc(number))));
                    let (emptied, released) = hand_over(batch);
                    batch = emptied;
                    total += released + cpu_time_of(|| thread.checkpoint());
                }
                total
            })
        },
        releaser,
    )
}

/// The maker calls `checkpoint` now and then to carry out the releases that were left to it.
fn sample_of<P: Pointer + Send>(objects: u64, checkpoint: fn()) -> Duration {
    let releaser = |ends: Ends<P>| {
        for mut batch in ends.full {
            let time = cpu_time_of(|| batch.drain(..).for_each(drop));
            ends.empty.send((batch, time)).expect("the maker waits for it");
        }
    };
    two_threads(
        |hand_over| {
            let (mut batch, mut total) = (Vec::with_capacity(BATCH as usize), Duration::ZERO);
            for size in batches(objects) {
                total += cpu_time_of(|| batch.extend((0..size).map(P::new)));
                let (emptied, released) = hand_over(batch);
                batch = emptied;
                total += released + cpu_time_of(checkpoint);
            }
            total
        },
        releaser,
    )
}
