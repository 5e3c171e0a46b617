//! A static of shared state: made when it is first used in a run, and dropped before the next.
//!
//! Shuttle has such statics, too, but makes them under a lock of its own, which counts as poisoned
//! if its holder unwinds meanwhile, as a destructor does that is the first to use a static. Here no
//! other thread of the model comes in between, since making one is no step of the model.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::ops::Deref;

std::thread_local! {
    /// By the address of the static. Shuttle's threads are coroutines of one OS thread. The values
    /// that the last run has left when the OS thread ends are leaked: to drop them, shuttle
    /// would have to be running.
    static VALUES: RefCell<ManuallyDrop<HashMap<usize, Box<dyn Any>>>> = RefCell::default();
}

/// A static, by how its value is made. Declared by [`global!`](crate::global).
#[derive(Debug)]
pub struct Global<T>(fn() -> T);

impl<T> Global<T> {
    #[doc(hidden)]
    pub const fn new(make: fn() -> T) -> Self {
        Global(make)
    }
}

impl<T: 'static> Deref for Global<T> {
    type Target = T;

    fn deref(&self) -> &T {
        let address = std::ptr::from_ref(self).addr();
        let find = || {
            VALUES.with_borrow(|values| {
                let value = values.get(&address)?.downcast_ref::<T>().expect("made by this static");
                Some(std::ptr::from_ref(value))
            })
        };
        // Made without a borrow: code that makes one may use another.
        let value = find().unwrap_or_else(|| {
            let value: Box<dyn Any> = Box::new((self.0)());
            VALUES.with_borrow_mut(|values| {
                values.entry(address).or_insert(value);
            });
            find().expect("just made")
        });
        // SAFETY: in a box that stays until the next run begins, when all threads that had the
        // reference have ended.
        unsafe { &*value }
    }
}

/// A run begins: the statics of the one before are dropped.
pub(super) fn prepare() {
    drop(ManuallyDrop::into_inner(VALUES.take()));
}
