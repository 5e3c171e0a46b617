//! How many bytes does an object take, its contents of 8 bytes included?

use std::rc::Rc;
use std::sync::Arc;

use keyway::{Brc, Strategy, attach};

use crate::peers::{Leaf, Pointer};
use crate::row::every_strategy;

/// Objects that stay while the others are counted: they take what the allocator kept at hand.
const BEFORE: u64 = 64;

/// Objects that are counted.
const OBJECTS: u64 = 1000;

/// A kind of object whose bytes can be counted.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The subject's id.
    pub subject: &'static str,
    count: fn(&dyn Fn() -> u64) -> u64,
}

impl Kind {
    /// Bytes of one object, where `in_use` says how many bytes are in use altogether. Other threads
    /// must leave them alone.
    pub fn bytes(&self, in_use: &dyn Fn() -> u64) -> f64 {
        (self.count)(in_use) as f64 / OBJECTS as f64
    }
}

/// Every kind of object: those of the strategies, and of other pointers.
pub fn kinds() -> Vec<Kind> {
    fn of<S: Strategy>() -> Kind {
        Kind {
            subject: S::runtime().id,
            count: |in_use| attach::<S, _>(|thread| count(in_use, |contents| thread.alloc(contents))),
        }
    }
    fn peer<P: Pointer>() -> Kind {
        Kind { subject: P::ID, count: |in_use| count(in_use, P::new) }
    }
    let peers = [
        Kind { subject: "box", count: |in_use| count(in_use, Box::new) },
        peer::<Rc<u64>>(),
        peer::<Arc<u64>>(),
        peer::<triomphe::Arc<u64>>(),
        peer::<hybrid_rc::Rc<u64>>(),
        peer::<biasedrc::Brc<u64>>(),
        peer::<circ::Rc<Leaf>>(),
        peer::<Brc<u64>>(),
    ];
    every_strategy!(of).into_iter().chain(peers).collect()
}

fn count<T>(in_use: &dyn Fn() -> u64, new: impl Fn(u64) -> T) -> u64 {
    let mut objects = Vec::with_capacity((BEFORE + OBJECTS) as usize);
    objects.extend((0..BEFORE).map(&new));
    let before = in_use();
    objects.extend((0..OBJECTS).map(new));
    in_use().saturating_sub(before)
}

/// What the allocator of the C library sets aside for one object; none where it does not say.
///
/// Its chunks are multiples of 16 bytes. A fraction of one is what its cache has kept at hand
/// meanwhile, and is left out.
pub fn set_aside(kind: &Kind) -> Option<u64> {
    given_out()?;
    let bytes = kind.bytes(&|| given_out().unwrap_or(0));
    Some((bytes / 16.0) as u64 * 16)
}

/// Bytes that the allocator of the C library has given out, what it adds to each allocation
/// included; none where it does not say.
///
/// It counts the arena of the main thread only, so that is the thread to ask and to allocate on.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn given_out() -> Option<u64> {
    // Looked up while the program runs: the oldest C libraries that Rust supports lack it.
    // SAFETY: the name is a C string.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"mallinfo2".as_ptr()) };
    if found.is_null() {
        return None;
    }
    // SAFETY: this is the type of the C library's function of this name.
    let mallinfo2 =
        unsafe { std::mem::transmute::<*mut libc::c_void, extern "C" fn() -> libc::mallinfo2>(found) };
    Some(mallinfo2().uordblks as u64)
}

/// Bytes that the allocator has given out; not known here.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn given_out() -> Option<u64> {
    None
}
