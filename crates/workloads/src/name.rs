//! Interned strings, and tables that are keyed by them, as an interpreter's dictionaries of names.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::ptr;

use keyway::{Ref, Strategy, Thread};

/// The contents of an interned string: its text, and its hash, computed once.
#[derive(Debug)]
pub(crate) struct Name {
    text: String,
    hash: u64,
}

impl Name {
    fn new(text: String) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Name { text, hash: hasher.finish() }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        // Nearly always decided by the first: the strings are interned.
        ptr::eq(self, other) || (self.hash == other.hash && self.text == other.text)
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// `number` strings.
pub(crate) fn names<S: Strategy>(number: u64, thread: &Thread<S>) -> Vec<Ref<Name, S>> {
    (0..number).map(|number| thread.alloc(Name::new(format!("name_{number}")))).collect()
}

/// Takes the hash that the name already has.
#[derive(Default)]
pub(crate) struct KnownHash(u64);

impl Hasher for KnownHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("names write their hash as a number");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A table's reference to a name; found by the name itself.
pub(crate) struct Key<S: Strategy>(pub(crate) Ref<Name, S>);

impl<S: Strategy> Borrow<Name> for Key<S> {
    fn borrow(&self) -> &Name {
        &self.0
    }
}

impl<S: Strategy> PartialEq for Key<S> {
    fn eq(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }
}

impl<S: Strategy> Eq for Key<S> {}

impl<S: Strategy> Hash for Key<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// The value in a dictionary.
pub(crate) type Table<V, S> = HashMap<Key<S>, V, BuildHasherDefault<KnownHash>>;
