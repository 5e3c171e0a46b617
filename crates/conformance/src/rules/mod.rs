//! One test for each rule that every strategy keeps, a file a group.

pub mod coroutines;
pub mod destruction;
pub mod exclusive;
pub mod groups;
pub mod immortal;
pub mod layout;
pub mod limits;
pub mod misuse;
pub mod nesting;
pub mod order;
pub mod panics;
pub mod sections;
pub mod threads;
pub mod token_free;
pub mod unattached;
