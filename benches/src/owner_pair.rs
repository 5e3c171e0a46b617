//! What does one more reference cost the thread that made the object?
//!
//! A pair: a retain, and a release that is not the last. The handle in between is hidden from the
//! optimiser, in the same way for every subject, so that no pair is dropped or merged with the
//! next.

use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use keyway::{Brc, Ref, Strategy, Thread, attach};

use crate::clock::time;
use crate::peers::{Leaf, Pointer};
use crate::row::{Row, every_strategy};

/// The operation's id.
pub const OPERATION: &str = "owner-pair";

/// The pair with the token at hand: `clone_ref` and `release`.
#[inline(always)]
pub fn pair<S: Strategy>(object: &Ref<u64, S>, thread: &Thread<S>) {
    black_box(object.clone_ref(thread)).release(thread);
}

/// The pair whose second half is `drop`, which looks the attachment up in a thread-local.
#[inline(always)]
pub fn pair_by_drop<S: Strategy>(object: &Ref<u64, S>, thread: &Thread<S>) {
    drop(black_box(object.clone_ref(thread)));
}

/// The pair of any other counted pointer.
#[inline(always)]
pub fn pair_of<P: Clone>(object: &P) {
    drop(black_box(object.clone()));
}

/// Every strategy, `Brc`, and the pointers of std and of other crates.
pub fn rows() -> Vec<Row> {
    fn row<S: Strategy>() -> Row {
        Row::new(OPERATION, S::runtime().id, sample::<S>)
    }
    fn peer<P: Pointer>() -> Row {
        Row::of_pointer::<P>(OPERATION, sample_of::<P>)
    }
    let peers = [
        peer::<Rc<u64>>(),
        peer::<Arc<u64>>(),
        peer::<triomphe::Arc<u64>>(),
        peer::<hybrid_rc::Rc<u64>>(),
        peer::<biasedrc::Brc<u64>>(),
        peer::<circ::Rc<Leaf>>(),
        peer::<Brc<u64>>(),
    ];
    every_strategy!(row).into_iter().chain(peers).collect()
}

/// As [`rows`], with `drop` as the second half of the pair: every strategy.
pub fn rows_by_drop() -> Vec<Row> {
    fn row<S: Strategy>() -> Row {
        Row::new("owner-pair-by-drop", S::runtime().id, sample_by_drop::<S>)
    }
    every_strategy!(row).into()
}

fn sample<S: Strategy>(pairs: u64) -> Duration {
    attach::<S, _>(|thread| {
        let object = thread.alloc(1);
        time_pairs(pairs, &object, thread)
    })
}

fn sample_by_drop<S: Strategy>(pairs: u64) -> Duration {
    attach::<S, _>(|thread| {
        let object = thread.alloc(1);
        time_pairs_by_drop(pairs, &object, thread)
    })
}

fn sample_of<P: Pointer>(pairs: u64) -> Duration {
    time_pairs_of(pairs, &P::new(1))
}

// The timed loops are functions of their own, so that nothing around them takes part in how they
// are compiled.

#[inline(never)]
pub(crate) fn time_pairs<S: Strategy>(pairs: u64, object: &Ref<u64, S>, thread: &Thread<S>) -> Duration {
    time(pairs, || pair(object, thread))
}

#[inline(never)]
fn time_pairs_by_drop<S: Strategy>(pairs: u64, object: &Ref<u64, S>, thread: &Thread<S>) -> Duration {
    time(pairs, || pair_by_drop(object, thread))
}

#[inline(never)]
pub(crate) fn time_pairs_of<P: Clone>(pairs: u64, object: &P) -> Duration {
    time(pairs, || pair_of(object))
}
