//! Counted objects shared between threads, generic over the strategy that shares them.
//!
//! The face for programs: [`attach`], [`Thread`], [`Ref`], [`AnyRef`], [`Guarded`], [`Section`].
//! The face for authors of a strategy: [`Strategy`] and what it names ([`ObjectPtr`],
//! [`CountWords`], [`Due`], [`Retained`], [`Released`]), with what several strategies use:
//! [`SharedCounts`], [`PlainCount`] and [`ReleaseQueue`]. [`counted`] and [`WeakCounts`] are for
//! crates that make a pointer type of their own. The package `keyway` re-exports the first and
//! explains both with examples; this crate holds what is written once.
//!
//! Which file may use which, bottom to top: [`owed`](Released), `header`, `due_list`, `nesting`,
//! `destruction`, `context`, `strategy`, `attach`, `exclusive`, `thread`, `reference`, `any`,
//! `guarded`, `section`, `wrapper`.

mod any;
mod attach;
mod context;
pub mod counted;
mod destruction;
mod due_list;
mod exclusive;
mod fatal;
mod forked;
mod guarded;
mod header;
mod leaving;
mod nesting;
mod owed;
mod plain;
mod pointers;
mod queue;
mod reference;
mod section;
mod shared;
mod strategy;
#[cfg(feature = "testing")]
pub mod testing;
mod thread;
pub mod user;
mod wakes;
mod wrapper;

pub use any::AnyRef;
pub use attach::{AlreadyAttached, attach, try_attach};
pub use destruction::Due;
pub use forked::{is_attached_here, lost_in_fork};
pub use guarded::{Guarded, SameObject};
pub use header::{CountWords, ObjectPtr, header_bytes};
/// The lock on contents: see [`Strategy::Lock`].
pub use keyway_sections::{ContentsLock, NoLock, ObjectLock, take as take_contents_lock};
pub use leaving::is_leaving;
pub use owed::{CountPath, Released, Retained};
pub use plain::PlainCount;
pub use pointers::{LeaveAtExit, Upgraded, WeakCounts, at_thread_exit};
pub use queue::ReleaseQueue;
pub use reference::Ref;
pub use section::Section;
pub use shared::{SharedCounts, SharedWord};
pub use strategy::{FreeThreaded, Runtime, Strategy};
pub use thread::Thread;
pub use wakes::wake_soon;
pub use wrapper::{OwnWords, Wrapped};
