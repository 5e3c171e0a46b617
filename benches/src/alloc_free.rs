//! What does an object cost that is made and released by the same thread?

use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use keyway::{Brc, Strategy, Thread, attach};

use crate::clock::time;
use crate::peers::Pointer;
use crate::row::{Row, every_strategy};

const OPERATION: &str = "alloc-free";

/// One object: made, hidden from the optimiser, released.
#[inline(always)]
pub fn object<S: Strategy>(contents: u64, thread: &Thread<S>) {
    black_box(thread.alloc(contents)).release(thread);
}

/// Every strategy, `Box` and the pointers.
pub fn rows() -> Vec<Row> {
    fn row<S: Strategy>() -> Row {
        Row::new(OPERATION, S::runtime().id, sample::<S>)
    }
    fn peer<P: Pointer>() -> Row {
        Row::of_pointer::<P>(OPERATION, sample_of::<P>)
    }
    let peers = [
        Row::new(OPERATION, "box", sample_of_box),
        peer::<Rc<u64>>(),
        peer::<Arc<u64>>(),
        peer::<triomphe::Arc<u64>>(),
        peer::<hybrid_rc::Rc<u64>>(),
        peer::<biasedrc::Brc<u64>>(),
        peer::<Brc<u64>>(),
    ];
    every_strategy!(row).into_iter().chain(peers).collect()
}

fn sample<S: Strategy>(objects: u64) -> Duration {
    attach::<S, _>(|thread| time_objects(objects, thread))
}

#[inline(never)]
fn time_objects<S: Strategy>(objects: u64, thread: &Thread<S>) -> Duration {
    time(objects, || object(objects, thread))
}

#[inline(never)]
fn sample_of<P: Pointer>(objects: u64) -> Duration {
    time(objects, || drop(black_box(P::new(objects))))
}

#[inline(never)]
fn sample_of_box(objects: u64) -> Duration {
    time(objects, || drop(black_box(Box::new(objects))))
}
