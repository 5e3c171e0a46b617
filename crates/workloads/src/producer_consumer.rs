//! Producers and consumers: boxed integers handed from thread to thread through a bounded queue.
//!
//! The queue is an object. A thread that finds it full, or empty, waits in a blocking region until
//! the other side has done something, as an interpreter's queue waits on a condition. The consumer
//! releases what the producer made: the last release of nearly every object is on a thread that did
//! not make it. A single thread does both: it fills the queue and empties it, turn by turn.
//!
//! Key source files: this one, and `together.rs`.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use keyway::{AnyRef, Guarded, Ref, Strategy, Thread, attach};

use crate::together::{Done, share, together_with};
use crate::value::integer;

/// The capacity of the queue.
const CAPACITY: usize = 64;

/// The queue's contents.
struct Items<S: Strategy> {
    items: VecDeque<AnyRef<S>>,
    /// How many are still to be taken, of those that are there and those to come.
    to_take: u64,
}

/// The condition that threads wait for: a number of changes that increases.
#[derive(Default)]
struct Changes {
    number: Mutex<u64>,
    changed: Condvar,
}

struct Shared<S: Strategy> {
    queue: Ref<Guarded<Items<S>, S>, S>,
    changes: Changes,
}

/// The result of a try.
enum Taken<S: Strategy> {
    Item(AnyRef<S>),
    Empty,
    /// Nothing will come any more.
    End,
}

/// Hands `size` integers on. Of several threads, every second one consumes and the others produce.
/// The result is the sum of what was consumed.
///
/// # Panics
/// If a thread cannot be started.
pub fn run<S: Strategy>(size: u64, threads: usize) -> Done {
    let make = || attach::<S, _>(|thread| Shared::new(size, thread));
    let work = |number, shared: &Shared<S>| {
        attach::<S, _>(|thread| match (threads, number % 2) {
            (1, _) => shared.alone(size, thread),
            // Producers are numbered 0, 2, 4 ...
            (_, 0) => shared.produce(numbers(size, threads.div_ceil(2), number / 2), thread),
            _ => shared.consume(thread),
        })
    };
    together_with(threads, make, work).0.into()
}

/// The expected result.
pub fn expected(size: u64) -> u64 {
    (0..size).sum()
}

/// The numbers that one of `producers` producers makes: every `producers`-th number below `size`.
fn numbers(size: u64, producers: usize, producer: usize) -> impl Iterator<Item = u64> {
    (0..share(size, producers, producer)).map(move |number| number * producers as u64 + producer as u64)
}

impl Changes {
    fn number(&self) -> u64 {
        *self.number.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self) {
        *self.number.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// Waits until there are more changes than these.
    fn wait_beyond(&self, seen: u64) {
        let number = self.number.lock().unwrap_or_else(PoisonError::into_inner);
        let more = self.changed.wait_while(number, |number| *number == seen);
        drop(more.unwrap_or_else(PoisonError::into_inner));
    }
}

impl<S: Strategy> Shared<S> {
    fn new(size: u64, thread: &Thread<S>) -> Self {
        let items = Items { items: VecDeque::with_capacity(CAPACITY), to_take: size };
        Shared { queue: thread.alloc(Guarded::new(items)), changes: Changes::default() }
    }

    fn alone(&self, size: u64, thread: &mut Thread<S>) -> u64 {
        let (mut sum, mut numbers) = (0, 0..size);
        loop {
            for number in numbers.by_ref().take(CAPACITY) {
                let item = thread.alloc(number as i64).erase();
                if self.try_put(item, thread).is_err() {
                    unreachable!("the queue has been emptied");
                }
            }
            loop {
                match self.try_take(thread) {
                    Taken::Item(item) => sum += value(item, thread),
                    Taken::Empty => break,
                    Taken::End => return sum,
                }
            }
        }
    }

    fn produce(&self, numbers: impl Iterator<Item = u64>, thread: &mut Thread<S>) -> u64 {
        for number in numbers {
            let mut item = thread.alloc(number as i64).erase();
            loop {
                // Counted before the try: so the thread does not wait in vain for a change that
                // came after the try.
                let seen = self.changes.number();
                match self.try_put(item, thread) {
                    Ok(()) => break,
                    Err(back) => item = back,
                }
                thread.blocking(|| self.changes.wait_beyond(seen));
            }
        }
        0
    }

    fn consume(&self, thread: &mut Thread<S>) -> u64 {
        let mut sum = 0;
        loop {
            let seen = self.changes.number();
            match self.try_take(thread) {
                Taken::Item(item) => sum += value(item, thread),
                Taken::Empty => thread.blocking(|| self.changes.wait_beyond(seen)),
                Taken::End => return sum,
            }
        }
    }

    /// Puts the item into the queue, or gives it back if that is full.
    fn try_put(&self, item: AnyRef<S>, thread: &mut Thread<S>) -> Result<(), AnyRef<S>> {
        thread.checkpoint();
        let was_empty = self.queue.enter(thread, |queue| {
            if queue.items.len() == CAPACITY {
                return Err(item);
            }
            queue.items.push_back(item);
            Ok(queue.items.len() == 1)
        })?;
        if was_empty {
            self.changes.add();
        }
        Ok(())
    }

    fn try_take(&self, thread: &mut Thread<S>) -> Taken<S> {
        thread.checkpoint();
        let (taken, is_change) = self.queue.enter(thread, |queue| {
            if queue.to_take == 0 {
                return (Taken::End, false);
            }
            let was_full = queue.items.len() == CAPACITY;
            match queue.items.pop_front() {
                Some(item) => {
                    queue.to_take -= 1;
                    (Taken::Item(item), was_full || queue.to_take == 0)
                }
                None => (Taken::Empty, false),
            }
        });
        if is_change {
            self.changes.add();
        }
        taken
    }
}

fn value<S: Strategy>(item: AnyRef<S>, thread: &Thread<S>) -> u64 {
    let item = integer(item);
    let value = item.unsigned_abs();
    item.release(thread);
    value
}
