//! Who may touch contents: whoever holds the global lock. Objects have no lock of their own; this is the one lock, and
//! the policies that say when it changes hands.

mod interval;
mod lock;
mod policy;
mod ticks;

pub use interval::Interval;
/// Nothing is stored beside contents.
pub(crate) use keyway_object_model::NoLock;
pub use lock::Lock;
pub use policy::Policy;
pub use ticks::Ticks;
