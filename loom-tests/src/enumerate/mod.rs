//! All programs from all start states, by code.
//!
//! A bug of a count shows in few of the states that an object can be in; a handful of scenarios
//! misses most of them. So every state within a bound is a start, from which every program within a
//! bound is a model of its own: at most two references a thread, counts between -2 and 4, each
//! thread up to the bound's number of operations.
//!
//! A state is reached by real operations, in the order that the enumeration found; the object's
//! words are never set by hand.

pub mod biased;
pub mod extent;
pub mod flat;
#[cfg(loom)]
pub mod pointers;
pub mod program;
#[cfg(loom)]
pub mod run;
pub mod start;
pub mod transitions;
