//! Bytes of a trace, decompressed if need be, with the place that has been reached and a limit.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use crate::error::TraceError;

/// The largest window that a compressed trace may ask for, as a power of two: 16 MiB of memory.
pub const WINDOW_LOG: u32 = 24;

/// Bytes by which a compressed file is told.
const MAGIC_BYTES: usize = 4;

/// Whether a file of zstd frames begins so: with a frame of data, or with one to be skipped, of
/// which there are 16 kinds. `pzstd` and the seekable format write the latter.
fn is_zstd(magic: &[u8]) -> bool {
    match magic {
        [0x28, 0xb5, 0x2f, 0xfd] => true,
        [first, 0x2a, 0x4d, 0x18] => first & 0xf0 == 0x50,
        _ => false,
    }
}

/// How much a reader takes on. Input that exceeds a limit is an error that names the limit.
///
/// Memory is allocated for bytes that have been read, never for sizes that a header announces.
/// Objects cost 8 bytes each in a reader, up to 24 more in a checker, and 80 in statistics or 200
/// in a replay. An event costs nothing while it passes by, 8 bytes in a [`Trace`](crate::Trace), 40
/// in a [`Life`](crate::Life), and up to 40 in a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Objects in the table.
    pub objects: u64,
    /// Events.
    pub events: u64,
    /// Bytes after decompression.
    pub bytes: u64,
}

impl Limits {
    /// 2^22 objects, 2^33 events, 2^37 bytes: less than half a GiB of memory for statistics.
    pub const DEFAULT: Limits = Limits { objects: 1 << 22, events: 1 << 33, bytes: 1 << 37 };

    /// The same with 2^25 events, for traces that are kept in memory.
    pub const IN_MEMORY: Limits = Limits { events: 1 << 25, ..Limits::DEFAULT };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

/// Where bytes come from.
pub(crate) struct Input<'a> {
    file: PathBuf,
    bytes: Box<dyn Read + 'a>,
    offset: u64,
    limit: u64,
    is_compressed: bool,
}

impl Input<'static> {
    pub(crate) fn open(path: &Path, limits: Limits) -> Result<Self, TraceError> {
        let file =
            File::open(path).map_err(|error| TraceError::new(path, 0, format!("cannot open: {error}")))?;
        Input::new(path, file, limits)
    }
}

impl<'a> Input<'a> {
    /// Bytes of `read`, called `name` in errors. Whether they are compressed shows in the first
    /// four.
    pub(crate) fn new(name: &Path, read: impl Read + 'a, limits: Limits) -> Result<Self, TraceError> {
        let cannot = |error: io::Error| TraceError::new(name, 0, format!("cannot read: {error}"));
        // A pipe may give fewer bytes at once than the magic has.
        let mut magic = Vec::with_capacity(MAGIC_BYTES);
        let mut read = read;
        read.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut magic).map_err(cannot)?;
        let is_compressed = is_zstd(&magic);
        let read = BufReader::with_capacity(1 << 16, Cursor::new(magic).chain(read));
        let bytes: Box<dyn Read + 'a> = if is_compressed {
            let mut decoder = zstd::Decoder::with_buffer(read).map_err(cannot)?;
            decoder.window_log_max(WINDOW_LOG).map_err(cannot)?;
            Box::new(decoder)
        } else {
            Box::new(read)
        };
        Ok(Input { file: name.to_owned(), bytes, offset: 0, limit: limits.bytes, is_compressed })
    }

    /// Whether the bytes come out of zstd frames.
    pub(crate) fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// How many bytes have been read.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// An error of this input.
    pub(crate) fn error(&self, offset: u64, reason: impl Into<String>) -> TraceError {
        TraceError::new(&self.file, offset, reason)
    }

    /// Fills as much of `buffer` as there is; less only at the end.
    pub(crate) fn read_up_to(&mut self, buffer: &mut [u8]) -> Result<usize, TraceError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.bytes.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => {
                    filled += count;
                    self.offset += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.error(self.offset, format!("cannot decompress: {error}"))),
            }
        }
        if self.offset > self.limit {
            return Err(self.error(self.limit, format!("longer than the limit of {} bytes", self.limit)));
        }
        Ok(filled)
    }

    /// Fills `buffer`, or fails with an error that names the part that is cut short.
    pub(crate) fn read_exact(&mut self, buffer: &mut [u8], what: &str) -> Result<(), TraceError> {
        let filled = self.read_up_to(buffer)?;
        if filled < buffer.len() {
            return Err(self.error(self.offset, format!("the file ends inside {what}")));
        }
        Ok(())
    }
}
