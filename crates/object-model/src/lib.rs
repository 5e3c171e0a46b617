//! Counted objects shared between threads, generic over the strategy that shares them.
//!
//! The face for programs: [`attach`], [`Thread`], [`Ref`], [`AnyRef`], [`Guarded`], [`Section`]. The face for those who add
//! a strategy: [`Strategy`] and what it names ([`ObjectPtr`], [`CountWords`], [`Due`], [`Retained`], [`Released`]),
//! with two parts that several strategies use: [`PlainCount`] and [`ReleaseQueue`].
//! [`counted`] and [`WeakCounts`] are for crates that make a pointer type of their own.
//! The package `keyway` re-exports the first and explains both with examples; this crate holds what is written once.
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
mod guarded;
mod header;
mod nesting;
mod owed;
mod plain;
mod pointers;
mod queue;
mod reference;
mod section;
mod strategy;
#[cfg(feature = "testing")]
pub mod testing;
mod thread;
mod wrapper;

pub use any::AnyRef;
pub use attach::{AlreadyAttached, attach, try_attach};
pub use destruction::Due;
pub use guarded::{Guarded, SameObject};
pub use header::{CountWords, ObjectPtr, header_bytes};
/// What guards contents: see [`Strategy::Lock`].
pub use keyway_sections::{ContentsLock, NoLock, ObjectLock, take as take_contents_lock};
pub use owed::{CountPath, Released, Retained};
pub use plain::PlainCount;
pub use pointers::{LeaveAtExit, Upgraded, WeakCounts, at_thread_exit};
pub use queue::ReleaseQueue;
pub use reference::Ref;
pub use section::Section;
pub use strategy::{FreeThreaded, Runtime, Strategy};
pub use thread::Thread;
pub use wrapper::{OwnWords, Wrapped};
