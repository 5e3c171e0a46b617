//! The global lock that switches when it is asked: which thread asks, which listens, and which has
//! the lock then.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use keyway::{GlobalLock, Guarded, Interval, Thread, attach};
use keyway_global_lock::Main;
use keyway_global_lock::testing::is_asked_for;
use keyway_sync::thread::yield_now;

use super::global_lock::{Counter, Turns, assert_count, impatient_and_noted, let_go_often};
use super::{Signal, join_all};
use crate::backend::{expire_next, spawn, wake_next};
use crate::model::{Explorer, Model, Sighting};
use crate::payload::Fate;

/// The models of the policy that switches when it is asked.
pub(super) fn models() -> Vec<Model> {
    type S = GlobalLock<Interval>;
    vec![
        Model::of::<S>("forced_switch_waits_for_a_real_taker", 2, |explorer| {
            forced_switch(explorer, [1], 0, 0)
        }),
        Model::of::<S>("taken_free_between_two_switches", 2, |explorer| {
            explorer.explore(taken_free_between_two_switches)
        }),
        Model::of::<S>("who_asked_has_the_lock_before_another", 2, |explorer| {
            explorer.explore(who_asked_has_the_lock_before_another)
        }),
        Model::of::<S>("who_comes_back_asks", 2, who_comes_back_asks),
        Model::of::<S>("who_handed_over_asks", 2, who_handed_over_asks),
        Model::of::<S>("who_was_passed_over_asks_again", 2, who_was_passed_over_asks_again),
        Model::of::<S>("forced_switch_with_two_waiters", 3, |explorer| forced_switch(explorer, [1, 0], 0, 0)),
        Model::of::<S>("forced_switch_with_an_unattached_drop", 3, |explorer| {
            forced_switch(explorer, [1], 1, 0)
        }),
        Model::of::<S>("forced_switch_woken_for_nothing", 2, |explorer| forced_switch(explorer, [1], 0, 2)),
    ]
}

/// A holder that finds itself asked passes a checkpoint: when it has the lock again, another has
/// had it. `N` others wait, and `expiries` says how many waits of each expire. Meanwhile `drops`
/// threads drop a reference unattached, and take the lock for a moment if it is free, which is not
/// what was asked for. `false_alarms` of the holder's sleeps end for nothing.
///
/// Fails if a waiter whose patience has ended does not ask, if the holder does not listen, or if it
/// takes the lock again before anybody else could.
fn forced_switch<const N: usize>(
    explorer: &mut Explorer,
    expiries: [u32; N],
    drops: usize,
    false_alarms: u32,
) {
    type S = GlobalLock<Interval>;
    explorer.explore_until_seen("a waiter asked for the lock", move |sighting| {
        let_go_often();
        let (fate, turns) = (Fate::new(), Turns::default());
        let (counter, others, droppers) = attach::<S, _>(|thread| {
            let counter: Counter<S> = thread.alloc(Guarded::new(0));
            let others =
                expiries.map(|expiries| impatient_and_noted(counter.clone_ref(thread), expiries, &turns));
            let droppers: Vec<_> = (0..drops)
                .map(|_| {
                    let dropped = thread.alloc(fate.payload(7));
                    spawn(move || drop(dropped))
                })
                .collect();
            wake_next(false_alarms);
            for _ in 0..2 {
                let before = turns.load(Ordering::Relaxed);
                let asked = is_asked_for::<Interval, Main>();
                thread.checkpoint();
                // In a crowd, a thread of another copy may have been the one.
                if asked && sighting.is_alone() {
                    sighting.note();
                    assert_ne!(
                        before,
                        turns.load(Ordering::Relaxed),
                        "rule broken: the lock was asked for, and nobody else has had it"
                    );
                }
            }
            (counter, others, droppers)
        });
        join_all(others);
        for dropper in droppers {
            dropper.join().unwrap();
        }
        assert_count(counter, u32::try_from(N).expect("few"));
        if drops > 0 {
            fate.assert_destroyed_once();
        }
    });
}

/// The holder is asked, and hands over; the taker gives the lock up for a blocking region, which
/// ends only when the first has taken the lock again, free as it is; then the taker asks once more.
///
/// Fails if a take that found the lock free goes unnoted: the taker is the same as the last one
/// noted, so that nobody tells the first of the second switch.
fn taken_free_between_two_switches() {
    type S = GlobalLock<Interval>;
    let_go_often();
    let (counter, other) = attach::<S, _>(|thread| {
        let counter: Counter<S> = thread.alloc(Guarded::new(0));
        let theirs = counter.clone_ref(thread);
        let is_taken_again = Signal::new();
        let taken_again = is_taken_again.clone();
        let other = spawn(move || {
            expire_next(1);
            attach::<S, _>(|thread| {
                theirs.enter(thread, |section| **section += 1);
                thread.blocking(|| {
                    taken_again.wait();
                    expire_next(1);
                });
                theirs.enter(thread, |section| **section += 1);
                theirs.release(thread);
            });
        });
        thread.checkpoint();
        is_taken_again.tell();
        thread.checkpoint();
        (counter, other)
    });
    other.join().unwrap();
    assert_count(counter, 2);
}

