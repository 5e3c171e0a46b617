//! What must hold at the end of a program, wherever the thread is then.

use keyway_brc::Shared;
use keyway_sync::thread::spawn;

use super::handle::{Exits, Handle};
use super::run::{Here, Maker, Presence};
use crate::payload::Fate;

/// Another thread drops these, and exits.
fn drop_elsewhere<S: Exits>(held: Vec<Handle<S>>) {
    let another = spawn(move || {
        drop(held);
        S::exit();
    });
    another.join().expect("the thread has not panicked");
}

impl<S: Exits> Maker<S> {
    /// The program is at its end and its thread, for all that others know, stays where it is.
    /// Another thread drops all that is not this one's, and an object that this one has made
    /// besides.
    pub(super) fn end(&mut self, here: &mut Here<'_, S>) {
        let other = self.other.take().expect("the other thread has begun");
        let theirs = other.join().expect("the thread has not panicked");
        self.hand.weak.extend(theirs.weak);
        let mut held = theirs.held;
        held.extend(self.witness.take());
        held.extend(self.take_from_the_shelf());
        drop_elsewhere(held);
        self.check_what_waits();
        self.bell = None;
        Shared::<(), S>::wake_when_queued(None);
        self.drop_the_last(here);
        self.drop_what_was_made_last(here);
        self.look(here);
        self.check_that_all_are_destroyed();
        assert!(!S::is_queued(), "rule broken: told of a queue that is empty");
    }

    /// Nothing waits for a thread that is not there, and no thread that is there has not been told.
    fn check_what_waits(&self) {
        let waits = self.fate_of_witness.ends() == 0;
        match self.presence {
            Presence::Absent => {
                assert!(!waits, "leaked: an object waits for a thread that is not in the table");
                let ends = self.hand.held.is_empty();
                assert!(!ends || self.fate.ends() > 0, "leaked: the object waits for an absent thread");
                let mut made = self.fates_of_guests.iter();
                assert!(made.all(|fate| fate.ends() > 0), "leaked: what was made waits for an absent thread");
            }
            Presence::Present if waits => {
                let told = self.bell.as_ref().is_none_or(|bell| bell.is_rung());
                assert!(told, "rule broken: something is queued, and the thread has not been told");
            }
            _ => {}
        }
    }

    /// This thread drops what it holds, which is the last. Then the object has gone, whatever lies
    /// in the thread's own queue.
    fn drop_the_last(&mut self, here: &mut Here<'_, S>) {
        let held = std::mem::take(&mut self.hand.held);
        let Some(first) = held.first() else { return };
        let count = match (first, &here) {
            (Handle::Reference(reference), Here::Attached(thread)) => reference.count(thread),
            (Handle::Reference(_), _) => held.len(),
            (Handle::Pointer(pointer), _) => Shared::strong_count(pointer),
        };
        // One may be the queue's.
        let queued = usize::from(self.presence != Presence::Absent);
        assert!(
            (held.len()..=held.len() + queued).contains(&count),
            "rule broken: a count of {count}, of {} references and at most {queued} queued",
            held.len()
        );
        drop(held);
        self.fate.assert_destroyed_once();
    }

    /// Another thread drops the object that a destructor has made just now.
    fn drop_what_was_made_last(&mut self, here: &Here<'_, S>) {
        let before = self.fates_of_guests.len();
        let made = self.take_from_the_shelf();
        if made.is_empty() {
            return;
        }
        drop_elsewhere(made);
        if matches!(here, Here::Gone) {
            let mut made = self.fates_of_guests[before..].iter();
            assert!(made.all(|fate| fate.ends() > 0), "leaked: made by the last destructors");
        }
    }

    fn take_from_the_shelf(&mut self) -> Vec<Handle<S>> {
        if !self.is_moved {
            // Nobody makes any.
            return Vec::new();
        }
        let (made, fates): (Vec<_>, Vec<_>) = self.shelf.take().into_iter().unzip();
        self.fates_of_guests.extend(fates);
        made
    }

    fn check_that_all_are_destroyed(&self) {
        self.fate.assert_destroyed_once();
        self.fate_of_witness.assert_destroyed_once();
        let others = self.fates.iter().chain(&self.fates_of_guests);
        others.for_each(Fate::assert_destroyed_once);
        assert!(self.hand.weak.iter().all(|weak| weak.upgrade().is_none()), "all references have gone");
    }

    /// The thread is back where it began.
    pub(super) fn finish(mut self) {
        drop(self.take_from_the_shelf());
        Shared::<(), S>::step_aside();
        self.check_that_all_are_destroyed();
    }
}
