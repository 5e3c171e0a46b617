//! What does one more reference cost a thread that did not make the object?
//!
//! The maker is attached all the while (`non-owner-pair`), or has gone after it gave up a reference
//! that it counted, so that the object has no owner any more (`non-owner-pair-merged`). Either way
//! one thread at a time is at the object. Only under strategies that let two threads be attached at
//! once.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use keyway::{Brc, FreeThreaded, attach};

use crate::beside::beside;
use crate::owner_pair::{time_pairs, time_pairs_of};
use crate::peers::Pointer;
use crate::row::{Row, every_free_threaded};

const OWNED: &str = "non-owner-pair";
const MERGED: &str = "non-owner-pair-merged";

/// Objects that another attached thread owns.
pub fn rows() -> Vec<Row> {
    fn row<S: FreeThreaded>() -> Row {
        Row::new(OWNED, S::runtime().id, sample_owned::<S>)
    }
    let peers = [
        peer::<Arc<u64>>(OWNED),
        peer::<triomphe::Arc<u64>>(OWNED),
        peer::<hybrid_rc::Arc<u64>>(OWNED),
        peer::<biasedrc::Brc<u64>>(OWNED),
        peer::<Brc<u64>>(OWNED),
    ];
    every_free_threaded!(row).into_iter().chain(peers).collect()
}

/// Objects that nobody owns.
pub fn rows_merged() -> Vec<Row> {
    fn row<S: FreeThreaded>() -> Row {
        Row::new(MERGED, S::runtime().id, sample_merged::<S>)
    }
    let brc = Row::of_pointer::<Brc<u64>>(MERGED, sample_merged_of::<Brc<u64>>);
    every_free_threaded!(row).into_iter().chain([peer::<Arc<u64>>(MERGED), brc]).collect()
}

fn peer<P: Pointer + Send + Sync>(operation: &'static str) -> Row {
    Row::of_pointer::<P>(operation, sample_of::<P>)
}

fn sample_owned<S: FreeThreaded>(pairs: u64) -> Duration {
    let (give, take) = mpsc::channel();
    let (done, until_done) = mpsc::channel::<()>();
    let maker = move || {
        attach::<S, _>(|thread| {
            give.send(thread.alloc(1)).expect("the other thread waits for it");
            // Attached, and without a checkpoint. Ends when the sender is dropped.
            let _ = until_done.recv();
        });
    };
    let here = move || {
        let object = take.recv().expect("the maker sends it");
        let time = attach::<S, _>(|thread| time_pairs(pairs, &object, thread));
        drop((object, done));
        time
    };
    beside(maker, here).0
}

fn sample_merged<S: FreeThreaded>(pairs: u64) -> Duration {
    let maker = || {
        attach::<S, _>(|thread| {
            let object = thread.alloc(1);
            (object.clone_ref(thread), object)
        })
    };
    let ((), (object, another)) = beside(maker, || ());
    attach::<S, _>(|thread| {
        // The maker counted two and has gone: giving up one of them ends its ownership.
        another.release(thread);
        time_pairs(pairs, &object, thread)
    })
}

fn sample_of<P: Pointer + Send + Sync>(pairs: u64) -> Duration {
    let (give, take) = mpsc::channel();
    let (done, until_done) = mpsc::channel::<()>();
    let maker = move || {
        let object = P::new(1);
        give.send(object.clone()).expect("the other thread waits for it");
        let _ = until_done.recv();
    };
    let here = move || {
        let object = take.recv().expect("the maker sends it");
        let time = time_pairs_of(pairs, &object);
        // The maker has the last reference, and is alive.
        drop(object);
        drop(done);
        time
    };
    beside(maker, here).0
}

fn sample_merged_of<P: Pointer + Send + Sync>(pairs: u64) -> Duration {
    let make = || {
        let object = P::new(1);
        (object.clone(), object)
    };
    let ((), (object, another)) = beside(make, || ());
    // As above.
    drop(another);
    time_pairs_of(pairs, &object)
}
