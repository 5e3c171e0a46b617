//! A whole trace in memory: read, written, or cut out of another.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use crate::check::{Checker, Stage, check_and};
use crate::error::TraceError;
use crate::format::{Event, Header, NO_OBJECT, ObjectRecord, Op, flags, path};
use crate::input::WINDOW_LOG;
use crate::reader::Reader;
use crate::recorded::RecordingLimit;
use crate::whole_file::write_whole;

/// How hard [`Trace::write_file`] tries to make the file small.
const LEVEL: i32 = 19;

/// A whole trace in memory. Takes 8 bytes for an object and 8 for an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Whether the recorded program ran under a global lock.
    pub global_lock: bool,
    /// Threads.
    pub threads: u32,
    /// Objects, in the order of their first appearance in `events`.
    pub objects: Vec<ObjectRecord>,
    /// Events, in their order.
    pub events: Vec<Event>,
    /// Names of types, at most 255 bytes each; longer ones are cut.
    pub names: Vec<String>,
    /// The limit that ended the recording before the program's end, if one did. Such a trace agrees
    /// with itself and can be looked at and replayed, but it is not written: clear this to write it
    /// as it is.
    pub not_whole: Option<RecordingLimit>,
}

impl Trace {
    /// Reads the rest of a trace, and checks it. The memory into which a small file may unpack is
    /// bounded by the reader's limits: [`Limits::IN_MEMORY`](crate::Limits::IN_MEMORY) is meant for
    /// this.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, TraceError> {
        let mut events = Vec::new();
        let names = check_and(reader, |_, event| events.push(*event))?;
        let header = reader.header();
        Ok(Trace {
            global_lock: header.global_lock,
            threads: header.threads,
            objects: reader.objects().to_vec(),
            events,
            names,
            not_whole: None,
        })
    }

    /// The header of this trace.
    pub fn header(&self) -> Header {
        Header {
            global_lock: self.global_lock,
            threads: self.threads,
            objects: self.objects.len() as u32,
            events: self.events.len() as u64,
            preexisting: self.objects.iter().filter(|object| object.is_preexisting()).count() as u32,
            types: self.names.len() as u32,
        }
    }

    /// Writes the trace without compression.
    ///
    /// # Errors
    /// If `to` cannot be written to, or the recording is [not whole](Self::not_whole): then nothing
    /// is written.
    pub fn write(&self, to: impl Write) -> io::Result<()> {
        if let Some(limit) = self.not_whole {
            return Err(io::Error::other(limit));
        }
        let mut to = BufWriter::new(to);
        to.write_all(&self.header().encode())?;
        self.objects.iter().try_for_each(|object| to.write_all(&object.encode()))?;
        self.events.iter().try_for_each(|event| to.write_all(&event.encode()))?;
        for name in &self.names {
            let name = &name[..name.floor_char_boundary(255)];
            to.write_all(&[name.len() as u8])?;
            to.write_all(name.as_bytes())?;
        }
        to.flush()
    }

    /// Writes the trace to a file, compressed with zstd. The file is whole or untouched: the bytes
    /// go to a new file next to it, which takes its name in the end. A symbolic link stays, and the
    /// file that it names is replaced; a pipe or a device is written into.
    ///
    /// **Blocking**: until the bytes are on the disk.
    ///
    /// # Errors
    /// If the file cannot be written, or the recording is [not whole](Self::not_whole).
    pub fn write_file(&self, path: impl AsRef<Path>) -> io::Result<()> {
        write_whole(path.as_ref(), |file| {
            let mut encoder = zstd::Encoder::new(file, LEVEL)?;
            encoder.window_log(WINDOW_LOG)?;
            encoder.include_checksum(true)?;
            self.write(&mut encoder)?;
            encoder.finish().map(|_| ())
        })
    }

    /// A part of this trace as a trace of its own: objects that are alive where it begins become
    /// older ones. Events past the end are none.
    ///
    /// # Panics
    /// If the trace contradicts itself before the end of the part. A trace from
    /// [`read`](Self::read) does not.
    #[must_use]
    pub fn cut(&self, part: Range<usize>) -> Self {
        let part = part.start.min(self.events.len())..part.end.min(self.events.len());
        let mut checker = Checker::new(&self.objects);
        let follow = |checker: &mut Checker, event: &Event| {
            checker.event(event).unwrap_or_else(|reason| panic!("the trace contradicts itself: {reason}"));
        };
        self.events[..part.start].iter().for_each(|event| follow(&mut checker, event));
        let mut ids = HashMap::new();
        let mut objects = Vec::new();
        let mut is_bound = Vec::new();
        let mut events = Vec::new();
        for event in &self.events[part] {
            let mut event = *event;
            if event.op != Op::ThreadExit {
                let old = event.object;
                event.object = *ids.entry(old).or_insert_with(|| {
                    is_bound.push(checker.state(old).at_least);
                    objects.push((old, older(&self.objects[old as usize], &checker, old)));
                    objects.len() as u32 - 1
                });
                follow(&mut checker, &Event { object: old, ..event });
            }
            events.push(event);
        }
        let mut least = Least::new(objects.len());
        events.iter().filter(|event| event.op != Op::ThreadExit).for_each(|event| least.see(event));
        let finished = |(new, (old, object)): (usize, (u32, ObjectRecord))| {
            let object = match is_bound[new] {
                true => ObjectRecord { initial_count: least.references(new), ..object },
                false => object,
            };
            let is_dead = checker.state(old).stage == Stage::Dead;
            let flags = object.flags | if is_dead { 0 } else { flags::ALIVE_AT_END };
            ObjectRecord { flags, ..object }
        };
        let objects = objects.into_iter().enumerate().map(finished).collect();
        Trace { objects, events, names: self.names.clone(), ..*self }
    }

    /// A trace of a few events: one object from before, and one that two threads share.
    pub fn example() -> Self {
        let old = flags::PREEXISTING | flags::ALIVE_AT_END;
        let old = ObjectRecord { flags: old, initial_count: 2, ..Default::default() };
        let list = ObjectRecord {
            flags: flags::MANY_THREADS,
            type_index: 1,
            initial_count: 1,
            ..Default::default()
        };
        let events = vec![
            Event::new(Op::Decref, 0, 0),
            Event::new(Op::Alloc, 0, 1),
            Event::new(Op::Incref, 0, 1),
            Event::new(Op::Decref, 1, 1).with_arg(path::SHARED),
            Event::new(Op::Decref, 0, 1),
            Event::new(Op::Dealloc, 0, 1),
            Event::new(Op::ThreadExit, 1, NO_OBJECT),
        ];
        let names = vec!["?".to_owned(), "list".to_owned()];
        Trace { threads: 2, objects: vec![old, list], events, names, ..Trace::default() }
    }
}

