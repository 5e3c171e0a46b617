//! The activities of each attached thread over time: it runs, waits to be let in, waits for a
//! section, blocks.
//!
//! The object model, the sections and the strategies call the hooks of this crate where a thread's
//! state changes. Without the feature `record` these are empty functions, and no program pays for
//! them. With it, each asks first whether something is being recorded, which is one load; it is
//! only then that a clock is read and an event is written, into a buffer of the thread's own, of
//! bounded size.
//!
//! Not part of what the models check: a hook decides nothing, and nothing is ever recorded in a
//! model. So this crate stands next to the facade, and uses std's atomics under loom, too.
//!
//! ```
//! use keyway_timeline::{Does, Recorder, note};
//!
//! let recorder = Recorder::begin().expect("nobody else records");
//! note(Does::Runs, || 1);
//! note(Does::Leaves, || 1);
//! let recording = recorder.end();
//! assert_eq!(recording.threads[0].spans.len(), 1);
//! ```

#[cfg(feature = "record")]
mod buffer;
mod event;
mod hooks;
#[cfg(feature = "record")]
mod recorder;
#[cfg(feature = "record")]
mod span;

pub use event::{AS_BEFORE, Does};
pub use hooks::{Since, is_recording, note, note_since, since};
#[cfg(feature = "record")]
pub use recorder::{Recorder, Recording, Thread};
#[cfg(feature = "record")]
pub use span::{Span, State};
