//! From the tape to a trace: fields that are known only in the end are filled in.

use std::collections::{HashMap, HashSet};

use super::tape::{TRIED_AS_OWNER, TRIES, Tape};
use crate::format::{Event, ObjectRecord, Op, flags, path};
use crate::trace::Trace;

/// The trace of a tape.
pub(super) fn trace_of(tape: Tape) -> Trace {
    let Tape { mut objects, mut events, has_attempts, .. } = tape;
    sum_up(&mut objects, &events);
    if has_attempts {
        Upgrades::new(&objects).settle(&mut events, &mut objects);
    }
    number_anew(&mut objects, &mut events);
    Trace {
        global_lock: tape.global_lock,
        threads: u32::from(tape.threads).max(1),
        objects,
        events,
        names: vec!["?".to_owned()],
        not_whole: tape.limit,
    }
}

/// Whether an event names an object, and counts for something.
fn counts(event: &Event) -> bool {
    event.op != Op::ThreadExit && event.arg != TRIES
}

/// Fills in which objects live, which were shared, and how many references older ones had at least.
fn sum_up(objects: &mut [ObjectRecord], events: &[Event]) {
    #[derive(Clone, Copy, Default)]
    struct Sum {
        change: i64,
        least: i64,
        ended: bool,
        thread: Option<u8>,
    }
    let mut sums = vec![Sum::default(); objects.len()];
    for event in events.iter().filter(|event| counts(event)) {
        let (object, sum) = (&mut objects[event.object as usize], &mut sums[event.object as usize]);
        match event.op {
            Op::Incref | Op::Alloc => sum.change += 1,
            Op::Decref => sum.change -= 1,
            _ => {}
        }
        if event.op != Op::Decref {
            // A thread that uses an object has a reference.
            sum.least = sum.least.min(sum.change - i64::from(event.op == Op::Incref) - 1);
        }
        sum.ended |= event.op == Op::Dealloc;
        sum.least = sum.least.min(sum.change);
        if sum.thread.is_some_and(|thread| thread != event.thread) && !object.is_immortal() {
            object.flags |= flags::MANY_THREADS;
        }
        sum.thread = Some(event.thread);
        let is_count = matches!(event.op, Op::Incref | Op::Decref);
        if is_count && ![path::OWNER, TRIED_AS_OWNER].contains(&event.arg) {
            object.flags |= flags::SHARED_PATH;
        }
    }
    for (object, sum) in objects.iter_mut().zip(sums) {
        if object.is_preexisting() {
            let least = if sum.ended { -sum.change } else { (-sum.least).max(1) };
            object.initial_count = u32::try_from(least).unwrap_or(u32::MAX);
        }
        if !sum.ended {
            object.flags |= flags::ALIVE_AT_END;
        }
    }
}

/// Where attempts to make references of weak ones belong.
///
/// An attempt stands where it began; it took place between there and the thread's next event. A
/// release stands where it began, too. So an attempt that succeeded can stand behind the release of
/// the reference that it found, or before the object's birth. A release and an attempt that were
/// under way at the same time may come in either order: here the release is put behind the attempt,
/// and the attempt behind the birth.
struct Upgrades {
    objects: Vec<Going>,
    /// The release that a thread may still be carrying out: object and place.
    under_way: [Option<(u32, usize)>; 256],
    /// Releases to be put behind another event, by their places.
    moved: HashMap<usize, usize>,
}

/// An object, as far as the events have been looked at.
#[derive(Clone, Default)]
struct Going {
    is_born: bool,
    count: i64,
    last_release: Option<usize>,
    /// Attempts that stand before the birth.
    early: Vec<usize>,
}

impl Upgrades {
    fn new(objects: &[ObjectRecord]) -> Self {
        let going = |object: &ObjectRecord| {
            let older = object.is_preexisting();
            let count = if older { i64::from(object.initial_count) } else { 0 };
            Going { is_born: older, count, ..Going::default() }
        };
        let objects = objects.iter().map(going).collect();
        Upgrades { objects, under_way: [None; 256], moved: HashMap::new() }
    }

