//! Futex waits, modelled by a table of condition variables by address under one lock.

use std::collections::HashMap;
use std::sync::Arc;

use shuttle::sync::atomic::{AtomicU32, Ordering};

use super::expiry;
use super::lock::{Condvar, Mutex};

crate::global! {
    static WAITERS: Mutex<HashMap<usize, Arc<Condvar>>> = Mutex::new(HashMap::new());
}

/// Makes the table. A static that shuttle makes while some thread's panic is unwinding would be
/// poisoned.
pub(super) fn prepare() {
    let _: &Mutex<_> = &WAITERS;
}

/// Sleeps if `word` still holds `value`, until it is woken, or for nothing if the program says so
/// (see [`expiry`](crate::expiry)); returns at once otherwise.
pub fn wait(word: &AtomicU32, value: u32) {
    let mut waiters = WAITERS.lock();
    if word.load(Ordering::SeqCst) != value {
        return;
    }
    if expiry::take_false_alarm() {
        return;
    }
    let address = std::ptr::from_ref(word).addr();
    let bell = Arc::clone(waiters.entry(address).or_default());
    bell.wait(&mut waiters);
}

/// Wakes one thread that waits on the word at this address; never touches the word.
pub fn wake_one(word: *const AtomicU32) {
    if let Some(bell) = WAITERS.lock().get(&word.addr()) {
        bell.notify_one();
    }
}

/// Wakes every thread that waits on the word at this address; never touches the word.
pub fn wake_all(word: *const AtomicU32) {
    if let Some(bell) = WAITERS.lock().get(&word.addr()) {
        bell.notify_all();
    }
}
