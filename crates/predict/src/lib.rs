//! What more threads than there are cores may get done at one shared object: a band, never a line.
//!
//! Nothing is measured here. The measurements of a machine are read from its documents
//! ([`Measured`]), and for each row of a shared object two sides are computed, each of which may be
//! left out or refused with a reason:
//!
//! - the *lower* side by the universal scalability law ([`law`]), fitted to the row's own figures;
//! - the *upper* side by a closed queueing model of the row's hottest cache line ([`queue`],
//!   [`demand`]), from what one operation costs when nobody else is there and from published
//!   latencies between cores ([`latencies`]).
//!
//! `docs/predict.md` says what the assumptions are and how far to believe them.
//!
//! Which file may use which, bottom to top: `law`, `queue`, `latencies`, `demand`; `measured`;
//! `band`.

pub mod demand;
pub mod latencies;
pub mod law;
pub mod queue;

mod band;
mod measured;

pub use band::{AtTwo, Band, Bound, LawSide, Prediction, Side, predict};
pub use measured::{Measured, Point, Shared};

/// A row for more threads than this many times the measured count is speculative.
pub const SPECULATIVE_BEYOND: f64 = 4.0;