    fn settle(mut self, events: &mut Vec<Event>, objects: &mut [ObjectRecord]) {
        for (place, event) in events.iter_mut().enumerate() {
            // A thread that destroys or hands over is still in its release.
            if !matches!(event.op, Op::Queue | Op::Dealloc) {
                self.under_way[usize::from(event.thread)] = None;
            }
            if !counts(event) {
                continue;
            }
            let is_attempt = [path::TRY, TRIED_AS_OWNER].contains(&event.arg);
            match event.op {
                Op::Alloc => self.birth(place, *event),
                Op::Decref => self.release(place, *event),
                Op::Incref if is_attempt && !self.upgrade(place, *event) => {
                    // The reference that it found was being released as the recording began. As
                    // neither is seen, this one stands for that one.
                    event.arg = TRIES;
                    let object = &mut objects[event.object as usize];
                    object.initial_count = object.initial_count.saturating_add(1);
                    self.objects[event.object as usize].count += 1;
                }
                Op::Incref if !is_attempt => self.objects[event.object as usize].count += 1,
                _ => {}
            }
        }
        self.put_in_order(events);
    }

    fn birth(&mut self, place: usize, event: Event) {
        let object = &mut self.objects[event.object as usize];
        object.is_born = true;
        object.count += 1;
        for early in std::mem::take(&mut object.early) {
            self.moved.insert(early, place);
        }
    }

    fn release(&mut self, place: usize, event: Event) {
        let object = &mut self.objects[event.object as usize];
        object.count -= 1;
        object.last_release = Some(place);
        self.under_way[usize::from(event.thread)] = Some((event.object, place));
    }

    /// False if no release explains that it has succeeded.
    fn upgrade(&mut self, place: usize, event: Event) -> bool {
        let object = &mut self.objects[event.object as usize];
        if !object.is_born {
            object.early.push(place);
        } else if object.count == 0 {
            let is_it = |release: &&(u32, usize)| release.0 == event.object;
            let release = self.under_way.iter().flatten().find(is_it).map(|&(_, place)| place);
            // A release handed over to an owner is carried out later, when its thread has gone on.
            let Some(release) = release.or(object.last_release) else { return false };
            self.moved.insert(release, place);
        }
        object.count += 1;
        true
    }

    /// Moves what is to be moved, and leaves out the attempts that failed.
    fn put_in_order(self, events: &mut Vec<Event>) {
        let is_hand_over = |release: &Event, next: Option<&Event>| {
            release.op == Op::Decref
                && next.is_some_and(|next| next.op == Op::Queue && next.object == release.object)
        };
        let mut behind: HashMap<usize, Vec<Event>> = HashMap::new();
        let mut left_out = HashSet::new();
        let mut moved: Vec<(usize, usize)> = self.moved.into_iter().collect();
        moved.sort_unstable();
        for (from, to) in moved {
            let place = behind.entry(to).or_default();
            place.push(events[from]);
            left_out.insert(from);
            if is_hand_over(&events[from], events.get(from + 1)) {
                place.push(events[from + 1]);
                left_out.insert(from + 1);
            }
        }
        let old = std::mem::take(events);
        events.reserve(old.len());
        for (place, event) in old.into_iter().enumerate() {
            if event.arg != TRIES && !left_out.contains(&place) {
                events.push(event);
            }
            events.extend(behind.remove(&place).unwrap_or_default());
        }
        for event in events.iter_mut().filter(|event| event.arg == TRIED_AS_OWNER) {
            event.arg = path::OWNER;
        }
    }
}

