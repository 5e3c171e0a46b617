//! An attach that can never end is an error in a debug build, and names both places. Others are
//! not.
#![cfg(all(debug_assertions, target_os = "linux", target_env = "gnu"))]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, scope, sleep, spawn};
use std::time::Duration;

use keyway_object_model::{attach, try_attach};
use keyway_single_thread::SingleThread;

/// The tests share the claim; one runs at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread that attaches, and the line where it does.
fn attaches() -> (JoinHandle<()>, u32) {
    let here = line!() + 1;
    (spawn(|| attach::<SingleThread, _>(|_| ())), here)
}

/// Joins a thread whose attach can never end; it must have said so, with both lines.
fn assert_is_told(thread: JoinHandle<()>, here: u32, there: u32) {
    let panic = thread.join().expect_err("the attach can never end");
    let message = panic.downcast_ref::<String>().expect("a text");
    assert!(message.contains("can never end"), "{message}");
    for line in [here, there] {
        assert!(message.contains(&format!("never_ends.rs:{line}:")), "line {line}: {message}");
    }
}

#[test]
fn the_attached_thread_joins_the_one_that_attaches() {
    let _alone = alone();
    let there = line!() + 1;
    attach::<SingleThread, _>(|_| {
        let (thread, here) = attaches();
        assert_is_told(thread, here, there);
    });
    let there = line!() + 1;
    let attached = try_attach::<SingleThread, _>(|thread| {
        let (other, here) = attaches();
        thread.blocking(|| assert_is_told(other, here, there));
    });
    attached.expect("nobody has the claim any more");
}

#[test]
fn a_wait_that_may_end_goes_on() {
    let _alone = alone();
    let waiter = attach::<SingleThread, _>(|thread| {
        let waiter = spawn(|| attach::<SingleThread, _>(|_| ()));
        // Joins, waits, and sleeps: for others.
        spawn(|| sleep(Duration::from_millis(120))).join().expect("it only sleeps");
        thread.blocking(|| scope(|scope| drop(scope.spawn(|| sleep(Duration::from_millis(120))))));
        assert!(!waiter.is_finished(), "it waits");
        waiter
    });
    waiter.join().expect("its wait has ended");
}

/// Waits as a join of thread `number` does, but for a word of its own: until another thread wakes
/// it.
fn wait_like_a_join(word: &AtomicU32, number: u32) {
    while word.load(Ordering::Relaxed) == number {
        let no_end = std::ptr::null::<libc::timespec>();
        // SAFETY: the word lives longer than the wait, and the wait has no end by time.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, number, no_end) };
    }
}

/// Ends [`wait_like_a_join`].
fn wake(word: &AtomicU32) {
    word.store(0, Ordering::Relaxed);
    // SAFETY: the word lives longer than this call.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1) };
}

#[test]
fn a_wait_for_another_word_is_no_join() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    let _alone = alone();
    let (tell, told) = channel();
    let waiter = attach::<SingleThread, _>(|thread| {
        let waiter = spawn(move || {
            // SAFETY: no preconditions.
            let number = unsafe { libc::gettid() };
            tell.send(number.cast_unsigned()).expect("it waits for the number");
            attach::<SingleThread, _>(|_| ());
        });
        let number = told.recv().expect("the thread has a number");
        WORD.store(number, Ordering::Relaxed);
        let waker = spawn(|| {
            sleep(Duration::from_millis(250));
            wake(&WORD);
        });
        thread.blocking(|| wait_like_a_join(&WORD, number));
        waker.join().expect("it only wakes");
        waiter
    });
    waiter.join().expect("its wait has ended");
}
