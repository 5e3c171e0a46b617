//! Destructors that switch to another stack and leave a section held behind.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread;

use corosensei::{Coroutine, Yielder};
use keyway_biased_counts::BiasedCounts as S;
use keyway_brc::Brc;
use keyway_object_model::{Guarded, attach};

thread_local! {
    static SUSPENDED: RefCell<Option<Coroutine<(), (), ()>>> = const { RefCell::new(None) };
}

/// Its destructor leaves a section of `0` held on this OS thread, in a coroutine that is suspended.
struct Enters(Arc<Guarded<u32, S>>);

impl Drop for Enters {
    fn drop(&mut self) {
        let contents = Arc::clone(&self.0);
        let mut coroutine = Coroutine::new(move |yielder: &Yielder<(), ()>, ()| {
            attach::<S, _>(|thread| contents.enter(thread, |_| yielder.suspend(())));
        });
        coroutine.resume(());
        SUSPENDED.set(Some(coroutine));
    }
}

/// Its destructor must not run while a section is held.
struct Late;

impl Drop for Late {
    fn drop(&mut self) {
        assert!(SUSPENDED.with_borrow(Option::is_none), "a destructor runs while a section is held");
    }
}

#[test]
fn a_section_left_behind_by_what_was_due_makes_the_next_object_wait() {
    let contents = Arc::new(Guarded::<u32, S>::new(0));
    let late = Brc::new(Late);
    let entering = Brc::new(Enters(contents));
    let weak = Brc::downgrade(&entering);
    thread::spawn(move || drop(entering)).join().expect("it only drops");
    assert!(weak.upgrade().is_none(), "it is due, and waits on this thread's list");
    drop(late);
    let mut suspended = SUSPENDED.take().expect("the destructor has run");
    suspended.resume(());
    assert!(suspended.done());
}
