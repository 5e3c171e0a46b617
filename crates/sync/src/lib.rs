//! The only door of this workspace to shared memory: atomics, cells, locks, futex waits, threads, thread-locals and
//! statics. Normally they are std's, `parking_lot`'s and `atomic-wait`'s; under `--cfg loom` they are loom's, or models
//! built from loom's, so that the code that ships is the code that is checked.
//!
//! Both backends have the same files with the same items ([`src/real/`] and [`src/model/`]); every item costs nothing over
//! what it stands for. The switch is `cfg(loom)` and nothing else.
//!
//! | item | normally | under loom |
//! |---|---|---|
//! | [`atomic`] | `std::sync::atomic` | `loom::sync::atomic` |
//! | [`cell::UnsafeCell`] | `std::cell::UnsafeCell` | loom's, which sees every data race |
//! | [`Mutex`], [`Condvar`] | `parking_lot` | loom's; a timed wait expires as often as the model says |
//! | [`RawLock`] | `parking_lot::RawMutex`, one byte | a loom mutex without a guard |
//! | [`futex`] | `atomic-wait` | a table of condition variables by address |
//! | [`thread`], [`thread_local!`], [`global!`] | `std` | loom's |
//! | [`grave`] | nothing, and `dealloc` | a canary in each object, memory kept until the iteration ends |
//!
//! What a model built on this does not cover: the insides of `parking_lot` and `atomic-wait`, fairness, clocks, and the
//! reuse of addresses.
//!
//! [`src/real/`]: https://docs.rs/keyway-sync
//! [`src/model/`]: https://docs.rs/keyway-sync

#[cfg(not(loom))]
#[path = "real/mod.rs"]
mod backend;
#[cfg(loom)]
#[path = "model/mod.rs"]
mod backend;

mod exclusive;

#[cfg(loom)]
pub use backend::expiry;
pub use backend::{Condvar, Global, Mutex, MutexGuard, RawLock, atomic, cell, futex, grave, thread};
pub use exclusive::Exclusive;

/// Declares a function that is `const` except under loom, whose atomics and locks cannot be made in a constant.
#[macro_export]
macro_rules! const_unless_loom {
    ($(#[$attribute:meta])* $vis:vis fn $name:ident() -> $result:ty $body:block) => {
        #[cfg(not(loom))]
        $(#[$attribute])* $vis const fn $name() -> $result $body
        #[cfg(loom)]
        $(#[$attribute])* $vis fn $name() -> $result $body
    };
}

/// What the macros of this crate expand to; not for direct use.
#[doc(hidden)]
pub mod __private {
    #[cfg(loom)]
    pub use loom;
    #[cfg(not(loom))]
    pub use std;
}

// A RUSTFLAGS in the environment silently replaces the flag that `cargo loom` sets, and the models would then test the
// ordinary build. The alias also sets KEYWAY_LOOM, so that this is an error instead.
#[cfg(not(loom))]
const _: () = assert!(
    option_env!("KEYWAY_LOOM").is_none(),
    "KEYWAY_LOOM is set but `--cfg loom` is not: is there a RUSTFLAGS in the environment? Unset it."
);
