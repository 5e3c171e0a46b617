//! Who may touch contents: the thread that holds the global lock. Objects have no lock of their
//! own; this is the one lock, and the policies that say when it changes hands.

mod interval;
mod lock;
mod order;
mod policy;
mod queue_lock;
mod returning_first;
mod ticks;

pub use interval::Interval;
/// Nothing is stored next to contents.
pub(crate) use keyway_object_model::NoLock;
pub use lock::Lock;
pub use policy::{Policy, Timed};
pub use queue_lock::QueueLock;
pub use returning_first::ReturningFirst;
pub use ticks::Ticks;
