//! Recorded reference-count traffic of real programs: reading, writing, checking, statistics,
//! replaying.
//!
//! A *trace* holds every update of every reference count that a program made, in one order over all
//! its threads; docs/traces.md explains the format. [`Reader`] reads one piece by piece,
//! [`check()`] finds what contradicts itself in it, [`Stats`] sums it up, [`Life`] follows one
//! object, [`Trace`] is one in memory, to be cut and written.
//!
//! Whatever a file holds, reading it ends with a result or with a [`TraceError`] that says where
//! and why: no panic, and no more memory than the bytes really read need, within [`Limits`].
//!
//! Which file may use which, bottom to top: `error`, `format`, `input`, `reader`, `check`,
//! `whole_file`; then `stats`, `life` and `trace`; `identity`, `observed`; `replay`, `recorded`.
//! `trace` names the limits of `recorded`.

mod check;
mod error;
mod format;
mod identity;
mod input;
mod life;
mod observed;
mod reader;
mod recorded;
pub mod replay;
mod stats;
mod trace;
mod whole_file;

pub use check::{Checker, Stage, State, check, check_and};
pub use error::TraceError;
pub use format::{
    ADD_SATURATED, Event, Header, MAGIC, NO_OBJECT, NO_OWNER, ObjectRecord, Op, VERSION, dealloc, flags, path,
};
pub use input::{Limits, WINDOW_LOG};
pub use life::{Life, Moment};
pub use observed::{Change, Observed, Observer};
pub use reader::Reader;
pub use recorded::{AlreadyRecording, Recorded, Recorder, Recording, RecordingLimit, Tag};
pub use stats::{Spread, Stats};
pub use trace::Trace;
