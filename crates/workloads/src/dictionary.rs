//! Dictionary churn: counting words, `counts[word] = counts.get(word, 0) + 1`, with entries that
//! come and go.
//!
//! A dictionary maps interned strings, which know their hash, to values of any type, and holds
//! references to both. Each step looks a word up and clones its value out, boxes a new integer, and
//! stores it; the old value is released outside the section. Once a word has been seen eight times
//! its entry is deleted, key and all.
//!
//! Key source files: this one, `name.rs` and `value.rs`.

use std::mem;

use keyway::{AnyRef, Guarded, Ref, Strategy, Thread, attach};

use crate::name::{Key, Name, Table, names};
use crate::together::{Done, share, together};
use crate::value::{binary, integer};

/// Different words.
const WORDS: u64 = 256;

/// So often a word is counted before its entry is deleted.
const FULL: i64 = 8;

type Dictionary<S> = Ref<Guarded<Table<AnyRef<S>, S>, S>, S>;

/// Counts `size` words, shared out over the threads, each of which has a dictionary of its own. The
/// result is the number of words counted.
///
/// # Panics
/// If a thread cannot be started.
pub fn run<S: Strategy>(size: u64, threads: usize) -> Done {
    together(threads, |number| attach::<S, _>(|thread| count(share(size, threads, number), thread))).into()
}

/// The expected result.
pub fn expected(size: u64) -> u64 {
    size
}

fn count<S: Strategy>(words: u64, thread: &mut Thread<S>) -> u64 {
    let names = names(WORDS, thread);
    let one = thread.alloc(1_i64).erase();
    let dictionary: Dictionary<S> = thread.alloc(Guarded::new(Table::default()));
    let mut deleted = 0;
    for step in 0..words {
        thread.checkpoint();
        // A prime stride: all words come, in no obvious order.
        let word = names[(step * 101 % WORDS) as usize].clone_ref(thread);
        let seen = get(&dictionary, &word, thread).unwrap_or_else(|| thread.alloc(0_i64).erase());
        let seen = binary(seen, one.clone_ref(thread), thread, i64::wrapping_add);
        if is_full(&seen, thread) {
            deleted += remove(&dictionary, &word, thread) + 1;
            word.release(thread);
            seen.release(thread);
        } else {
            put(&dictionary, word, seen, thread);
        }
    }
    deleted + rest(&dictionary, thread)
}

fn get<S: Strategy>(
    dictionary: &Dictionary<S>,
    word: &Ref<Name, S>,
    thread: &mut Thread<S>,
) -> Option<AnyRef<S>> {
    dictionary.enter(thread, |table| table.get(&**word).map(|value| value.clone_ref(table.thread())))
}

fn put<S: Strategy>(
    dictionary: &Dictionary<S>,
    word: Ref<Name, S>,
    value: AnyRef<S>,
    thread: &mut Thread<S>,
) {
    let old = dictionary.enter(thread, |table| match table.get_mut(&*word) {
        Some(there) => Some((mem::replace(there, value), word)),
        None => {
            table.insert(Key(word), value);
            None
        }
    });
    if let Some((old, word)) = old {
        old.release(thread);
        word.release(thread);
    }
}

/// Deletes the word's entry. Returns how often it had been counted.
fn remove<S: Strategy>(dictionary: &Dictionary<S>, word: &Ref<Name, S>, thread: &mut Thread<S>) -> u64 {
    let Some((key, value)) = dictionary.enter(thread, |table| table.remove_entry(&**word)) else { return 0 };
    let value = integer(value);
    let counted = value.unsigned_abs();
    key.0.release(thread);
    value.release(thread);
    counted
}

fn is_full<S: Strategy>(seen: &AnyRef<S>, thread: &Thread<S>) -> bool {
    let seen = integer(seen.clone_ref(thread));
    let is_full = *seen == FULL;
    seen.release(thread);
    is_full
}

/// The counts of the entries that are left.
fn rest<S: Strategy>(dictionary: &Dictionary<S>, thread: &mut Thread<S>) -> u64 {
    let entries = dictionary.enter(thread, |table| mem::take(&mut **table));
    entries.into_values().map(|value| integer(value).unsigned_abs()).sum()
}
