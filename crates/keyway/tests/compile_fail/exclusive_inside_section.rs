//! E0500, E0501: an exclusive call inside a section. It may wait, and a thread waits for the lock
//! of foreign code without sections.

use keyway::{Guarded, ObjectLocks, Thread};

type S = ObjectLocks;

fn program(thread: &mut Thread<S>, items: &Guarded<Vec<u8>, S>) {
    items.enter(thread, |section| {
        section.push(1);
        #[cfg(not(control))]
        thread.exclusive(|_| ()); //~ error
        #[cfg(control)]
        section.suspend(|thread| thread.exclusive(|_| ()));
    });
}

fn main() {
    keyway::attach(|thread| program(thread, &Guarded::new(Vec::new())));
}
