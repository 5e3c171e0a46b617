//! The models: what loom checks of every strategy, through the face that programs use.
//!
//! `cargo loom` runs them all at preemption bound 3, each in a process of its own. A *scenario* is
//! a model that is generic over the strategy; every strategy runs every scenario. Which bound, how
//! long at most, and where the rows of the ledger go is said by environment variables; see
//! [`settings`].
//!
//! The scenarios also run without loom, as `cargo test --test beside` and `cargo shuttle` do: see
//! `beside`.
//!
//! Which file may use which, bottom to top: `settings`, `row`, `backend`, `model`, `payload`,
//! `as_another`, `scenarios`, `child`, `beside`; next to them `outer_cargo`, `mutants`, `failure`,
//! `stacks`, which makes models faster, and `races`, which shows what goes wrong without a
//! strategy's protection.

pub mod enumerate;
pub mod failure;
pub mod mutants;
pub mod outer_cargo;
pub mod races;
pub mod row;
pub mod settings;

mod as_another;
mod backend;
#[cfg(not(loom))]
pub mod beside;
#[cfg(loom)]
pub mod child;
pub mod model;
mod payload;
mod scenarios;
// Where these are the system calls' arguments; elsewhere the stacks are loom's.
#[cfg(all(any(loom, test), target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod stacks;

#[cfg(loom)]
pub use scenarios::all;
pub use scenarios::scenarios;
