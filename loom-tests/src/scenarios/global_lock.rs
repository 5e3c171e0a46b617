//! The global lock: asked for, handed over, given up around blocking regions.
//!
//! Which of a thread's waits expire is part of the program: see [`expire_next`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keyway::{GlobalLock, Guarded, Interval, Ref, Strategy, Thread, Ticks, attach};
use keyway_sync::thread::JoinHandle;

use super::join_all;
use crate::backend::{expire_next, spawn};
use crate::model::{Explorer, Model, scenarios};
use crate::payload::Fate;

/// The models of one policy.
pub(super) fn models<S: Strategy>() -> Vec<Model> {
    let mut models = scenarios!(S;
        2: hand_over_when_asked, asked_twice, blocking_region_against_hand_over, exit_while_another_waits,
           unattached_drop_against_hand_over, unattached_drop_against_attach, handed_to_the_same_thread_twice;
        3: hand_over_with_two_waiters, exit_while_two_wait, blocking_region_against_two_waiters,
           unattached_drop_against_hand_over_and_waiter;
    );
    models.extend([
        Model::of::<S>("checkpoint_lets_another_in", 2, checkpoint_lets_another_in::<S>),
        Model::of::<S>("every_choice_of_expiries", 2, every_choice_of_expiries::<S>),
        Model::of::<S>("every_choice_of_expiries_of_three", 3, every_choice_of_expiries_of_three::<S>),
    ]);
    models
}

/// The models of the policy that counts checkpoints.
pub(super) fn models_of_counting() -> Vec<Model> {
    vec![Model::of::<GlobalLock<Ticks>>("each_interval_is_counted_anew", 2, each_interval_is_counted_anew)]
}

/// Makes the policies let go at every checkpoint that they may: `Ticks` at each one.
pub(super) fn let_go_often() {
    GlobalLock::<Ticks>::set_switch_interval(1);
    GlobalLock::<Interval>::set_switch_interval(std::time::Duration::from_micros(1));
}

pub(super) type Counter<S> = Ref<Guarded<u32, S>, S>;

/// Adds one, `times` times, with a checkpoint after each.
pub(super) fn count_up<S: Strategy>(counter: &Counter<S>, times: u32, thread: &mut Thread<S>) {
    for _ in 0..times {
        counter.enter(thread, |section| **section += 1);
        thread.checkpoint();
    }
}

/// A thread whose next `expiries` waits for the lock expire, and which then counts up.
pub(super) fn impatient<S: Strategy>(counter: Counter<S>, expiries: u32, times: u32) -> JoinHandle<()> {
    spawn(move || {
        expire_next(expiries);
        attach::<S, _>(|thread| {
            count_up(&counter, times, thread);
            counter.release(thread);
        });
    })
}

/// How often other threads than the first have got the lock. Not a word of the model: the lock
/// orders what is done with it.
pub(super) type Turns = Arc<AtomicU32>;

/// As [`impatient`], and says each time that it has got the lock: when it attaches, and after a
/// checkpoint at which it may have handed the lock over.
pub(super) fn impatient_and_noted<S: Strategy>(
    counter: Counter<S>,
    expiries: u32,
    turns: &Turns,
) -> JoinHandle<()> {
    let turns = Arc::clone(turns);
    spawn(move || {
        expire_next(expiries);
        attach::<S, _>(|thread| {
            turns.fetch_add(1, Ordering::Relaxed);
            count_up(&counter, 1, thread);
            turns.fetch_add(1, Ordering::Relaxed);
            counter.release(thread);
        });
    })
}

pub(super) fn assert_count<S: Strategy>(counter: Counter<S>, expected: u32) {
    attach::<S, _>(|thread| {
        assert_eq!(counter.enter(thread, |section| **section), expected, "an update was lost");
    });
}

/// A waiter's patience ends once; the holder passes checkpoints. The thread that hands over gets
/// the lock back.
///
/// Fails if the wake-up of either side is lost, or if the lock is not retaken before the section
/// after the checkpoint.
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

/// The holder gives the lock up for a blocking region instead of handing it over; then the request
/// no longer applies to it.
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

/// As [`exit_while_another_waits`], with two that wait: the first must not take the second's
/// wake-up along.
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

/// How far a counter is.
fn value<S: Strategy>(counter: &Counter<S>, thread: &mut Thread<S>) -> u32 {
    counter.enter(thread, |section| **section)
}

/// There is an interleaving in which another thread gets the lock during a checkpoint.
///
/// Fails if the policy never lets go.
fn checkpoint_lets_another_in<S: Strategy>(explorer: &mut Explorer) {
    explorer.explore_until_seen("a checkpoint let another thread in", |sighting| {
        let_go_often();
        let (counter, other) = attach::<S, _>(|thread| {
            let counter: Counter<S> = thread.alloc(Guarded::new(0));
            let other = impatient::<S>(counter.clone_ref(thread), 1, 1);
            let before = value(&counter, thread);
            thread.checkpoint();
            if value(&counter, thread) != before {
                sighting.note();
            }
            (counter, other)
        });
        other.join().unwrap();
        assert_count(counter, 1);
    });
}

