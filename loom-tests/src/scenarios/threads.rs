//! Threads that come, go and block while others release what they made.

use keyway::{Strategy, attach};

use super::{attach_once_more, join_all};
use crate::backend::spawn;
use crate::model::{Model, scenarios};
use crate::payload::Fate;

pub(super) fn models<S: Strategy>() -> Vec<Model> {
    scenarios!(S;
        2: thread_exit_against_remote_release, detach_against_remote_release,
           attach_again_against_remote_release, blocking_region_against_remote_release,
           unattached_drop_against_release, unattached_drop_in_a_blocking_region;
        3: two_unattached_drops_against_exit;
    )
}

/// The maker of an object exits while another thread releases the last reference. Nothing is stranded.
///
/// Fails if leaving the table forgets the queue, or a hand-over to a thread that has gone is kept.
fn thread_exit_against_remote_release<S: Strategy>() {
    let fate = Fate::new();
    let payload = fate.clone();
    let maker = spawn(move || {
        attach::<S, _>(|thread| {
            let reference = thread.alloc(payload.payload(7));
            spawn(move || attach::<S, _>(|thread| reference.release(thread)))
        })
    });
    maker.join().unwrap().join().unwrap();
    fate.assert_destroyed_once();
}

/// The maker keeps a reference beyond its detaching, and drops it unattached, while another releases.
fn detach_against_remote_release<S: Strategy>() {
    let fate = Fate::new();
    let (mine, other) = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let theirs = mine.clone_ref(thread);
        (mine, spawn(move || attach::<S, _>(|thread| theirs.release(thread))))
    });
    drop(mine);
    other.join().unwrap();
    attach_once_more::<S>();
    fate.assert_destroyed_once();
}

/// The maker detaches and attaches again, under the same id, while another releases.
///
/// Fails if somebody who acts for an absent owner goes on after it has come back.
fn attach_again_against_remote_release<S: Strategy>() {
    let fate = Fate::new();
    let (mine, other) = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let theirs = mine.clone_ref(thread);
        (mine, spawn(move || attach::<S, _>(|thread| theirs.release(thread))))
    });
    attach::<S, _>(|thread| mine.release(thread));
    other.join().unwrap();
    fate.assert_destroyed_once();
}

/// The maker is in a blocking region while another releases; afterwards it releases its own.
fn blocking_region_against_remote_release<S: Strategy>() {
    let fate = Fate::new();
    let other = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let theirs = mine.clone_ref(thread);
        let other = spawn(move || attach::<S, _>(|thread| theirs.release(thread)));
        thread.blocking(|| assert_eq!(mine.read(), 7));
        mine.release(thread);
        other
    });
    other.join().unwrap();
    fate.assert_destroyed_once();
}

/// A thread that is attached to nothing drops the last reference or the last but one.
///
/// Fails if a queued release is seen by nobody: the thread that was in the way has gone, and none comes after it.
fn unattached_drop_against_release<S: Strategy>() {
    let fate = Fate::new();
    let other = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let theirs = mine.clone_ref(thread);
        let other = spawn(move || {
            assert_eq!(theirs.read(), 7);
            drop(theirs);
        });
        thread.checkpoint();
        mine.release(thread);
        other
    });
    other.join().unwrap();
    attach_once_more::<S>();
    fate.assert_destroyed_once();
}

/// The maker drops its reference inside a blocking region, unattached, while another thread releases.
fn unattached_drop_in_a_blocking_region<S: Strategy>() {
    let fate = Fate::new();
    let other = attach::<S, _>(|thread| {
        let mine = thread.alloc(fate.payload(7));
        let theirs = mine.clone_ref(thread);
        let other = spawn(move || attach::<S, _>(|thread| theirs.release(thread)));
        thread.blocking(|| drop(mine));
        other
    });
    other.join().unwrap();
    attach_once_more::<S>();
    fate.assert_destroyed_once();
}

/// Two threads that are attached to nothing drop theirs while the maker exits.
fn two_unattached_drops_against_exit<S: Strategy>() {
    let fate = Fate::new();
    let others = attach::<S, _>(|thread| {
        let one = thread.alloc(fate.payload(7));
        let two = one.clone_ref(thread);
        [one, two].map(|theirs| spawn(move || drop(theirs)))
    });
    join_all(others);
    attach_once_more::<S>();
    fate.assert_destroyed_once();
}
