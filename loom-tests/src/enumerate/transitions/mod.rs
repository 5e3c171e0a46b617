//! Programs of a thread that comes and goes, while another thread uses what the first one has made.
//!
//! The other enumerations ask whether a count is right. These ask what a thread's place in the
//! runtime does to it: a token, no token, a blocking region, an exclusive call, stepping aside,
//! exit, in every order. User code runs on the way: a waker, or a destructor, is a program of its
//! own.

pub mod case;
pub mod program;

#[cfg(loom)]
pub mod ending;
#[cfg(loom)]
pub mod guest;
#[cfg(loom)]
pub mod handle;
#[cfg(loom)]
pub mod run;
#[cfg(loom)]
pub mod tokens;