/// Two threads count up, each waits as often without patience as the program says: every choice up
/// to twice.
fn every_choice_of_expiries<S: Strategy>(explorer: &mut Explorer) {
    for (mine, theirs) in (0..9).map(|choice| (choice / 3, choice % 3)) {
        explorer.explore(move || count_with_expiries::<S, 1>(mine, [theirs]));
    }
}

/// As [`every_choice_of_expiries`], with three threads, every choice up to once. The bound is no
/// higher than 3: at bound 4 of `Interval` there are more than sixteen million interleavings.
fn every_choice_of_expiries_of_three<S: Strategy>(explorer: &mut Explorer) {
    explorer.lower_bound_to(3);
    for [mine, one, two] in (0..8).map(|choice| [choice / 4, choice / 2 % 2, choice % 2]) {
        // The two others are interchangeable.
        if one >= two {
            explorer.explore(move || count_with_expiries::<S, 2>(mine, [one, two]));
        }
    }
}

fn count_with_expiries<S: Strategy, const N: usize>(mine: u32, theirs: [u32; N]) {
    let_go_often();
    let (counter, others) = attach::<S, _>(|thread| {
        let counter = thread.alloc(Guarded::new(0));
        let others = theirs.map(|expiries| impatient::<S>(counter.clone_ref(thread), expiries, 1));
        expire_next(mine);
        count_up(&counter, 1, thread);
        (counter, others)
    });
    join_all(others);
    assert_count(counter, u32::try_from(N).expect("few") + 1);
}

/// The holder is asked, and hands over; the other gives the lock back by a blocking region, and
/// asks again. Both times the holder is told that it has been taken, though the taker is the same.
///
/// Fails if it goes unnoticed that somebody else had the lock in between.
fn handed_to_the_same_thread_twice<S: Strategy>() {
    let_go_often();
    let (counter, other) = attach::<S, _>(|thread| {
        let counter: Counter<S> = thread.alloc(Guarded::new(0));
        let theirs = counter.clone_ref(thread);
        let other = spawn(move || {
            expire_next(2);
            attach::<S, _>(|thread| {
                theirs.enter(thread, |section| **section += 1);
                thread.blocking(|| ());
                theirs.enter(thread, |section| **section += 1);
                theirs.release(thread);
            });
        });
        thread.checkpoint();
        thread.checkpoint();
        (counter, other)
    });
    other.join().unwrap();
    assert_count(counter, 2);
}

/// As [`blocking_region_against_hand_over`], with two that wait, one of which asks.
fn blocking_region_against_two_waiters<S: Strategy>() {
    let_go_often();
    let (counter, others) = attach::<S, _>(|thread| {
        let counter = thread.alloc(Guarded::new(0));
        let others = [1, 0].map(|expiries| impatient::<S>(counter.clone_ref(thread), expiries, 1));
        thread.blocking(|| ());
        counter.enter(thread, |section| **section += 1);
        (counter, others)
    });
    join_all(others);
    assert_count(counter, 3);
}

/// A reference is dropped unattached, and takes the lock for the moment if it is free, while
/// another thread attaches.
///
/// Fails if the one that came to wait meanwhile is not woken.
fn unattached_drop_against_attach<S: Strategy>() {
    let fate = Fate::new();
    let mine = attach::<S, _>(|thread| thread.alloc(fate.payload(7)));
    let other = spawn(move || drop(mine));
    attach::<S, _>(|_| ());
    other.join().unwrap();
    super::attach_once_more::<S>();
    fate.assert_destroyed_once();
}

/// A reference is dropped unattached while one thread waits for the lock and another hands it over.
fn unattached_drop_against_hand_over_and_waiter<S: Strategy>() {
    let_go_often();
    let fate = Fate::new();
    let (dropper, waiter) = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let theirs = mine.clone_ref(thread);
        let dropper = spawn(move || drop(theirs));
        let waiter = impatient::<S>(thread.alloc(Guarded::new(0)), 1, 1);
        thread.checkpoint();
        mine.release(thread);
        (dropper, waiter)
    });
    join_all([dropper, waiter]);
    super::attach_once_more::<S>();
    fate.assert_destroyed_once();
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

/// The interval is two checkpoints: another can get in at the second and at the fourth, and not
/// between.
///
/// Fails if the count goes on where an interval has ended: from then on the lock is let go of at
/// each checkpoint.
fn each_interval_is_counted_anew(explorer: &mut Explorer) {
    type S = GlobalLock<Ticks>;
    explorer.explore_until_seen("a checkpoint at the end of an interval let another in", |sighting| {
        S::set_switch_interval(2);
        let turns = Turns::default();
        let (counter, other) = attach::<S, _>(|thread| {
            let counter: Counter<S> = thread.alloc(Guarded::new(0));
            let other = impatient_and_noted(counter.clone_ref(thread), 0, &turns);
            for passed in 1..=4 {
                let before = turns.load(Ordering::Relaxed);
                thread.checkpoint();
                let is_let_in = before != turns.load(Ordering::Relaxed);
                if is_let_in && sighting.is_alone() {
                    sighting.note();
                    assert!(
                        passed % 2 == 0,
                        "rule broken: the lock was let go of in the middle of an interval"
                    );
                }
            }
            (counter, other)
        });
        other.join().unwrap();
        assert_count(counter, 1);
    });
}
