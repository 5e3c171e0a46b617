//! Reference-counted objects shared between threads, under the strategy of your choice.
//!
//! The author of a runtime with shared objects answers two questions for every object: **who may
//! change its reference count**, and **who may touch its contents**. Here each pair of answers is a
//! *strategy*, a type, and all strategies stand behind one trait. A program is written once,
//! generic over the strategy or with one name in a type alias, and runs under any of them.
//!
//! | strategy | its count is changed by | its contents are guarded by | threads run |
//! |---|---|---|---|
//! | [`SingleThread`] | the one attached thread, on a plain word | one OS thread at a time in the process is attached | one |
//! | [`GlobalLock<Interval>`](GlobalLock), [`GlobalLock<Ticks>`](GlobalLock), [`GlobalLock<ReturningFirst>`](GlobalLock) | the thread that holds the global lock, on a plain word | the global lock | one at a time |
//! | [`ObjectLocks`] | the thread that holds the object's count lock | the object's contents lock | in parallel |
//! | [`GroupLocks`] | the thread that holds the count lock of the object's group | the contents lock of the group | in parallel |
//! | [`AtomicCounts`] | anyone, on one atomic word | the object's lock | in parallel |
//! | [`BiasedCounts`] | the owner on a plain word, all others on an atomic one | the object's lock | in parallel |
//!
//! [`BiasedCounts<Apart>`](BiasedCounts) has the owner's word and the others' on cache lines of
//! their own.
//!
//! # One program
//!
//! ```
//! use keyway::{BiasedCounts, Guarded, Ref, attach};
//!
//! // The one line that chooses.
//! type S = BiasedCounts;
//!
//! // An object that is read needs no lock; one that changes has its contents `Guarded`.
//! type Word = Ref<&'static str, S>;
//! type Words = Ref<Guarded<Vec<Word>, S>, S>;
//!
//! fn add(words: &Words, word: &'static str) {
//!     // This OS thread enters the runtime. The token `thread` proves it.
//!     attach::<S, _>(|thread| {
//!         let word = thread.alloc(word);
//!         // In the section, this thread has the contents to itself.
//!         words.enter(thread, |section| section.push(word));
//!         // Nothing guarded is held here: let others in.
//!         thread.checkpoint();
//!     });
//! }
//!
//! let words: Words = attach::<S, _>(|thread| thread.alloc(Guarded::new(Vec::new())));
//! std::thread::scope(|scope| {
//!     scope.spawn(|| add(&words, "lock"));
//!     scope.spawn(|| add(&words, "key"));
//! });
//! attach::<S, _>(|thread| words.enter(thread, |section| assert_eq!(section.len(), 2)));
//! ```
//!
//! # What a count shows
//!
//! A list that is held by two names and by the argument of the function that asks, has three
//! references. CPython's `sys.getrefcount` shows the same 3 in the same three steps
//! ([realpython.com/python-gil]).
//!
//! ```
//! use keyway::{GlobalLock, Interval, Ref, Thread, attach};
//!
//! type S = GlobalLock<Interval>;
//! type List = Ref<Vec<i32>, S>;
//!
//! fn getrefcount(object: List, thread: &Thread<S>) -> usize {
//!     object.count(thread)
//! }
//!
//! attach::<S, _>(|thread| {
//!     let a: List = thread.alloc(vec![]);
//!     let b = a.clone_ref(thread);
//!     assert_eq!(getrefcount(a.clone_ref(thread), thread), 3);
//!     drop(b);
//! });
//! ```
//!
//! # A pointer without a runtime
//!
//! [`Brc`] has the surface of [`std::sync::Arc`], costs the thread that made an object about what
//! [`std::rc::Rc`] costs, and needs no attached thread; [`Weak`] is its weak reference. Its crate's
//! page says when to use which, and what differs from `Arc`.
//!
//! ```
//! use keyway::Brc;
//!
//! let mine = Brc::new(vec![1, 2, 3]);
//! let theirs = mine.clone();
//! std::thread::spawn(move || assert_eq!(theirs.len(), 3)).join().unwrap();
//! ```
//!
//! # The guide
//!
//! - [`guide::objects`]: references, their counts, references of any type, destruction.
//! - [`guide::threads`]: attaching, checkpoints, blocking regions, foreign code, several runtimes.
//! - [`guide::sections`]: contents that change, objects inside objects, and why nothing guarded is
//!   held across a switch.
//! - [`guide::adding_a_strategy`]: the trait, and a strategy that compiles.
//!
//! Each strategy's protocol, with its states, its orderings and the argument that it is right, is
//! the front page of its own crate; its cost on your machine is what `cargo bench` and `cargo lab`
//! print.
//!
//! [realpython.com/python-gil]: https://realpython.com/python-gil/

pub mod guide;
mod strategies;

pub use keyway_atomic_counts::AtomicCounts;
pub use keyway_biased_counts::{Apart, BiasedCounts, Compact, Layout};
pub use keyway_brc::{Brc, Shared, Weak, WeakShared};
pub use keyway_global_lock::{GlobalLock, Interval, ReturningFirst, Ticks, runtime as global_lock_runtime};
pub use keyway_group_locks::{GroupLocks, runtime as group_locks_runtime};
pub use keyway_object_locks::ObjectLocks;
pub use keyway_object_model::{
    AlreadyAttached, AnyRef, FreeThreaded, Guarded, Ref, SameObject, Section, Strategy, Thread, attach,
    try_attach,
};
pub use keyway_single_thread::SingleThread;

/// The example of the README, so that it is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
