//! Threads that come, go and block while others release what they made.

use keyway::{Guarded, SingleThread, Strategy, Thread, attach, try_attach};
use keyway_sync::cell::UnsafeCell;

use super::{attach_once_more, join_all};
use crate::backend::spawn;
use crate::model::{Model, scenarios};
use crate::payload::{Fate, panic_quietly, panics};

pub(super) fn models<S: Strategy>() -> Vec<Model> {
    scenarios!(S;
        2: thread_exit_against_remote_release, detach_against_remote_release,
           attach_again_against_remote_release, blocking_region_against_remote_release,
           unattached_drop_against_release, unattached_drop_in_a_blocking_region,
           panic_in_an_attachment, panic_in_a_blocking_region;
        3: two_unattached_drops_against_exit, destructor_after_detaching, destructor_in_a_blocking_region;
    )
}

/// The models of the claim, which only `SingleThread` has.
pub(super) fn of_the_claim() -> Vec<Model> {
    scenarios!(SingleThread; 2: claim_lasts_through_a_blocking_region, claim_of_an_inner_attachment)
}

/// The maker of an object exits while another thread releases the last reference. Nothing is
/// stranded.
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

/// The maker keeps a reference beyond its detaching, and drops it unattached, while another
/// releases.
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
/// Fails if a thread that acts for an absent owner goes on after it has come back.
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
        let again = try_attach::<S, _>(|_| ());
        assert!(again.is_err(), "rule broken: an OS thread was attached twice");
        mine.release(thread);
        other
    });
    other.join().unwrap();
    fate.assert_destroyed_once();
}

/// A thread that is attached to nothing drops the last reference or the last but one.
///
/// Fails if a queued release is seen by nobody: the thread that was in the way has gone, and none
/// comes after it.
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

/// The maker drops its reference inside a blocking region, unattached, while another thread
/// releases.
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

/// The maker panics while it is attached, and goes on afterwards; another thread releases what it
/// made.
///
/// Fails if a panic leaves the thread attached: with the lock, or in the table with nobody to look
/// at its queue.
fn panic_in_an_attachment<S: Strategy>() {
    let fate = Fate::new();
    let mut other = None;
    panics(|| {
        attach::<S, _>(|thread| {
            let theirs = thread.alloc(fate.payload(7));
            other = Some(spawn(move || attach::<S, _>(|thread| theirs.release(thread))));
            panic_quietly();
        });
    });
    other.expect("the other thread was started").join().unwrap();
    fate.assert_destroyed_once();
    attach::<S, _>(|_| ());
}

/// The maker panics inside a blocking region and catches that while it is attached. It is attached
/// again by then.
///
/// Fails if a panic skips that, so that the thread goes on without the lock.
fn panic_in_a_blocking_region<S: Strategy>() {
    let (counter, other) = attach::<S, _>(|thread| {
        let counter = thread.alloc(Guarded::<u32, S>::new(0));
        let theirs = counter.clone_ref(thread);
        let other = spawn(move || {
            attach::<S, _>(|thread| {
                theirs.enter(thread, |section| **section += 1);
                theirs.release(thread);
            });
        });
        panics(|| thread.blocking(panic_quietly));
        counter.enter(thread, |section| **section += 1);
        (counter, other)
    });
    other.join().unwrap();
    attach::<S, _>(|thread| {
        assert_eq!(counter.enter(thread, |section| **section), 2, "an update was lost");
        counter.release(thread);
    });
}

/// An object is dropped elsewhere, which holds another; the maker finds it when it detaches, and
/// destroys it then, while a thread that has attached releases the other object.
///
/// Fails if a destructor takes the thread for attached that has detached: then it counts as only an
/// attached thread may.
fn destructor_after_detaching<S: Strategy>() {
    destroyed_on_leaving::<S>(|_| ());
}

/// As [`destructor_after_detaching`], as the maker enters a blocking region.
fn destructor_in_a_blocking_region<S: Strategy>() {
    destroyed_on_leaving::<S>(|thread| thread.blocking(|| ()));
}

fn destroyed_on_leaving<S: Strategy>(leave: fn(&mut Thread<S>)) {
    let fate = Fate::new();
    let other = attach::<S, _>(|thread| {
        let held = thread.alloc(fate.payload(7));
        let theirs = held.clone_ref(thread);
        let holder = thread.alloc([held]);
        spawn(move || drop(holder)).join().unwrap();
        let other = spawn(move || attach::<S, _>(|thread| theirs.release(thread)));
        leave(thread);
        other
    });
    other.join().unwrap();
    attach_once_more::<S>();
    fate.assert_destroyed_once();
}

/// A cell that two threads write, each while it has the claim or believes so.
struct Shared(UnsafeCell<u32>);

// SAFETY: loom checks that no two threads access the cell at once, which is what the models are
// about.
unsafe impl Send for Shared {}
// SAFETY: as for Send.
unsafe impl Sync for Shared {}

impl Shared {
    fn write(&self) {
        // SAFETY: loom has just checked that no access is concurrent.
        self.0.with_mut(|value| unsafe { *value += 1 });
    }
}

/// The one attached thread is in a blocking region: the claim is still its own.
///
/// Fails if another can attach meanwhile.
fn claim_lasts_through_a_blocking_region<S: Strategy>() {
    let shared = std::sync::Arc::new(Shared(UnsafeCell::new(0)));
    let theirs = std::sync::Arc::clone(&shared);
    let other = attach::<S, _>(|thread| {
        let other = spawn(move || attach::<S, _>(|_| theirs.write()));
        thread.blocking(|| shared.write());
        other
    });
    other.join().unwrap();
}

/// Inside its blocking region the thread attaches anew and detaches: the claim stays with the outer
/// attachment.
///
/// Fails if the inner detach gives the claim up.
fn claim_of_an_inner_attachment<S: Strategy>() {
    let shared = std::sync::Arc::new(Shared(UnsafeCell::new(0)));
    let theirs = std::sync::Arc::clone(&shared);
    let other = attach::<S, _>(|thread| {
        let other = spawn(move || attach::<S, _>(|_| theirs.write()));
        thread.blocking(|| attach::<S, _>(|_| ()));
        shared.write();
        other
    });
    other.join().unwrap();
}