/// A thread comes back from a blocking region while a reference is dropped unattached, which takes
/// the lock for a moment: it loses patience, and asks. Then it has the lock, though no other
/// attachment has had it meanwhile, and passes a checkpoint.
///
/// Fails if a request is forgotten at a switch only: then the thread hands over at its own request,
/// and nobody takes it.
fn who_asked_has_the_lock_before_another() {
    type S = GlobalLock<Interval>;
    let_go_often();
    let fate = Fate::new();
    let other = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let other = spawn(move || drop(mine));
        expire_next(1);
        thread.blocking(|| ());
        thread.checkpoint();
        other
    });
    other.join().unwrap();
    super::attach_once_more::<S>();
    fate.assert_destroyed_once();
}

/// The holder looks whether it is asked, by the one thread that can have asked, and passes a
/// checkpoint; if so, that thread has had the lock by then.
fn listen(turns: &Turns, sighting: &Sighting, thread: &mut Thread<GlobalLock<Interval>>) {
    let before = turns.load(Ordering::Relaxed);
    let asked = is_asked_for::<Interval, Main>();
    thread.checkpoint();
    if asked && sighting.is_alone() {
        sighting.note();
        let after = turns.load(Ordering::Relaxed);
        assert_ne!(before, after, "rule broken: the lock was asked for, and nobody else has had it");
    }
}

/// A thread comes back from a blocking region, finds the lock taken, and loses patience.
///
/// Fails if only threads that attach ask.
fn who_comes_back_asks(explorer: &mut Explorer) {
    type S = GlobalLock<Interval>;
    explorer.explore_until_seen("a thread that came back asked for the lock", |sighting| {
        let_go_often();
        let turns = Turns::default();
        let other = attach::<S, _>(|thread| {
            let [is_away, may_come_back] = [Signal::new(), Signal::new()];
            let (away, come_back, theirs) = (is_away.clone(), may_come_back.clone(), Arc::clone(&turns));
            let other = spawn(move || {
                attach::<S, _>(|thread| {
                    thread.blocking(|| {
                        away.tell();
                        come_back.wait();
                        expire_next(1);
                    });
                    theirs.fetch_add(1, Ordering::Relaxed);
                });
            });
            thread.blocking(|| is_away.wait());
            may_come_back.tell();
            listen(&turns, sighting, thread);
            other
        });
        other.join().unwrap();
    });
}

/// A thread is asked, hands the lock over, and loses patience before it has it back: now it asks.
///
/// Fails if the thread that has handed over waits until the other leaves by itself.
fn who_handed_over_asks(explorer: &mut Explorer) {
    type S = GlobalLock<Interval>;
    explorer.explore_until_seen("who had handed the lock over asked for it", |sighting| {
        let_go_often();
        let turns = Turns::default();
        let other = attach::<S, _>(|thread| {
            let (is_there, theirs) = (Signal::new(), Arc::clone(&turns));
            let there = is_there.clone();
            let other = spawn(move || {
                attach::<S, _>(|thread| {
                    there.tell();
                    expire_next(1);
                    thread.checkpoint();
                    theirs.fetch_add(1, Ordering::Relaxed);
                });
            });
            thread.blocking(|| {
                is_there.wait();
                expire_next(1);
            });
            listen(&turns, sighting, thread);
            other
        });
        other.join().unwrap();
    });
}

/// A waiter asks; the holder gives the lock up for a blocking region, and takes it again before the
/// waiter has woken up, which forgets what was asked. The waiter loses patience a second time.
///
/// Fails if a thread asks once and no more.
fn who_was_passed_over_asks_again(explorer: &mut Explorer) {
    type S = GlobalLock<Interval>;
    explorer.explore_until_seen("a waiter asked twice", |sighting| {
        let_go_often();
        let turns = Turns::default();
        let (counter, other) = attach::<S, _>(|thread| {
            let counter: Counter<S> = thread.alloc(Guarded::new(0));
            let other = impatient_and_noted(counter.clone_ref(thread), 2, &turns);
            let asked = is_asked_for::<Interval, Main>();
            thread.blocking(|| ());
            if asked && turns.load(Ordering::Relaxed) == 0 {
                yield_now();
                listen(&turns, sighting, thread);
            }
            (counter, other)
        });
        other.join().unwrap();
        assert_count(counter, 1);
    });
}
