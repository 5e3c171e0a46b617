//! E0277: a reference cloned with no token under a global lock. Only `FreeThreaded` strategies have
//! `Clone`: elsewhere the count may be changed only by the attached thread.

use keyway::{BiasedCounts, GlobalLock, Interval, Ref};

fn cloned<T: Clone>(value: &T) -> T {
    value.clone()
}

fn program(free: &Ref<u8, BiasedCounts>, locked: &Ref<u8, GlobalLock<Interval>>) {
    cloned(free);
    #[cfg(not(control))]
    cloned(locked); //~ error
    #[cfg(control)]
    let _ = **locked;
}

fn main() {
    let _: fn(&Ref<u8, BiasedCounts>, &Ref<u8, GlobalLock<Interval>>) = program;
}
