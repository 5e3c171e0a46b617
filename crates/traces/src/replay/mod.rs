//! Replaying a trace through the operations of the object model, under any strategy.
//!
//! [`Plan`] compiles a trace into one program a thread. [`Replay`] runs it: whole, as a *life
//! replay* without counts, or watched; and checks afterwards that every count is the trace's, and
//! that the objects that died there were destroyed, once, and no others.
//!
//! Which file may use which, bottom to top: `survey`, `plan`; `board`, `life`, `watched`; `step`,
//! `run`.

mod board;
mod life;
mod plan;
mod run;
mod step;
mod survey;
mod watched;

pub use plan::{CHECKPOINT_EVERY, Plan, Totals};
pub use run::{Replay, Sights};
pub use watched::Paths;
