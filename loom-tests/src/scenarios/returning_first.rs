//! The global lock that lets returning threads go first: visits, turns, and being handed the lock.

use keyway::{GlobalLock, Guarded, Ref, ReturningFirst, Strategy, Thread, attach};
use keyway_global_lock::Main;
use keyway_global_lock::testing::is_asked_for;
#[cfg(any(loom, shuttle))]
use keyway_global_lock::testing::queued;

use super::{Signal, join_all};
use crate::backend::{expire_next, spawn};
use crate::model::{Explorer, Model, scenarios};

/// The threads that had the lock, in order; one entry for each write.
type Log<S> = Ref<Guarded<Vec<char>, S>, S>;

pub(super) fn models() -> Vec<Model> {
    type S = GlobalLock<ReturningFirst>;
    let mut models = scenarios!(S;
        2: visits_again_and_again, who_attaches_waits_for_the_turn_to_end;
        3: a_visit_does_not_end_the_turn, a_turn_ends_when_the_line_expires;
    );
    models.extend([
        Model::of::<S>("a_visit_interrupts_a_turn", 2, a_visit_interrupts_a_turn),
        Model::of::<S>("a_visit_after_a_visit", 2, a_visit_after_a_visit),
        Model::of::<S>(
            "comes_back_with_every_choice_of_expiries",
            2,
            comes_back_with_every_choice_of_expiries,
        ),
        Model::of::<S>("a_crowd_with_every_choice_of_expiries", 3, a_crowd_with_every_choice_of_expiries),
    ]);
    // Elsewhere the clock is real.
    #[cfg(any(loom, shuttle))]
    models.extend([
        Model::of::<S>("who_has_used_more_stands_in_line", 2, who_has_used_more_stands_in_line),
        Model::of::<S>("who_becomes_the_first_watches", 3, |explorer| {
            explorer.explore(who_becomes_the_first_watches::<S>);
        }),
    ]);
    models
}

fn write<S: Strategy>(log: &Log<S>, name: char, times: usize, thread: &mut Thread<S>) {
    for _ in 0..times {
        log.enter(thread, |section| section.push(name));
        thread.checkpoint();
    }
}

fn written<S: Strategy>(log: Log<S>) -> String {
    attach::<S, _>(|thread| {
        let written = log.enter(thread, |section| section.iter().collect());
        log.release(thread);
        written
    })
}

/// A thread comes back from two blocking regions, one after the other, while another passes
/// checkpoints: it is handed the lock twice.
///
/// Fails if the thread that was handed the lock does not forget that before it waits again, or if
/// the lock does not order the accesses of its holders.
fn visits_again_and_again<S: Strategy>() {
    let log = attach::<S, _>(|thread| {
        let log: Log<S> = thread.alloc(Guarded::new(Vec::new()));
        let theirs = log.clone_ref(thread);
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                write(&theirs, 'o', 2, thread);
                theirs.release(thread);
            });
        });
        for _ in 0..2 {
            thread.blocking(|| ());
            log.enter(thread, |section| section.push('v'));
        }
        thread.blocking(|| other.join().unwrap());
        log
    });
    let written = written(log);
    assert_eq!(
        written.matches('o').count() + written.matches('v').count(),
        4,
        "an update was lost: {written}"
    );
}

/// Two threads in line, neither of which loses patience, and one that comes back while one of them
/// has its turn.
///
/// Fails if a turn does not go on after a visit: then the other turn begins inside it.
fn a_visit_does_not_end_the_turn<S: Strategy>() {
    let (log, others) = attach::<S, _>(|thread| {
        let log: Log<S> = thread.alloc(Guarded::new(Vec::new()));
        let others = ['a', 'b'].map(|name| {
            let log = log.clone_ref(thread);
            spawn(move || {
                attach::<S, _>(|thread| {
                    write(&log, name, 2, thread);
                    log.release(thread);
                });
            })
        });
        thread.blocking(|| ());
        log.enter(thread, |section| section.push('v'));
        (log, others)
    });
    join_all(others);
    let turns = written(log).replace('v', "");
    assert!(turns == "aabb" || turns == "bbaa", "rule broken: a turn went on after another's: {turns}");
}

