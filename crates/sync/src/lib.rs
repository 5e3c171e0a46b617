//! The only door of this workspace to shared memory: atomics, cells, locks, futex waits, threads,
//! thread-locals and statics. Normally they are std's, `parking_lot`'s and `atomic-wait`'s; under
//! `--cfg loom` they are loom's, or models built from loom's, so that the code that ships is the
//! code that is checked. Under `--cfg shuttle` they are shuttle's: no weak memory, but more threads
//! than loom can have.
//!
//! All backends have the same modules with the same items (`src/real/`, `src/model/` and
//! `src/shuttle/`; `src/modelled/` holds the files that the two models share); every item of the
//! real one costs nothing over what it stands for. The switches are `cfg(loom)` and `cfg(shuttle)`
//! and nothing else.
//!
//! | item | normally | under loom |
//! |---|---|---|
//! | [`atomic`] | `std::sync::atomic` | `loom::sync::atomic` |
//! | [`cell::UnsafeCell`] | `std::cell::UnsafeCell` | loom's, which sees every data race |
//! | [`Mutex`], [`Condvar`] | `parking_lot` | loom's; a timed wait expires as often as the model says |
//! | [`RawLock`] | `parking_lot::RawMutex`, one byte | a loom mutex without a guard |
//! | [`StaticLock`] | the same, in a plain static | made when it is first used |
//! | [`Place`] | an address | a serial number of the iteration |
//! | [`futex`] | `atomic-wait` | a table of condition variables by address; a wait ends for nothing as often as the model says |
//! | [`clock`] | `std::time::Instant` | a word: time passes when a timed wait expires, and when the model says so |
//! | [`thread`], [`thread_local!`], [`global!`] | `std` | loom's; a wait in a loop is explored for a few rounds |
//! | [`Gap`] | 56 bytes that nobody touches | nothing |
//! | [`exit`] | a thread-local with a destructor | nothing: a thread says itself that it exits |
//! | [`fork`] | std's mutex and condition variable, which a forked child can go on with; handlers around a fork | the model's, and no handlers |
//! | [`os_thread`] | what the kernel says | nothing |
//! | [`grave`] | nothing, and `dealloc` | a canary in each object, memory kept until the iteration ends |
//!
//! A model built on this does not cover the insides of `parking_lot` and `atomic-wait`, fairness,
//! clocks, and the reuse of addresses.

#[cfg(not(any(loom, shuttle)))]
#[path = "real/mod.rs"]
mod backend;
#[cfg(loom)]
#[path = "model/mod.rs"]
mod backend;
#[cfg(shuttle)]
#[path = "shuttle/mod.rs"]
mod backend;

mod exclusive;
mod gap;

pub use backend::{
    Condvar, Global, Mutex, MutexGuard, Place, RawLock, StaticLock, atomic, cell, clock, cores, exit, fork,
    futex, grave, os_thread, thread,
};
#[cfg(any(loom, shuttle))]
pub use backend::{expiry, explore};
pub use exclusive::Exclusive;
pub use gap::Gap;

/// Whether the backend is a model: then words are larger than real ones, and what spins waits for a
/// scheduler.
pub const MODELLED: bool = cfg!(any(loom, shuttle));

/// Declares a function that is `const` except under loom, whose atomics and locks cannot be made in
/// a constant.
#[macro_export]
macro_rules! const_unless_loom {
    ($(#[$attribute:meta])* $vis:vis fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block) => {
        #[cfg(not(loom))]
        $(#[$attribute])* $vis const fn $name($($argument: $type),*) -> $result $body
        #[cfg(loom)]
        $(#[$attribute])* $vis fn $name($($argument: $type),*) -> $result $body
    };
}

/// What the macros of this crate expand to; not for direct use.
#[doc(hidden)]
pub mod __private {
    #[cfg(loom)]
    pub use loom;
    #[cfg(shuttle)]
    pub use shuttle;
    #[cfg(not(any(loom, shuttle)))]
    pub use std;
}

// Where its flag is replaced, a build for a model would test the ordinary code and say nothing. The
// aliases also set KEYWAY_LOOM and KEYWAY_SHUTTLE, so that this is an error instead. Its advice
// fits the cause: a RUSTFLAGS in the environment replaces all other flags; without one, flags in a
// cargo configuration have replaced those that a command has put into `build`.
#[cfg(not(loom))]
const _: () = match (option_env!("KEYWAY_LOOM"), FLAGS_IN_THE_ENVIRONMENT) {
    (None, _) => {}
    (Some(_), true) => panic!(
        "KEYWAY_LOOM is set but `--cfg loom` is not: the flags of RUSTFLAGS or CARGO_ENCODED_RUSTFLAGS in the environment \
         replace it. Unset them. `cargo lab verify` and `cargo lab race` build the models whatever flags there are."
    ),
    (Some(_), false) => panic!(
        "KEYWAY_LOOM is set but `--cfg loom` is not. Is there a `rustflags` in a cargo configuration, such as \
         `[target.x86_64-unknown-linux-gnu] rustflags` in ~/.cargo/config.toml? It replaces `build.rustflags`: use the alias \
         `cargo loom`, or give the flag as `target.'cfg(not(any()))'.rustflags`, to which cargo adds others. If nothing \
         is to be modelled, unset KEYWAY_LOOM."
    ),
};
#[cfg(not(shuttle))]
const _: () = match (option_env!("KEYWAY_SHUTTLE"), FLAGS_IN_THE_ENVIRONMENT) {
    (None, _) => {}
    (Some(_), true) => panic!(
        "KEYWAY_SHUTTLE is set but `--cfg shuttle` is not: the flags of RUSTFLAGS or CARGO_ENCODED_RUSTFLAGS in the environment \
         replace it. Unset them."
    ),
    (Some(_), false) => panic!(
        "KEYWAY_SHUTTLE is set but `--cfg shuttle` is not. Is there a `rustflags` in a cargo configuration, such as \
         `[target.x86_64-unknown-linux-gnu] rustflags` in ~/.cargo/config.toml? It replaces `build.rustflags`: use the alias \
         `cargo shuttle`, or give the flag as `target.'cfg(not(any()))'.rustflags`, to which cargo adds others. If nothing \
         is to be modelled, unset KEYWAY_SHUTTLE."
    ),
};

/// Whether flags come from the environment: those come before all others.
const FLAGS_IN_THE_ENVIRONMENT: bool =
    option_env!("RUSTFLAGS").is_some() || option_env!("CARGO_ENCODED_RUSTFLAGS").is_some();
