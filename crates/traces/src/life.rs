//! The life of one object.

use crate::check::{State, check_with};
use crate::error::TraceError;
use crate::format::{Event, ObjectRecord};
use crate::reader::Reader;

/// Everything that happened to one object.
#[derive(Clone, Debug)]
pub struct Life {
    /// What the table says about it.
    pub object: ObjectRecord,
    /// The name of its type.
    pub type_name: String,
    /// Its events.
    pub moments: Vec<Moment>,
}

/// An event of one object, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The number of the event in the trace.
    pub number: u64,
    /// The event.
    pub event: Event,
    /// The object after it.
    pub after: State,
}

impl Life {
    /// Reads a trace to its end, checks it, and keeps what concerns one object. Takes 40 bytes for
    /// each of its events, so that a reader with [`Limits::IN_MEMORY`](crate::Limits::IN_MEMORY) is
    /// meant for this.
    ///
    /// # Errors
    /// If the trace has no such object, or the first thing that is wrong with it.
    pub fn of(reader: &mut Reader<'_>, id: u32) -> Result<Self, TraceError> {
        let Some(&object) = reader.objects().get(id as usize) else {
            let reason = format!("there is no object {id}; there are {}", reader.header().objects);
            return Err(reader.error_in_header(20, &reason));
        };
        let mut moments = Vec::new();
        let names = check_with(reader, |number, event, checker| {
            if event.object == id {
                moments.push(Moment { number, event: *event, after: *checker.state(id) });
            }
        })?;
        Ok(Life { object, type_name: names[usize::from(object.type_index)].clone(), moments })
    }
}
