//! The steps of the iteration that runs at the moment.
//!
//! Kept in std's memory, which loom does not see, so that keeping a log adds no interleavings. All
//! threads of a model are coroutines of one OS thread, and none is switched inside these functions:
//! nobody ever waits for the lock.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use keyway_sync::thread;

use super::step::{Act, Step};

/// What has happened in this iteration.
#[derive(Default)]
struct Log {
    steps: Vec<Step>,
    /// The threads that have been seen, by loom's name for them.
    threads: Vec<String>,
    /// How many objects and locks have been made.
    objects: usize,
    /// The references that there are to each object.
    references: HashMap<usize, u64>,
    /// The operation that was begun last, with its thread and the object's address, until its first
    /// step.
    begun: Option<(String, &'static str, String)>,
    /// Which object is at which address.
    addresses: HashMap<String, usize>,
}

static LOG: Mutex<Option<Log>> = Mutex::new(None);

fn locked() -> MutexGuard<'static, Option<Log>> {
    // A model's panic may leave the log as it is: it is then printed, not written.
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A program whose every iteration begins with an empty log.
pub(super) fn kept(program: impl Fn() + Send + Sync + 'static) -> impl Fn() + Send + Sync + 'static {
    move || {
        *locked() = Some(Log::default());
        program();
    }
}

/// A number for a new object.
pub(super) fn number() -> usize {
    locked().as_mut().map_or(0, |log| {
        log.objects += 1;
        log.objects
    })
}

/// A thread begins an operation on the object at an address: if it gets no further, the object was
/// already destroyed.
pub(super) fn begin(operation: &'static str, address: String) {
    let thread = this_thread();
    if let Some(log) = &mut *locked() {
        log.begun = Some((thread, operation, address));
    }
}

/// An object is made.
pub(super) fn made(object: usize) {
    add("alloc", Act::Makes, object, Some((0, 1)), |references| *references = 1);
}

/// The count is read.
pub(super) fn read(operation: &'static str, object: usize, count: u64) {
    add(operation, Act::Reads, object, Some((count, count)), |_| ());
}

/// The count is written, which adds a reference or takes one away.
pub(super) fn written(operation: &'static str, object: usize, before: u64, after: u64) {
    add(operation, Act::Writes, object, Some((before, after)), |references| match operation {
        "retain" => *references += 1,
        _ => *references = references.saturating_sub(1),
    });
}

/// The count has been found to be zero.
pub(super) fn destroyed(object: usize) {
    add("release", Act::Destroys, object, Some((0, 0)), |_| ());
}

/// A step with the lock of an object's contents.
pub(super) fn lock(act: Act, object: usize) {
    add("section", act, object, None, |_| ());
}

fn add(
    operation: &str,
    act: Act,
    object: usize,
    count: Option<(u64, u64)>,
    change_references: impl FnOnce(&mut u64),
) {
    let thread = this_thread();
    let mut log = locked();
    let Some(log) = &mut *log else { return };
    let references = count.map(|_| {
        let references = log.references.entry(object).or_default();
        change_references(references);
        *references
    });
    if let Some((.., address)) = log.begun.take() {
        log.addresses.insert(address, object);
    }
    log.push(&thread, operation, act, object, count, references);
}

impl Log {
    fn push(
        &mut self,
        thread: &str,
        operation: &str,
        act: Act,
        object: usize,
        count: Option<(u64, u64)>,
        references: Option<u64>,
    ) {
        let place = self.threads.iter().position(|known| known == thread).unwrap_or_else(|| {
            self.threads.push(thread.to_owned());
            self.threads.len() - 1
        });
        self.steps.push(Step {
            step: self.steps.len() + 1,
            thread: ["A", "B", "C", "D", "E"][place].to_owned(),
            operation: operation.to_owned(),
            act,
            object,
            count_before: count.map(|(before, _)| before),
            count_after: count.map(|(_, after)| after),
            references,
        });
    }
}

fn this_thread() -> String {
    format!("{:?}", thread::current().id())
}

/// Prints the steps of the iteration that has just failed, once. To be called by the panic hook.
pub fn print(message: &str) {
    let Some(mut log) = mem::take(&mut *locked()) else { return };
    // Only an object's canary ends an operation before its first step.
    if message.contains("use after free")
        && let Some((thread, operation, address)) = log.begun.take()
        && let Some(&object) = log.addresses.get(&address)
    {
        let references = log.references.get(&object).copied();
        log.push(&thread, operation, Act::FindsDestroyed, object, None, references);
    }
    log.steps.iter().for_each(Step::report);
}