/// As above, but the second in line loses patience: the turn ends at a checkpoint, and both still
/// get to their end.
///
/// Fails if a thread that has asked is not handed the lock, or a thread that has handed it on never
/// gets it back.
fn a_turn_ends_when_the_line_expires<S: Strategy>() {
    let (log, others) = attach::<S, _>(|thread| {
        let log: Log<S> = thread.alloc(Guarded::new(Vec::new()));
        let others = [('a', 0), ('b', 1)].map(|(name, expiries)| {
            let log = log.clone_ref(thread);
            spawn(move || {
                expire_next(expiries);
                attach::<S, _>(|thread| {
                    write(&log, name, 1, thread);
                    log.release(thread);
                });
            })
        });
        write(&log, 'v', 1, thread);
        (log, others)
    });
    join_all(others);
    assert_eq!(written(log).len(), 3, "an update was lost");
}

/// A thread attaches while another has its turn and passes checkpoints. Nobody loses patience.
///
/// Fails if a thread that has not been attached before goes first as if it came back.
fn who_attaches_waits_for_the_turn_to_end<S: Strategy>() {
    let (log, other) = attach::<S, _>(|thread| {
        let log: Log<S> = thread.alloc(Guarded::new(Vec::new()));
        let theirs = log.clone_ref(thread);
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                write(&theirs, 'o', 1, thread);
                theirs.release(thread);
            });
        });
        for _ in 0..2 {
            thread.checkpoint();
            log.enter(thread, |section| section.push('m'));
        }
        (log, other)
    });
    other.join().unwrap();
    let written = written(log);
    assert_eq!(written.len(), 3, "an update was lost: {written}");
    // By a real clock the turn may be over.
    let is_by_the_clock = !cfg!(any(loom, shuttle));
    assert!(is_by_the_clock || written == "mmo", "rule broken: a turn was ended by who attached: {written}");
}

/// A thread has its turn and passes a checkpoint in it; another comes back from a blocking region.
///
/// Fails if a thread that comes back waits for the end of the turn: if it stands in line, or does
/// not ask.
fn a_visit_interrupts_a_turn(explorer: &mut Explorer) {
    type S = GlobalLock<ReturningFirst>;
    explorer.explore_until_seen("a visit interrupted a turn", |sighting| {
        let (log, other) = attach::<S, _>(|thread| {
            let log: Log<S> = thread.alloc(Guarded::new(Vec::new()));
            let theirs = log.clone_ref(thread);
            let other = spawn(move || {
                attach::<S, _>(|thread| {
                    write(&theirs, 'o', 2, thread);
                    theirs.release(thread);
                });
            });
            thread.blocking(|| ());
            log.enter(thread, |section| section.push('v'));
            (log, other)
        });
        other.join().unwrap();
        let written = written(log);
        assert_eq!(written.len(), 3, "an update was lost: {written}");
        if written == "ovo" {
            sighting.note();
        }
    });
}

/// A thread comes back while another has the lock, which leaves: it is handed the lock for a visit.
/// It goes away again when nobody waits, and comes back while the other has the lock anew, having
/// found it free.
///
/// Fails if nobody accounts for a holder that nobody has waited for so far: then it is taken for
/// the last one, which visited, and is not asked for the lock.
fn a_visit_after_a_visit(explorer: &mut Explorer) {
    type S = GlobalLock<ReturningFirst>;
    explorer.explore_until_seen("a second visit interrupted a turn", |sighting| {
        let (log, other) = attach::<S, _>(|thread| {
            let log: Log<S> = thread.alloc(Guarded::new(Vec::new()));
            let theirs = log.clone_ref(thread);
            let [is_free, is_taken] = [Signal::new(), Signal::new()];
            let (free, taken) = (is_free.clone(), is_taken.clone());
            let other = spawn(move || {
                attach::<S, _>(|thread| {
                    theirs.enter(thread, |section| section.push('o'));
                    // By the one that comes back: nobody loses patience.
                    if is_asked_for::<ReturningFirst, Main>() {
                        theirs.enter(thread, |section| section.push('a'));
                    }
                });
                free.wait();
                attach::<S, _>(|thread| {
                    taken.tell();
                    write(&theirs, 'o', 2, thread);
                    theirs.release(thread);
                });
            });
            thread.blocking(|| ());
            log.enter(thread, |section| section.push('v'));
            thread.blocking(|| {
                is_free.tell();
                is_taken.wait();
            });
            log.enter(thread, |section| section.push('v'));
            (log, other)
        });
        other.join().unwrap();
        let written = written(log);
        assert_eq!(written.replace('a', "").len(), 5, "an update was lost: {written}");
        if written == "oavovo" {
            sighting.note();
        }
    });
}

