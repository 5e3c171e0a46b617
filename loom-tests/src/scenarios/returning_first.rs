//! The global lock that lets returning threads go first: visits, turns, and being handed the lock.

use keyway::{GlobalLock, Guarded, Ref, ReturningFirst, Strategy, Thread, attach};

use super::join_all;
use crate::backend::{expire_next, spawn};
use crate::model::{Model, scenarios};

/// Who had the lock, in order; once for each time that it wrote.
type Log<S> = Ref<Guarded<Vec<char>, S>, S>;

pub(super) fn models() -> Vec<Model> {
    type S = GlobalLock<ReturningFirst>;
    scenarios!(S; 2: visits_again_and_again; 3: a_visit_does_not_end_the_turn, a_turn_ends_when_the_line_expires)
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

/// A thread comes back from two blocking regions, one after the other, while another passes checkpoints: it is handed the lock twice.
///
/// Fails if who was handed the lock does not forget that before it waits again, or if the lock does not order what its holders do.
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

/// Two threads in line, neither of which loses patience, and one that comes back while one of them has its turn.
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

/// As above, but the second in line loses patience: the turn ends at a checkpoint, and both still get to their end.
///
/// Fails if who has asked is not handed the lock, or who has handed it on never gets it back.
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
