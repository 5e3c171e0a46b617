//! Reading a trace piece by piece, in bounded memory.

use std::io::Read;
use std::path::Path;

use crate::error::TraceError;
use crate::format::{Event, HEADER_BYTES, Header, NO_OBJECT, NO_OWNER, ObjectRecord, Op, RECORD_BYTES};
use crate::input::{Input, Limits};

/// Events that are read at once.
const CHUNK: usize = 8192;

/// A trace that is being read: header and table of objects, then events in chunks, then the names
/// of types.
///
/// Each event is checked by itself: its operation is known, its thread and its object are in range.
/// Whether the events agree with each other is the [`Checker`](crate::Checker)'s matter.
///
/// # Examples
/// ```
/// use keyway_traces::{Limits, Reader, Trace};
///
/// let mut bytes = Vec::new();
/// Trace::example().write(&mut bytes).unwrap();
/// let mut reader = Reader::new("example", &bytes[..], Limits::DEFAULT).unwrap();
/// let mut events = 0;
/// while let Some(chunk) = reader.next_chunk().unwrap() {
///     events += chunk.len() as u64;
/// }
/// assert_eq!(events, reader.header().events);
/// assert_eq!(reader.names().unwrap(), ["?", "list"]);
/// ```
pub struct Reader<'a> {
    input: Input<'a>,
    header: Header,
    objects: Vec<ObjectRecord>,
    /// Where the events begin.
    events_at: u64,
    read: u64,
    bytes: Vec<u8>,
    events: Vec<Event>,
}

impl Reader<'static> {
    /// Opens a file, zstd-compressed or not, with the default limits.
    ///
    /// # Errors
    /// If it cannot be opened or read, or if its header or its objects are damaged, contradictory
    /// or beyond the limits.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, TraceError> {
        Reader::open_within(path, Limits::DEFAULT)
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_within(path: impl AsRef<Path>, limits: Limits) -> Result<Self, TraceError> {
        Reader::from_input(Input::open(path.as_ref(), limits)?, limits)
    }
}

impl<'a> Reader<'a> {
    /// Reads from `read`, which errors call `name`.
    ///
    /// # Errors
    /// As for [`open`](Reader::open).
    pub fn new(name: impl AsRef<Path>, read: impl Read + 'a, limits: Limits) -> Result<Self, TraceError> {
        Reader::from_input(Input::new(name.as_ref(), read, limits)?, limits)
    }

