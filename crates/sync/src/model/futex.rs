//! Futex waits, modelled by a table of condition variables by address under one lock.

use std::collections::HashMap;
use std::sync::Arc;

use loom::sync::{Condvar, Mutex};

use super::atomic::{AtomicU32, Ordering};
use super::expiry;

loom::lazy_static! {
    static ref WAITERS: Mutex<HashMap<usize, Arc<Condvar>>> = Mutex::new(HashMap::new());
}

/// Sleeps if `word` still holds `value`, until it is woken, or for nothing if the model says so
/// (see [`expiry`](crate::expiry)); returns at once otherwise.
#[track_caller]
pub fn wait(word: &AtomicU32, value: u32) {
    let mut waiters = WAITERS.lock().unwrap();
    // A read-modify-write, since the kernel reads the latest value under its own lock; a loom load
    // could be stale.
    if word.fetch_add(0, Ordering::AcqRel) != value {
        return;
    }
    if expiry::take_false_alarm() {
        return;
    }
    let address = std::ptr::from_ref(word).addr();
    let bell = Arc::clone(waiters.entry(address).or_insert_with(|| Arc::new(Condvar::new())));
    drop(bell.wait(waiters).unwrap());
}

/// Wakes one thread that waits on the word at this address; never touches the word.
#[track_caller]
pub fn wake_one(word: *const AtomicU32) {
    if let Some(bell) = WAITERS.lock().unwrap().get(&word.addr()) {
        bell.notify_one();
    }
}

/// Wakes every thread that waits on the word at this address; never touches the word.
#[track_caller]
pub fn wake_all(word: *const AtomicU32) {
    if let Some(bell) = WAITERS.lock().unwrap().get(&word.addr()) {
        bell.notify_all();
    }
}
