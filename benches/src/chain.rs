//! What does it cost to destroy a chain, link by link?
//!
//! The first link's last reference is released; each link has the last reference to the next. For
//! `Box` it is the loop that a program with long chains writes by hand, since a nested drop
//! overflows the stack.

use std::time::Duration;

use keyway::{Ref, Strategy, Thread, attach};

use crate::clock::{now, since};
use crate::row::{Row, every_strategy};

const OPERATION: &str = "chain";

/// Links: the question is the price of long chains.
const LINKS: u64 = 1_000_000;

/// Every strategy, and `Box`.
pub fn rows() -> Vec<Row> {
    fn row<S: Strategy>() -> Row {
        Row { fixed: Some(LINKS), ..Row::new(OPERATION, S::runtime().id, sample::<S>) }
    }
    let of_box = Row { fixed: Some(LINKS), ..Row::new(OPERATION, "box", sample_of_box) };
    every_strategy!(row).into_iter().chain([of_box]).collect()
}

struct Link<S: Strategy> {
    _next: Option<Ref<Link<S>, S>>,
    _contents: u64,
}

fn chain<S: Strategy>(links: u64, thread: &Thread<S>) -> Option<Ref<Link<S>, S>> {
    let link = |next, number| Some(thread.alloc(Link { _next: next, _contents: number }));
    (0..links).fold(None, link)
}

fn sample<S: Strategy>(links: u64) -> Duration {
    attach::<S, _>(|thread| {
        let first = chain(links, thread);
        let start = now();
        if let Some(first) = first {
            first.release(thread);
        }
        since(start)
    })
}

struct BoxLink {
    next: Option<Box<BoxLink>>,
    _contents: u64,
}

fn sample_of_box(links: u64) -> Duration {
    let link = |next, number| Some(Box::new(BoxLink { next, _contents: number }));
    let mut rest = (0..links).fold(None, link);
    let start = now();
    while let Some(mut link) = rest {
        rest = link.next.take();
    }
    since(start)
}