/// Gives objects the numbers in the order in which the events name them first. An object that no
/// event names is left out: nothing has come of the attempts at it.
fn number_anew(objects: &mut Vec<ObjectRecord>, events: &mut [Event]) {
    let mut numbers = vec![u32::MAX; objects.len()];
    let mut named = Vec::with_capacity(objects.len());
    for event in events.iter_mut().filter(|event| event.op != Op::ThreadExit) {
        let number = &mut numbers[event.object as usize];
        if *number == u32::MAX {
            *number = named.len() as u32;
            named.push(objects[event.object as usize]);
        }
        event.object = *number;
    }
    *objects = named;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Checker;

    const OLDER: u8 = flags::PREEXISTING;

    /// A tape's events, of objects with these flags, completed; checked as a reader checks them.
    fn completed(object_flags: &[u8], events: &[(Op, u8, u16)]) -> (Vec<(Op, u8)>, Vec<ObjectRecord>) {
        let record = |&flags: &u8| ObjectRecord { flags, initial_count: 1, ..Default::default() };
        let mut objects: Vec<ObjectRecord> = object_flags.iter().map(record).collect();
        let mut events: Vec<Event> =
            events.iter().map(|&(op, thread, arg)| Event::new(op, thread, 0).with_arg(arg)).collect();
        sum_up(&mut objects, &events);
        Upgrades::new(&objects).settle(&mut events, &mut objects);
        number_anew(&mut objects, &mut events);
        let mut checker = Checker::new(&objects);
        for event in &events {
            checker.event(event).unwrap_or_else(|contradiction| panic!("{contradiction}: {events:?}"));
        }
        (events.iter().map(|event| (event.op, event.thread)).collect(), objects)
    }

    const ALLOC: (Op, u8, u16) = (Op::Alloc, 0, 0);

    fn release(thread: u8) -> (Op, u8, u16) {
        (Op::Decref, thread, path::SHARED)
    }

    fn upgrade(thread: u8) -> (Op, u8, u16) {
        (Op::Incref, thread, path::TRY)
    }

    fn end(thread: u8) -> (Op, u8, u16) {
        (Op::Dealloc, thread, 0)
    }

    #[test]
    fn a_release_under_way_stands_behind_the_upgrade_that_it_did_not_hinder() {
        let retain = (Op::Incref, 0, path::OWNER);
        // Thread 2's release began first, and thread 0's was carried out first.
        let other = (Op::Queue, 2, 0);
        let tape = [ALLOC, retain, release(2), other, release(0), (Op::Incref, 0, TRIES), upgrade(1)];
        let (events, _) = completed(&[0], &[&tape[..], &[release(1), end(2)]].concat());
        let expected = [
            (Op::Alloc, 0),
            (Op::Incref, 0),
            (Op::Decref, 0),
            (Op::Incref, 1),
            (Op::Decref, 2),
            (Op::Queue, 2),
            (Op::Decref, 1),
            (Op::Dealloc, 2),
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn a_release_that_waits_in_a_queue_stands_behind_the_upgrade_that_it_did_not_hinder() {
        // Thread 2 has gone on: it tries an upgrade of its own, in vain.
        let tape = [ALLOC, release(2), (Op::Incref, 2, TRIES), upgrade(1), release(1), end(0)];
        let (events, _) = completed(&[0], &tape);
        let expected = [(Op::Alloc, 0), (Op::Incref, 1), (Op::Decref, 2), (Op::Decref, 1), (Op::Dealloc, 0)];
        assert_eq!(events, expected);
    }

    #[test]
    fn a_release_that_goes_on_for_long_stands_behind_the_last_of_the_upgrades() {
        let tape = [ALLOC, release(0), upgrade(1), release(1), upgrade(2), release(2), end(2)];
        let (events, _) = completed(&[0], &tape);
        assert_eq!(events.iter().filter(|event| event.0 == Op::Incref).count(), 2);
        let place = |event| events.iter().position(|&other| other == event);
        assert!(place((Op::Decref, 0)) > place((Op::Incref, 2)), "{events:?}");
    }

    #[test]
    fn an_upgrade_that_began_before_the_birth_stands_behind_it() {
        let (events, objects) = completed(&[0], &[upgrade(1), ALLOC, release(0), release(1), end(1)]);
        let expected = [(Op::Alloc, 0), (Op::Incref, 1), (Op::Decref, 0), (Op::Decref, 1), (Op::Dealloc, 1)];
        assert_eq!((&events[..], objects.len()), (&expected[..], 1));
    }

    #[test]
    fn an_upgrade_that_no_release_explains_stands_for_a_reference_from_before() {
        let (events, objects) = completed(&[OLDER], &[upgrade(1), release(1), end(1)]);
        assert_eq!(events, [(Op::Decref, 1), (Op::Dealloc, 1)]);
        assert_eq!(objects[0].initial_count, 1);
    }

    #[test]
    fn an_object_of_which_nothing_has_come_is_left_out() {
        let (events, objects) = completed(&[OLDER], &[(Op::Incref, 1, TRIES), (Op::Incref, 2, TRIES)]);
        assert!(events.is_empty() && objects.is_empty());
    }
}