/// A thread has held the lock for longer than an interval while another stood in line, goes away,
/// and comes back: the other has its turn.
///
/// Fails if the time that a thread has used is forgotten when it gives the lock up: then it
/// interrupts the turn, and so gets more than its part.
#[cfg(any(loom, shuttle))]
fn who_has_used_more_stands_in_line(explorer: &mut Explorer) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    type S = GlobalLock<ReturningFirst>;
    explorer.explore_until_seen("a thread used more than the one in line", |sighting| {
        // Not a word of the model: the lock orders what is done with it.
        let has_used_more = Arc::new(AtomicBool::new(false));
        let known = Arc::clone(&has_used_more);
        // In a crowd, a thread of another copy may be the one that asks.
        let is_alone = sighting.is_alone();
        let other = attach::<S, _>(|thread| {
            let other = spawn(move || {
                expire_next(1);
                attach::<S, _>(|_| {
                    let asked = is_asked_for::<ReturningFirst, Main>();
                    assert!(
                        !(asked && is_alone && known.load(Ordering::Relaxed)),
                        "rule broken: a turn was to be interrupted by who had used more"
                    );
                });
            });
            // Then it stands in line, and an interval has passed since it came.
            if is_asked_for::<ReturningFirst, Main>() {
                sighting.note();
                has_used_more.store(true, Ordering::Relaxed);
                keyway_sync::clock::pass(S::switch_interval());
            }
            thread.blocking(|| ());
            other
        });
        other.join().unwrap();
    });
}

/// Two threads come back from blocking regions while the other may have the lock; each of their
/// waits may expire.
///
/// Fails if a wake-up is lost, or if a thread leaves the queue without the lock.
fn comes_back_with_every_choice_of_expiries(explorer: &mut Explorer) {
    for (mine, theirs) in (0..9).map(|choice| (choice / 3, choice % 3)) {
        explorer.explore(move || come_back(mine, [theirs]));
    }
}

/// As above with three threads, so that there is a waiter that is not the first, and sleeps without
/// a time-out.
fn a_crowd_with_every_choice_of_expiries(explorer: &mut Explorer) {
    explorer.lower_bound_to(2);
    for [mine, one, two] in (0..8).map(|choice| [choice / 4, choice / 2 % 2, choice % 2]) {
        // The two others are interchangeable.
        if one >= two {
            explorer.explore(move || come_back(mine, [one, two]));
        }
    }
}

/// The first thread and some others each go away once and write once. `mine` of the first thread's
/// waits expire, and `theirs` says how many of the others' do.
fn come_back<const N: usize>(mine: u32, theirs: [u32; N]) {
    type S = GlobalLock<ReturningFirst>;
    let (log, others) = attach::<S, _>(|thread| {
        let log: Log<S> = thread.alloc(Guarded::new(Vec::new()));
        let others = theirs.map(|expiries| {
            let log = log.clone_ref(thread);
            spawn(move || {
                expire_next(expiries);
                attach::<S, _>(|thread| {
                    thread.blocking(|| ());
                    write(&log, 'o', 1, thread);
                    log.release(thread);
                });
            })
        });
        expire_next(mine);
        thread.blocking(|| ());
        write(&log, 'v', 1, thread);
        (log, others)
    });
    join_all(others);
    assert_eq!(written(log).len(), N + 1, "an update was lost");
}

/// Two threads stand in line when the holder leaves. The second of them becomes the first, watches
/// from then on, and asks the one that has its turn, which waits for that.
///
/// Fails if nobody tells it that it has become the first: it sleeps without a time-out, and the
/// turn never ends.
#[cfg(any(loom, shuttle))]
fn who_becomes_the_first_watches<S: Strategy>() {
    let others = attach::<S, _>(|_| {
        let has_its_turn = spawn(|| {
            attach::<S, _>(|_| {
                // The other has not lost its patience yet: if it had been before this thread, it
                // would have had the lock and gone.
                let (other_waits, mut looks) = (queued::<Main>() == 1, 0);
                while other_waits && !is_asked_for::<ReturningFirst, Main>() {
                    keyway_sync::thread::yield_after(&mut looks);
                }
            });
        });
        let becomes_the_first = spawn(|| {
            expire_next(1);
            attach::<S, _>(|_| ());
        });
        [has_its_turn, becomes_the_first]
    });
    join_all(others);
}