    fn from_input(mut input: Input<'a>, limits: Limits) -> Result<Self, TraceError> {
        let mut bytes = [0; HEADER_BYTES];
        let filled = input.read_up_to(&mut bytes)?;
        if filled < HEADER_BYTES {
            let magic = filled.min(crate::format::MAGIC.len());
            let is_trace = bytes[..magic] == crate::format::MAGIC[..magic];
            return Err(match is_trace && filled > 0 {
                true => input.error(filled as u64, "the file ends inside the header"),
                false if filled == 0 && input.is_compressed() => {
                    input.error(0, "not a trace: nothing is compressed in it")
                }
                false => input.error(0, "not a trace: it does not begin with RCTRACE1"),
            });
        }
        let header = Header::decode(&bytes).map_err(|(offset, reason)| input.error(offset, reason))?;
        for (at, what, has, limit) in [
            (20, "objects", u64::from(header.objects), limits.objects),
            (24, "events", header.events, limits.events),
        ] {
            if has > limit {
                return Err(
                    input.error(at, format!("the header announces {has} {what}; the limit is {limit}"))
                );
            }
        }
        if header.threads > 256 {
            let reason = format!("the header announces {} threads; events can name 256", header.threads);
            return Err(input.error(16, reason));
        }
        let objects = read_objects(&mut input, &header)?;
        let events_at = input.offset();
        Ok(Reader { input, header, objects, events_at, read: 0, bytes: Vec::new(), events: Vec::new() })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The objects, by their ids.
    pub fn objects(&self) -> &[ObjectRecord] {
        &self.objects
    }

    /// The next events, at most 8192 of them; none after the last.
    ///
    /// # Errors
    /// If the file ends early or cannot be decompressed, or if an event's operation is unknown, or
    /// its thread or object out of range.
    pub fn next_chunk(&mut self) -> Result<Option<&[Event]>, TraceError> {
        let left = self.header.events - self.read;
        if left == 0 {
            return Ok(None);
        }
        let count = left.min(CHUNK as u64) as usize;
        self.bytes.resize(count * RECORD_BYTES, 0);
        let start = self.input.offset();
        let filled = self.input.read_up_to(&mut self.bytes)?;
        self.events.clear();
        // Whole events first: an error in them comes before the error of the end of the file.
        let decoded = decode(&self.bytes[..filled], &self.header, &mut self.events);
        if let Err((number, reason)) = decoded {
            let offset = start + (number * RECORD_BYTES) as u64;
            let number = self.read + number as u64;
            return Err(self.input.error(offset, format!("event {number}: {reason}")));
        }
        if filled < self.bytes.len() {
            let reason = format!(
                "the file ends at event {} of {}",
                self.read + (filled / RECORD_BYTES) as u64,
                self.header.events
            );
            return Err(self.input.error(self.input.offset(), reason));
        }
        self.read += count as u64;
        Ok(Some(&self.events))
    }

    /// The names of types, after the last event; events that have not been read are skipped, each
    /// checked by itself.
    ///
    /// # Errors
    /// If names are damaged or there are too few for the objects, if anything comes after them, or
    /// as for [`next_chunk`](Self::next_chunk).
    pub fn names(&mut self) -> Result<Vec<String>, TraceError> {
        while self.next_chunk()?.is_some() {}
        let mut names = Vec::new();
        for number in 0..self.header.types {
            names.push(self.name(number)?);
        }
        let end = self.input.offset();
        if self.input.read_up_to(&mut [0])? > 0 {
            return Err(self.input.error(end, "something comes after the last name"));
        }
        let unnamed = self.objects.iter().position(|object| usize::from(object.type_index) >= names.len());
        if let Some(id) = unnamed {
            let offset = (HEADER_BYTES + id * RECORD_BYTES + 2) as u64;
            let type_index = self.objects[id].type_index;
            let reason = format!("object {id} is of type {type_index}; there are {} names", names.len());
            return Err(self.input.error(offset, reason));
        }
        Ok(names)
    }

    fn name(&mut self, number: u32) -> Result<String, TraceError> {
        let what = format!("the name of type {number} of {}", self.header.types);
        let mut length = [0];
        self.input.read_exact(&mut length, &what)?;
        let mut bytes = vec![0; length[0].into()];
        let start = self.input.offset();
        self.input.read_exact(&mut bytes, &what)?;
        String::from_utf8(bytes).map_err(|_| self.input.error(start, format!("{what} is not UTF-8")))
    }

    /// An error at a byte of the header.
    pub(crate) fn error_in_header(&self, offset: u64, reason: &str) -> TraceError {
        self.input.error(offset, reason)
    }

    /// An error at an event of this trace.
    pub fn error_at(&self, event: u64, reason: &str) -> TraceError {
        let offset = self.events_at + event * RECORD_BYTES as u64;
        self.input.error(offset, format!("event {event}: {reason}"))
    }
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("header", &self.header)
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}

/// The table of objects, in memory that grows with what has been read.
fn read_objects(input: &mut Input<'_>, header: &Header) -> Result<Vec<ObjectRecord>, TraceError> {
    let total = header.objects as usize;
    let mut objects = Vec::new();
    let mut bytes = vec![0; RECORD_BYTES * total.min(CHUNK)];
    while objects.len() < total {
        let count = (total - objects.len()).min(CHUNK);
        let bytes = &mut bytes[..count * RECORD_BYTES];
        let start = input.offset();
        let filled = input.read_up_to(bytes)?;
        for (number, record) in bytes[..filled].as_chunks::<RECORD_BYTES>().0.iter().enumerate() {
            let object = ObjectRecord::decode(*record);
            if u32::from(object.owner) >= header.threads && object.owner != NO_OWNER {
                let offset = start + (number * RECORD_BYTES) as u64 + 1;
                let reason = format!(
                    "object {} is owned by thread {}; there are {}",
                    objects.len(),
                    object.owner,
                    header.threads
                );
                return Err(input.error(offset, reason));
            }
            objects.push(object);
        }
        if filled < bytes.len() {
            let reason = format!("the file ends at object {} of {total}", objects.len());
            return Err(input.error(input.offset(), reason));
        }
    }
    let preexisting = objects.iter().filter(|object| object.is_preexisting()).count();
    if preexisting as u64 != u64::from(header.preexisting) {
        let reason = format!(
            "the header announces {} objects from before the recording; the table has {preexisting}",
            header.preexisting
        );
        return Err(input.error(32, reason));
    }
    Ok(objects)
}

/// Decodes whole events; fails with the number of the first bad one among them.
fn decode(bytes: &[u8], header: &Header, events: &mut Vec<Event>) -> Result<(), (usize, String)> {
    let (threads, objects) = (header.threads, header.objects);
    events.reserve(bytes.len() / RECORD_BYTES);
    for (number, record) in bytes.as_chunks::<RECORD_BYTES>().0.iter().enumerate() {
        let [op, thread, a0, a1, o0, o1, o2, o3] = *record;
        let object = u32::from_le_bytes([o0, o1, o2, o3]);
        let known = Op::from_number(op);
        let is_in_range =
            u32::from(thread) < threads && (object < objects) == (known != Some(Op::ThreadExit));
        let Some(op) = known.filter(|_| is_in_range) else {
            return Err((number, complaint(op, thread, object, header)));
        };
        if op == Op::ThreadExit && object != NO_OBJECT {
            return Err((number, format!("thread_exit names an object, {object}")));
        }
        events.push(Event { op, thread, arg: u16::from_le_bytes([a0, a1]), object });
    }
    Ok(())
}

#[cold]
fn complaint(op: u8, thread: u8, object: u32, header: &Header) -> String {
    let Some(op) = Op::from_number(op) else {
        return format!("operation {op} is unknown");
    };
    if u32::from(thread) >= header.threads {
        return format!("{} on thread {thread}; there are {}", op.name(), header.threads);
    }
    match op {
        Op::ThreadExit => format!("thread_exit names an object, {object}"),
        _ => format!("{} of object {object}; there are {}", op.name(), header.objects),
    }
}
