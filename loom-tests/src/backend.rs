//! What the scenarios and the harness take from the backend: the same names under loom, under
//! shuttle and with threads of the operating system.

#[cfg(any(loom, shuttle))]
pub(crate) use keyway_sync::expiry::{expire_next, wake_next};
#[cfg(loom)]
pub(crate) use keyway_sync::explore;
#[cfg(any(loom, shuttle))]
pub(crate) use keyway_sync::thread::spawn;

#[cfg(shuttle)]
pub(crate) use crate::beside::shuttle as explore;
#[cfg(not(any(loom, shuttle)))]
pub(crate) use crate::beside::stress::{self as explore, expire_next, spawn, wake_next};
