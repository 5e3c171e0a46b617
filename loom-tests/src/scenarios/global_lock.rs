//! The global lock: asked for, handed over, given up around blocking regions.
//!
//! Which of a thread's waits expire is part of the program: see [`expire_next`].

use keyway::{GlobalLock, Guarded, Interval, Ref, Strategy, Thread, Ticks, attach};
use keyway_sync::thread::JoinHandle;

use super::join_all;
use crate::backend::{expire_next, spawn};
use crate::model::{Model, scenarios};
use crate::payload::Fate;

/// The models of one policy.
pub(super) fn models<S: Strategy>() -> Vec<Model> {
    scenarios!(S;
        2: hand_over_when_asked, asked_twice, blocking_region_against_hand_over, exit_while_another_waits,
           unattached_drop_against_hand_over;
        3: hand_over_with_two_waiters, exit_while_two_wait;
    )
}

/// Makes the policies let go at every checkpoint that they may: `Ticks` at each one.
fn let_go_often() {
    GlobalLock::<Ticks>::set_switch_interval(1);
    GlobalLock::<Interval>::set_switch_interval(std::time::Duration::from_micros(1));
}

type Counter<S> = Ref<Guarded<u32, S>, S>;

/// Adds one, `times` times, with a checkpoint after each.
fn count_up<S: Strategy>(counter: &Counter<S>, times: u32, thread: &mut Thread<S>) {
    for _ in 0..times {
        counter.enter(thread, |section| **section += 1);
        thread.checkpoint();
    }
}

/// A thread whose next `expiries` waits for the lock expire, and which then counts up.
fn impatient<S: Strategy>(counter: Counter<S>, expiries: u32, times: u32) -> JoinHandle<()> {
    spawn(move || {
        expire_next(expiries);
        attach::<S, _>(|thread| {
            count_up(&counter, times, thread);
            counter.release(thread);
        });
    })
}

fn assert_count<S: Strategy>(counter: Counter<S>, expected: u32) {
    attach::<S, _>(|thread| {
        assert_eq!(counter.enter(thread, |section| **section), expected, "an update was lost");
    });
}

/// A waiter's patience ends once; the holder passes checkpoints. Whoever hands over gets the lock back.
///
/// Fails if the wake-up of either side is lost, or if the lock is not retaken before the section after the checkpoint.
fn hand_over_when_asked<S: Strategy>() {
    let_go_often();
    let (counter, other) = attach::<S, _>(|thread| {
        let counter = thread.alloc(Guarded::new(0));
        let other = impatient::<S>(counter.clone_ref(thread), 1, 1);
        count_up(&counter, 2, thread);
        (counter, other)
    });
    other.join().unwrap();
    assert_count(counter, 3);
}

/// Both threads are impatient: each may ask the other.
fn asked_twice<S: Strategy>() {
    let_go_often();
    let (counter, other) = attach::<S, _>(|thread| {
        let counter = thread.alloc(Guarded::new(0));
        let other = impatient::<S>(counter.clone_ref(thread), 2, 2);
        expire_next(1);
        count_up(&counter, 1, thread);
        (counter, other)
    });
    other.join().unwrap();
    assert_count(counter, 3);
}

/// The holder gives the lock up for a blocking region instead of handing it over; what was asked of it is no longer its own.
fn blocking_region_against_hand_over<S: Strategy>() {
    let_go_often();
    let (counter, other) = attach::<S, _>(|thread| {
        let counter = thread.alloc(Guarded::new(0));
        let other = impatient::<S>(counter.clone_ref(thread), 1, 1);
        thread.blocking(|| ());
        count_up(&counter, 1, thread);
        (counter, other)
    });
    other.join().unwrap();
    assert_count(counter, 2);
}

/// The holder exits while another waits without patience, which only a wake-up ends.
///
/// Fails if giving the lock up does not wake the sleeper.
fn exit_while_another_waits<S: Strategy>() {
    let (counter, other) = attach::<S, _>(|thread| {
        let counter = thread.alloc(Guarded::new(0));
        let other = impatient::<S>(counter.clone_ref(thread), 0, 1);
        (counter, other)
    });
    other.join().unwrap();
    assert_count(counter, 1);
}

/// As [`exit_while_another_waits`], with two that wait: the first must not take the second's wake-up along.
fn exit_while_two_wait<S: Strategy>() {
    let (counter, others) = attach::<S, _>(|thread| {
        let counter = thread.alloc(Guarded::new(0));
        let others = [0, 1].map(|expiries| impatient::<S>(counter.clone_ref(thread), expiries, 1));
        (counter, others)
    });
    join_all(others);
    assert_count(counter, 2);
}

/// Two waiters, one of which asks; the holder passes a checkpoint.
fn hand_over_with_two_waiters<S: Strategy>() {
    let_go_often();
    let (counter, others) = attach::<S, _>(|thread| {
        let counter = thread.alloc(Guarded::new(0));
        let others = [1, 0].map(|expiries| impatient::<S>(counter.clone_ref(thread), expiries, 1));
        count_up(&counter, 1, thread);
        (counter, others)
    });
    join_all(others);
    assert_count(counter, 3);
}

/// A reference is dropped unattached while the lock is held, handed over or free.
///
/// Fails if the release is carried out without the lock, or queued where nobody looks.
fn unattached_drop_against_hand_over<S: Strategy>() {
    let_go_often();
    let fate = Fate::new();
    let other = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let theirs = mine.clone_ref(thread);
        let other = spawn(move || drop(theirs));
        thread.blocking(|| ());
        thread.checkpoint();
        mine.release(thread);
        other
    });
    other.join().unwrap();
    super::attach_once_more::<S>();
    fate.assert_destroyed_once();
}
