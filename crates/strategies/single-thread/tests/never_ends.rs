//! An attach that can never end is an error in a debug build, and names both places. Others are
//! not.
#![cfg(all(debug_assertions, target_os = "linux", target_env = "gnu"))]

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
fn it_joins_a_thread_that_joins_the_one_that_attaches() {
    let _alone = alone();
    let there = line!() + 1;
    attach::<SingleThread, _>(|_| {
        let between = spawn(move || {
            let (thread, here) = attaches();
            assert_is_told(thread, here, there);
        });
        between.join().expect("the thread that attaches has been told");
    });
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