/// An object's record in a trace that begins where `checker` is.
fn older(object: &ObjectRecord, checker: &Checker, id: u32) -> ObjectRecord {
    let state = checker.state(id);
    let immortal = if state.immortal { flags::IMMORTAL } else { 0 };
    let flags = object.flags & !flags::ALIVE_AT_END | immortal;
    match state.stage {
        Stage::Unborn => ObjectRecord { flags, ..*object },
        _ => ObjectRecord {
            flags: flags | flags::PREEXISTING,
            // The count of an immortal object says nothing.
            initial_count: u32::try_from(state.count.max(if state.immortal { 1 } else { 0 }))
                .unwrap_or(u32::MAX),
            ..*object
        },
    }
}

/// The fewest references with which events make sense, for objects of which only a bound is known.
struct Least(Vec<(i64, i64, Option<i64>)>);

impl Least {
    fn new(objects: usize) -> Self {
        Least(vec![(0, 0, None); objects])
    }

    fn see(&mut self, event: &Event) {
        let (change, low, at_end) = &mut self.0[event.object as usize];
        match event.op {
            Op::Incref | Op::IncrefPerThread => *change += 1,
            Op::Add => *change += i64::from(event.arg),
            Op::Decref | Op::DecrefPerThread | Op::ResurrectEnd => *change -= 1,
            // The count is known again from here on.
            Op::Dealloc | Op::SetRefcnt | Op::Resurrect if at_end.is_none() => *at_end = Some(*change),
            _ => {}
        }
        if at_end.is_none() {
            *low = (*low).min(*change);
        }
    }

    fn references(&self, object: usize) -> u32 {
        let (_, low, at_end) = self.0[object];
        let least = at_end.map_or(1 - low, |change| -change).max(-low);
        u32::try_from(least).unwrap_or(0)
    }
}
