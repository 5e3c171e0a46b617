//! How to write programs against the face, one subject a page. Every example is compiled and run by
//! `cargo test`.

#[doc = include_str!("../guide/objects.md")]
pub mod objects {}

#[doc = include_str!("../guide/threads.md")]
pub mod threads {}

#[doc = include_str!("../guide/sections.md")]
pub mod sections {}

#[doc = include_str!("../../../docs/adding-a-strategy.md")]
pub mod adding_a_strategy {}

// The README's example is checked as well, though no page shows it.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}
