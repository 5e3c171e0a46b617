//! What is wrong with a trace: in which file, where, and why.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why a trace cannot be used.
///
/// Shown as one line, `FILE: byte OFFSET: REASON`. Offsets count the decompressed bytes of the
/// trace, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceError {
    file: PathBuf,
    offset: u64,
    reason: String,
}

impl TraceError {
    /// An error at a decompressed byte of a file.
    pub fn new(file: impl Into<PathBuf>, offset: u64, reason: impl Into<String>) -> Self {
        TraceError { file: file.into(), offset, reason: reason.into() }
    }

    /// The file, as the caller that opened it named it.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Where: the decompressed byte at which the error begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What is wrong.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: byte {}: {}", self.file.display(), self.offset, self.reason)
    }
}

impl Error for TraceError {}
