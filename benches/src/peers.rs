//! Counted pointers: what the strategies are measured against, and `Brc`.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use keyway::{Brc, Strategy};

use crate::row::every_strategy;

/// A counted pointer: of std, of another crate, or [`Brc`].
pub(crate) trait Pointer: Clone + 'static {
    /// The subject's id.
    const ID: &'static str;

    /// Bytes in front of, or next to, the contents: the bytes asked of the allocator less the
    /// contents. The package's tests compare it.
    const HEADER: usize;

    /// What is known to be wrong with it.
    const DEFECT: Option<&'static str> = None;

    /// A new object with one reference.
    fn new(contents: u64) -> Self;
}

macro_rules! pointers {
    ($($id:literal: $pointer:ty, $header:literal $(, $defect:expr)?;)*) => {$(
        impl Pointer for $pointer {
            const ID: &'static str = $id;
            const HEADER: usize = $header;
            $(const DEFECT: Option<&'static str> = Some($defect);)?

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

/// No row reaches it: in each, the owner is alive until the last reference has gone, and has none
/// of its own while objects are queued to it.
const DEFECT_OF_BIASEDRC: &str = "an object in its owner's queue can be freed by the owner's last release, and one whose \
     last reference is dropped after its owner has exited leaks";

pointers! {
    "rc": Rc<u64>, 16;
    "arc": Arc<u64>, 16;
    "triomphe": triomphe::Arc<u64>, 8;
    "hybrid-rc": hybrid_rc::Rc<u64>, 32;
    "hybrid-rc-shared": hybrid_rc::Arc<u64>, 32;
    "biasedrc": biasedrc::Brc<u64>, 24, DEFECT_OF_BIASEDRC;
    "circ": circ::Rc<Leaf>, 8;
    "brc": Brc<u64>, 32;
}

/// Bytes of an object besides its contents, by subject: in front of an object's contents, and next
/// to the contents of a lock. Where the type does not fix them, the bytes that its allocation asks
/// for.
pub fn header_bytes() -> HashMap<&'static str, usize> {
    fn of<S: Strategy>() -> (&'static str, usize) {
        (S::runtime().id, keyway_object_model::header_bytes::<S>())
    }
    fn peer<P: Pointer>() -> (&'static str, usize) {
        (P::ID, P::HEADER)
    }
    let peers = [
        ("box", 0),
        peer::<Rc<u64>>(),
        peer::<Arc<u64>>(),
        peer::<triomphe::Arc<u64>>(),
        peer::<hybrid_rc::Rc<u64>>(),
        peer::<hybrid_rc::Arc<u64>>(),
        peer::<biasedrc::Brc<u64>>(),
        peer::<circ::Rc<Leaf>>(),
        peer::<Brc<u64>>(),
        ("parking-lot-raw", size_of::<parking_lot::RawMutex>()),
        ("parking-lot", size_of::<parking_lot::Mutex<u8>>() - 1),
        ("std-mutex", size_of::<std::sync::Mutex<u8>>() - 1),
        ("spin", size_of::<spin::Mutex<u8>>() - 1),
        ("futex", size_of::<u32>()),
    ];
    every_strategy!(of).into_iter().chain(peers).collect()
}
