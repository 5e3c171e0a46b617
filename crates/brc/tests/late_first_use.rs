//! A thread that uses the pointer for the first time while it exits.
#![cfg(unix)]

use std::ffi::c_void;
use std::ptr;
use std::sync::Mutex;
use std::thread;

use keyway_brc::Brc;

static MADE: Mutex<Option<Brc<u64>>> = Mutex::new(None);

/// Runs after the destructors of the thread's thread-locals.
extern "C" fn make(_: *mut c_void) {
    *MADE.lock().expect("nobody panics with it") = Some(Brc::new(7));
}

/// More than the C library keeps for the next thread, so that the stack, in which the thread-locals
/// lie, is unmapped when the thread has gone.
const STACK: usize = 64 << 20;

#[test]
fn a_thread_whose_first_use_is_in_the_destructor_of_a_key_is_not_told_of_its_queue_after_its_end() {
    let mut key = 0;
    // SAFETY: the place is ours, and `make` lives for ever.
    assert_eq!(unsafe { libc::pthread_key_create(&raw mut key, Some(make)) }, 0);
    let work = move || {
        // SAFETY: the key was made above; the value is not read.
        assert_eq!(unsafe { libc::pthread_setspecific(key, ptr::from_ref(&MADE).cast()) }, 0);
    };
    thread::Builder::new().stack_size(STACK).spawn(work).expect("it starts").join().expect("no panic");
    let made = MADE.lock().expect("nobody panics with it").take().expect("made as the thread ended");
    assert_eq!(*made, 7);
    drop(made);
}
