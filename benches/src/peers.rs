//! What the strategies are measured against.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use keyway::Strategy;

use crate::row::every_strategy;

/// A counted pointer of std or of another crate.
pub(crate) trait Pointer: Clone + 'static {
    /// The subject's id.
    const ID: &'static str;

    /// A new object with one reference.
    fn new(contents: u64) -> Self;
}

macro_rules! pointers {
    ($($id:literal: $pointer:ty;)*) => {$(
        impl Pointer for $pointer {
            const ID: &'static str = $id;

            #[inline]
            fn new(contents: u64) -> Self {
                <$pointer>::new(contents.into())
            }
        }
    )*};
}

/// Contents that `circ` accepts.
#[derive(Debug)]
pub(crate) struct Leaf {
    _contents: u64,
}

impl From<u64> for Leaf {
    fn from(contents: u64) -> Self {
        Leaf { _contents: contents }
    }
}

// SAFETY: a leaf has no edges to take.
unsafe impl circ::RcObject for Leaf {
    fn pop_edges(&mut self, _: &mut Vec<circ::Rc<Self>>) {}
}

pointers! {
    "rc": Rc<u64>;
    "arc": Arc<u64>;
    "triomphe": triomphe::Arc<u64>;
    "hybrid-rc": hybrid_rc::Rc<u64>;
    "hybrid-rc-shared": hybrid_rc::Arc<u64>;
    // Known defects: an object in its owner's queue can be freed by its owner's last release; an object whose last reference is
    // dropped after its owner has exited leaks. No row here reaches either: the owner is alive, and has the last reference.
    "biasedrc": biasedrc::Brc<u64>;
    "circ": circ::Rc<Leaf>;
}

/// Bytes in front of the contents of an object, where that is a fact of the type and not a guess: by subject.
pub fn header_bytes() -> HashMap<&'static str, usize> {
    fn of<S: Strategy>() -> (&'static str, usize) {
        (S::runtime().id, keyway_object_model::header_bytes::<S>())
    }
    let peers = [("box", 0), ("rc", 2 * size_of::<usize>()), ("arc", 2 * size_of::<usize>())];
    every_strategy!(of).into_iter().chain(peers).collect()
}
