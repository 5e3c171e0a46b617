//! What ends a recording early.

use std::error::Error;
use std::fmt;

/// A limit that ended a recording: later events are not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordingLimit {
    /// More than 255 threads that the recording had seen were alive at once; the format names no
    /// more.
    Threads,
    /// The table of objects was full: 2^32 - 1 of them.
    Objects,
    /// There were more events than the recording keeps.
    Events,
}

impl fmt::Display for RecordingLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the recording is not whole: it ended early, at ")?;
        f.write_str(match self {
            RecordingLimit::Threads => "the limit of 255 threads alive at once",
            RecordingLimit::Objects => "the limit of 2^32 - 1 objects",
            RecordingLimit::Events => "the limit of 2^27 events (`Recording::start_within` sets another)",
        })
    }
}

impl Error for RecordingLimit {}
