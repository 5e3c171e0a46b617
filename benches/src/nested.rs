//! What does it cost to enter an object from inside another, and to go from an object to one that
//! it refers to?

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use keyway::{Guarded, Ref, Section, Strategy, Thread, attach};

use crate::clock::time;
use crate::row::{Row, every_strategy};

const NESTED: &str = "section-nested";
const CLONE_OUT: &str = "clone-out";

type Leaf<S> = Ref<Guarded<u64, S>, S>;

/// The inner of two sections: the outer one is held all the while.
#[inline(always)]
pub fn enter_inner<T, S: Strategy>(outer: &mut Section<'_, T, S>, inner: &Guarded<u64, S>) {
    outer.enter(inner, |section| {
        black_box(&mut **section);
    });
}

/// The idiom for going from an object to one inside its contents: the reference is cloned out, then
/// its object is entered.
#[inline(always)]
pub fn clone_out<S: Strategy>(parent: &Guarded<Leaf<S>, S>, thread: &mut Thread<S>) {
    let child = parent.enter(thread, |section| section.clone_ref(section.thread()));
    child.enter(thread, |section| {
        black_box(&mut **section);
    });
    child.release(thread);
}

/// The inner of two sections, under every strategy.
pub fn nested_rows() -> Vec<Row> {
    fn row<S: Strategy>() -> Row {
        Row::new(NESTED, S::runtime().id, sample_nested::<S>)
    }
    every_strategy!(row).into()
}

/// The idiom, under every strategy, and with `Arc` and a lock of `parking_lot`.
pub fn clone_out_rows() -> Vec<Row> {
    fn row<S: Strategy>() -> Row {
        Row::new(CLONE_OUT, S::runtime().id, sample_clone_out::<S>)
    }
    let locks = [Row::new(CLONE_OUT, "arc-parking-lot", sample_clone_out_of_arc)];
    every_strategy!(row).into_iter().chain(locks).collect()
}

fn sample_nested<S: Strategy>(sections: u64) -> Duration {
    attach::<S, _>(|thread| {
        let (outer, inner) = (thread.alloc(Guarded::new(1_u64)), thread.alloc(Guarded::new(2)));
        outer.enter(thread, |outer| time_inner(sections, outer, &inner))
    })
}

#[inline(never)]
fn time_inner<S: Strategy>(
    sections: u64,
    outer: &mut Section<'_, u64, S>,
    inner: &Guarded<u64, S>,
) -> Duration {
    time(sections, || enter_inner(outer, inner))
}

fn sample_clone_out<S: Strategy>(times: u64) -> Duration {
    attach::<S, _>(|thread| {
        let child = thread.alloc(Guarded::new(1));
        let parent = thread.alloc(Guarded::new(child));
        time_clone_out(times, &parent, thread)
    })
}

#[inline(never)]
fn time_clone_out<S: Strategy>(times: u64, parent: &Guarded<Leaf<S>, S>, thread: &mut Thread<S>) -> Duration {
    time(times, || clone_out(parent, thread))
}

#[inline(never)]
fn sample_clone_out_of_arc(times: u64) -> Duration {
    let parent = parking_lot::Mutex::new(Arc::new(parking_lot::Mutex::new(1_u64)));
    time(times, || {
        let child = black_box(&parent).lock().clone();
        black_box(&mut *child.lock());
    })
}
