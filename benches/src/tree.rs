//! What does it cost to destroy a tree, and an object that holds many others, object by object?
//!
//! The last reference to the root is released; each node has the last references to those below it.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use keyway::{Ref, Strategy, Thread, attach};

use crate::clock::{now, since};
use crate::row::{Row, every_strategy};

const TREE: &str = "tree";
const FAN: &str = "fan";

/// Nodes of a tree: its depth is seventeen, so that a subject that drops by recursion does not
/// overflow the stack.
const NODES: u64 = (1 << 17) - 1;

/// Objects in one vector, and the object that holds it.
const HELD: u64 = 1 << 17;

/// Complete binary trees: every strategy, `Box`, `Rc` and `Arc`.
pub fn rows() -> Vec<Row> {
    fn row<S: Strategy>() -> Row {
        Row::new(TREE, S::runtime().id, sample_tree::<S>)
    }
    let peers = [
        Row::new(TREE, "box", sample_tree_of::<Owned>),
        Row::new(TREE, "rc", sample_tree_of::<Counted>),
        Row::new(TREE, "arc", sample_tree_of::<Atomic>),
    ];
    let sized = |row| Row { fixed: Some(NODES), ..row };
    every_strategy!(row).into_iter().chain(peers).map(sized).collect()
}

/// One object that holds all the others.
pub fn fan_rows() -> Vec<Row> {
    fn row<S: Strategy>() -> Row {
        Row::new(FAN, S::runtime().id, sample_fan::<S>)
    }
    let peers = [
        Row::new(FAN, "box", |held| sample_fan_of(held, Box::new)),
        Row::new(FAN, "rc", |held| sample_fan_of(held, Rc::new)),
        Row::new(FAN, "arc", |held| sample_fan_of(held, Arc::new)),
    ];
    let sized = |row| Row { fixed: Some(HELD), ..row };
    every_strategy!(row).into_iter().chain(peers).map(sized).collect()
}

struct Below<S: Strategy> {
    _left: Option<Ref<Below<S>, S>>,
    _right: Option<Ref<Below<S>, S>>,
    _contents: u64,
}

/// A tree of `nodes` nodes, made from its leaves up.
fn tree<S: Strategy>(nodes: u64, thread: &Thread<S>) -> Option<Ref<Below<S>, S>> {
    let below = nodes.checked_sub(1)?;
    let (left, right) = (tree(below / 2, thread), tree(below - below / 2, thread));
    Some(thread.alloc(Below { _left: left, _right: right, _contents: nodes }))
}

fn sample_tree<S: Strategy>(nodes: u64) -> Duration {
    attach::<S, _>(|thread| {
        let root = tree(nodes, thread);
        let start = now();
        if let Some(root) = root {
            root.release(thread);
        }
        since(start)
    })
}

/// A node of a tree of other pointers, and how a pointer to one is named and made.
struct Node<P: Pointers> {
    _left: Option<P::Pointer>,
    _right: Option<P::Pointer>,
    _contents: u64,
}

trait Pointers: Sized {
    type Pointer: From<Node<Self>>;
}

macro_rules! pointers {
    ($($kind:ident: $pointer:ident;)*) => {$(
        struct $kind;

        impl Pointers for $kind {
            type Pointer = $pointer<Node<$kind>>;
        }
    )*};
}

pointers! {
    Owned: Box;
    Counted: Rc;
    Atomic: Arc;
}

fn tree_of<P: Pointers>(nodes: u64) -> Option<P::Pointer> {
    let below = nodes.checked_sub(1)?;
    let (left, right) = (tree_of::<P>(below / 2), tree_of::<P>(below - below / 2));
    Some(Node { _left: left, _right: right, _contents: nodes }.into())
}

fn sample_tree_of<P: Pointers>(nodes: u64) -> Duration {
    let root = tree_of::<P>(nodes);
    let start = now();
    drop(root);
    since(start)
}

fn sample_fan<S: Strategy>(held: u64) -> Duration {
    attach::<S, _>(|thread| {
        let holder = thread.alloc((1..held).map(|number| thread.alloc(number)).collect::<Vec<_>>());
        let start = now();
        holder.release(thread);
        since(start)
    })
}

fn sample_fan_of<P>(held: u64, new: fn(u64) -> P) -> Duration {
    let holder = Box::new((1..held).map(new).collect::<Vec<_>>());
    let start = now();
    drop(holder);
    since(start)
}
