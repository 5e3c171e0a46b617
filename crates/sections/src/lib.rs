//! An object's lock, and how a thread's nested sections hold, give up and retake such locks.
//!
//! A *section* is a stretch of time in which a thread has an object's contents to itself. This
//! crate knows nothing of objects or references: it orders locks. It upholds one rule, from which
//! the absence of deadlock follows:
//!
//! > **A thread never waits for one lock while it holds another.**
//!
//! A nested section first *tries* its lock. If that fails, all outer sections are *suspended*:
//! their locks are given up, then the thread waits. When a nested section ends, only the section
//! directly around it is retaken; sections further out stay suspended until control comes back to
//! them. So the sections that are held are always the innermost ones:
//!
//! ```text
//! outermost                                   innermost
//!   given up ... given up    held ... held      <- runs
//!                            (never a given-up one right of a held one)
//! ```
//!
//! The argument in full, with its invariants C1 to C4, is at [`Chain`].

mod chain;
mod lock;
#[cfg(feature = "testing")]
pub mod testing;

pub use chain::Chain;
pub use lock::{ContentsLock, NoLock, ObjectLock, take};
