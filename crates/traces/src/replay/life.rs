//! A strategy that counts nothing: what allocating, destroying, checkpoints and waiting cost under
//! another one.

use keyway_object_model::Strategy;

use crate::observed::{Observed, Observer};

/// `S` without counts: an object has one reference, which cannot be cloned, and its release
/// destroys it.
///
/// Threads, headers and locks are those of `S`, and so are the object model's allocation and
/// destruction. Not to be offered to programs: a retain ends the process.
pub(super) type Life<S> = Observed<Uncounted, S>;

/// Looks at nothing.
#[derive(Debug)]
pub(super) enum Uncounted {}

impl Observer for Uncounted {
    const PREFIX: &'static str = "life-";
    const COUNTS: bool = false;
    type Words = ();

    #[inline]
    fn born<S: Strategy>(_: bool) {}
}
