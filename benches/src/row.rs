//! One line of a table: an operation on a subject.

use std::hint::black_box;
use std::time::Duration;

use crate::apart;
use crate::clock::Together;
use crate::peers::Pointer;

/// An operation on one subject: a strategy, or what strategies are compared with.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The operation's id, such as `owner-pair`.
    pub operation: &'static str,
    /// The subject's id: a strategy's, or that of a reference such as `rc`.
    pub subject: &'static str,
    /// How many threads are at it at once.
    pub threads: usize,
    /// Operations in a sample, where a sample of another size would be another question.
    pub fixed: Option<u64>,
    /// What is known to be wrong with the subject. No row reaches it.
    pub defect: Option<&'static str>,
    /// Carries out this many operations and says how long they took, without the work before and
    /// after them.
    pub(crate) work: Work,
}

/// How the operations of a sample are carried out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// By the calling thread. Others may exist, but only wait: it can be stepped through.
    Here(fn(u64) -> Duration),
    /// By threads that take turns: none of it can be stepped through.
    InTurns(fn(u64) -> Duration),
    /// By several threads at the same time.
    AtOnce(fn(u64) -> Sample),
    /// The same in a process of its own, for a subject that could corrupt memory.
    Apart(fn(u64) -> Sample),
}

/// What a sample has measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// How long the operations took.
    pub time: Duration,
    /// How far threads that were to be at it at once really were; none for one thread, or threads
    /// that take turns.
    pub together: Option<Together>,
}

impl From<Duration> for Sample {
    fn from(time: Duration) -> Self {
        Sample { time, together: None }
    }
}

impl Row {
    /// A row of one thread.
    pub(crate) fn new(operation: &'static str, subject: &'static str, sample: fn(u64) -> Duration) -> Self {
        Row { operation, subject, threads: 1, fixed: None, defect: None, work: Work::Here(sample) }
    }

    /// A row of one thread on a pointer of std or of another crate.
    pub(crate) fn of_pointer<P: Pointer>(operation: &'static str, sample: fn(u64) -> Duration) -> Self {
        Row { defect: P::DEFECT, ..Row::new(operation, P::ID, sample) }
    }

    /// A row of `threads` threads.
    pub(crate) fn of_threads(
        operation: &'static str,
        subject: &'static str,
        threads: usize,
        work: Work,
    ) -> Self {
        Row { operation, subject, threads, fixed: None, defect: None, work }
    }

    /// Carries out this many operations.
    ///
    /// # Panics
    /// If a process of its own, where the subject needs one, cannot be had or ends early.
    pub fn sample(&self, operations: u64) -> Sample {
        tidy_heap();
        match self.work {
            Work::Here(sample) | Work::InTurns(sample) => sample(operations).into(),
            Work::AtOnce(sample) => sample(operations),
            Work::Apart(sample) => apart::run(sample, operations),
        }
    }

    /// How long `operations` operations take; see [`sample`](Self::sample).
    pub fn time(&self, operations: u64) -> Duration {
        self.sample(operations).time
    }

    /// The sample as one thread's work that can be stepped through, if it is.
    pub fn steppable(&self) -> Option<fn(u64) -> Duration> {
        match self.work {
            Work::Here(sample) => Some(sample),
            _ => None,
        }
    }
}

/// Has the allocator put the small pieces of memory together that were freed before, so that
/// objects made one after the other lie so. Otherwise they lie in the order in which the sample
/// before freed its own, and a long chain's price is that order's: a cache miss a link. glibc does
/// it when it is asked for a piece of more than a kilobyte; to other allocators it is an allocation
/// like any.
fn tidy_heap() {
    drop(black_box(Vec::<u8>::with_capacity(4096)));
}

/// The list of `$row::<S>()` for every strategy `S`.
macro_rules! every_strategy {
    ($row:ident) => {
        keyway::for_each_strategy!(crate::row::rows, all $row)
    };
}

/// The list of `$row::<S>()` for every strategy `S` under which several threads run, in parallel or
/// in turns.
macro_rules! every_strategy_of_threads {
    ($row:ident) => {
        keyway::for_each_strategy!(crate::row::rows, of_threads $row)
    };
}

/// The list of `$row::<S>()` for every strategy `S` under which threads run in parallel.
macro_rules! every_free_threaded {
    ($row:ident) => {
        keyway::for_each_strategy!(crate::row::rows, in_parallel $row)
    };
}

/// Used by the three macros above: goes through the list of strategies line by line; `$rows`
/// collects the wanted lines.
macro_rules! rows {
    ([$which:ident $row:ident] $($line:tt)*) => { $crate::row::rows!(@ $which $row [] $($line)*) };
    (@ $which:ident $row:ident [$($rows:tt)*]) => { [$($rows)*] };
    (@ of_threads $row:ident $rows:tt $id:literal: $strategy:ty, Alone, $summary:literal; $($line:tt)*) => {
        $crate::row::rows!(@ of_threads $row $rows $($line)*)
    };
    (@ in_parallel $row:ident $rows:tt $id:literal: $strategy:ty, Alone, $summary:literal; $($line:tt)*) => {
        $crate::row::rows!(@ in_parallel $row $rows $($line)*)
    };
    (@ in_parallel $row:ident $rows:tt $id:literal: $strategy:ty, InTurns, $summary:literal; $($line:tt)*) => {
        $crate::row::rows!(@ in_parallel $row $rows $($line)*)
    };
    (@ $which:ident $row:ident [$($rows:tt)*] $id:literal: $strategy:ty, $kind:ident, $summary:literal; $($line:tt)*) => {
        $crate::row::rows!(@ $which $row [$($rows)* $row::<$strategy>(),] $($line)*)
    };
}
pub(crate) use {every_free_threaded, every_strategy, every_strategy_of_threads, rows};
