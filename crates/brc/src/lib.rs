#![doc = include_str!("../README.md")]

mod any;
mod boxes;
mod cyclic;
mod duplicate;
mod files;
mod pointer;
mod promptness;
mod raw;
mod slices;
mod sole;
mod traits;
mod uninit;
mod unsizing;
mod weak;
#[cfg(feature = "arc-swap")]
mod with_arc_swap;
#[cfg(feature = "serde")]
mod with_serde;

pub use duplicate::Duplicate;
pub use keyway_object_model::WeakCounts;
pub use pointer::Shared;
/// The trait and the macro that coerce a [`Shared`].
pub use unsize::{CoerceUnsize, Coercion};
pub use weak::WeakShared;

/// A counted pointer to an object that favours the thread which made it; see [`Shared`].
pub type Brc<T> = Shared<T, keyway_biased_counts::BiasedCounts>;

/// A weak reference to the object of a [`Brc`]; see [`WeakShared`].
pub type Weak<T> = WeakShared<T, keyway_biased_counts::BiasedCounts>;
