//! Binary trees: objects made, followed and freed, many and small.
//!
//! Each tree is built bottom up by a recursive function, counted by another, and dropped. The
//! function's entry is a checkpoint. A node never changes, so it is read without a lock; counting
//! loads each child as a reference of its own, as an interpreter's attribute access does. Dropping
//! the last reference to the root frees the whole tree.
//!
//! Key source files: this one.

use keyway::{Ref, Strategy, Thread, attach};

use crate::together::{Done, share, together};

/// Levels of each tree below its root.
const DEPTH: u32 = 8;

struct Node<S: Strategy> {
    children: Option<[Ref<Node<S>, S>; 2]>,
}

/// Makes, counts and drops `size` trees of 511 nodes, shared out over the threads. The result is
/// the number of nodes counted.
///
/// # Panics
/// If a thread cannot be started.
pub fn run<S: Strategy>(size: u64, threads: usize) -> Done {
    let trees = |number, thread: &mut Thread<S>| {
        let mut nodes = 0;
        for _ in 0..share(size, threads, number) {
            let root = build(DEPTH, thread);
            nodes += count(&root, thread);
            root.release(thread);
        }
        nodes
    };
    together(threads, |number| attach::<S, _>(|thread| trees(number, thread))).into()
}

/// The expected result.
pub fn expected(size: u64) -> u64 {
    size * ((2 << DEPTH) - 1)
}

fn build<S: Strategy>(depth: u32, thread: &mut Thread<S>) -> Ref<Node<S>, S> {
    thread.checkpoint();
    let children = (depth > 0).then(|| [build(depth - 1, thread), build(depth - 1, thread)]);
    thread.alloc(Node { children })
}

fn count<S: Strategy>(node: &Ref<Node<S>, S>, thread: &mut Thread<S>) -> u64 {
    thread.checkpoint();
    let Some(children) = &node.children else { return 1 };
    let mut nodes = 1;
    for child in children {
        let child = child.clone_ref(thread);
        nodes += count(&child, thread);
        child.release(thread);
    }
    nodes
}
