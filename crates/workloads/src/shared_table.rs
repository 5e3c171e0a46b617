//! A table that all threads read and that seldom changes: a module's globals, a configuration, a
//! cache that is warm.
//!
//! Each step looks a name up in the one dictionary, clones the value's reference out, leaves, reads
//! the value, and releases it: values that one thread made and all the others retain and release.
//! One step in 1,024 puts a new value in the place of an old one. A reader finds one or the other.
//!
//! Key source files: this one, `name.rs` and `together.rs`.

use std::mem;

use keyway::{Guarded, Ref, Strategy, Thread, attach};

use crate::name::{Key, Name, Table, names};
use crate::together::{Done, share, together_with};

/// Entries of the table.
const ENTRIES: u64 = 64;

/// One of this many steps is a change.
const CHANGE: u64 = 1024;

/// A value: the number that its name stands for, and how often it has been replaced.
struct Value {
    number: u64,
    version: u64,
}

type Globals<S> = Table<Ref<Value, S>, S>;

struct Module<S: Strategy> {
    names: Vec<Ref<Name, S>>,
    table: Ref<Guarded<Globals<S>, S>, S>,
}

/// Does `size` steps, which the threads share out. The result is the sum of all numbers read,
/// besides how often values were replaced.
///
/// # Panics
/// If a thread cannot be started.
pub fn run<S: Strategy>(size: u64, threads: usize) -> Done {
    let make = || attach::<S, _>(|thread| module(thread));
    let (done, module) = together_with(threads, make, |number, module: &Module<S>| {
        // A thread's steps are those whose number, by the number of threads, leaves its own as a
        // remainder.
        let steps = (0..share(size, threads, number)).map(|step| step * threads as u64 + number as u64);
        attach::<S, _>(|thread| steps.map(|step| once(module, step, thread)).sum::<u64>())
    });
    let changes = attach::<S, _>(|thread| {
        module.table.enter(thread, |table| table.values().map(|value| value.version).sum::<u64>())
    });
    Done { elapsed: done.elapsed, result: done.results.iter().sum::<u64>() + changes }
}

/// The expected result.
pub fn expected(size: u64) -> u64 {
    let is_change = |step: &u64| step % CHANGE == CHANGE - 1;
    let read: u64 = (0..size).filter(|step| !is_change(step)).map(|step| step % ENTRIES).sum();
    read + (0..size).filter(is_change).count() as u64
}

fn module<S: Strategy>(thread: &Thread<S>) -> Module<S> {
    let names = names(ENTRIES, thread);
    let entry = |(number, name): (u64, &Ref<Name, S>)| {
        (Key(name.clone_ref(thread)), thread.alloc(Value { number, version: 0 }))
    };
    let table = (0..).zip(&names).map(entry).collect();
    Module { table: thread.alloc(Guarded::new(table)), names }
}

/// One step. Returns the number that it has read, zero if it was a change.
fn once<S: Strategy>(module: &Module<S>, step: u64, thread: &mut Thread<S>) -> u64 {
    thread.checkpoint();
    let name = module.names[(step % ENTRIES) as usize].clone_ref(thread);
    let read = if step % CHANGE == CHANGE - 1 {
        replace(module, &name, thread);
        0
    } else {
        let value = module.table.enter(thread, |table| table[&*name].clone_ref(table.thread()));
        let number = value.number;
        value.release(thread);
        number
    };
    name.release(thread);
    read
}

fn replace<S: Strategy>(module: &Module<S>, name: &Name, thread: &mut Thread<S>) {
    let old = module.table.enter(thread, |section| {
        let (table, thread) = section.parts();
        let value = table.get_mut(name).expect("nothing is ever deleted");
        let newer = Value { number: value.number, version: value.version + 1 };
        mem::replace(value, thread.alloc(newer))
    });
    old.release(thread);
}
