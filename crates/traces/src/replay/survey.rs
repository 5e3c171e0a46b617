//! The facts that are needed of each object before its events can be compiled: the first of two
//! passes over a trace.

use crate::check::{Checker, Stage};
use crate::format::{ADD_SATURATED, Event, NO_OBJECT, ObjectRecord, Op};
use crate::trace::Trace;

/// More references than this at the beginning are replayed as fewer, which makes no difference to
/// any operation.
const MANY: u32 = 1 << 12;

/// How an object is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Every operation of its count is one here; its last release destroys it.
    Counted,
    /// It has more references here than there, by a fixed number, so that it lives as long as it
    /// did there although its own count says otherwise: a part of it was counted by threads
    /// privately, or a number in the trace is a bound.
    Held,
    /// It is immortal, and not destroyed.
    Immortal,
}

/// What the first pass finds of one object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) class: Class,
    /// For [`Class::Held`]: references here that are not there. May be negative.
    pub(super) extra: i64,
    /// The event with which it was gone for good.
    pub(super) died_at: Option<u64>,
    /// References here at the end, by the trace, if it is alive then.
    pub(super) expected: i64,
    /// References that threads count privately at the end, by the trace.
    pub(super) private: i64,
    /// References counted by its own count, while the pass goes on, and the least there were.
    own: i64,
    low: i64,
    last: Option<(u64, u8)>,
    needs_hold: bool,
}

/// The result of the first pass.
pub(super) struct Survey {
    pub(super) objects: Vec<Found>,
    /// For each event whether another thread waits for it.
    pub(super) is_awaited: Vec<bool>,
}

/// Whether operations on an object by several threads keep the order of the trace.
pub(super) fn is_ordered(op: Op) -> bool {
    !matches!(op, Op::ThreadExit | Op::SetDeferred | Op::SetMaybeWeakref | Op::SetImmortal)
}

impl Survey {
    /// Looks at every event of a trace that has been checked.
    pub(super) fn of(trace: &Trace) -> Self {
        let mut objects: Vec<Found> = trace.objects.iter().map(Found::new).collect();
        classify(trace, &mut objects);
        let mut checker = Checker::new(&trace.objects);
        let mut is_awaited = vec![false; trace.events.len()];
        for (number, event) in trace.events.iter().enumerate() {
            if event.object == NO_OBJECT {
                continue;
            }
            let found = &mut objects[event.object as usize];
            let before = *checker.state(event.object);
            // A trace that contradicts itself is refused when it is read.
            let _ = checker.event(event);
            let after = *checker.state(event.object);
            found.follow(event, after.count - before.count);
            found.died_at = match (before.stage, after.stage) {
                (before, Stage::Dead) if before != Stage::Dead => Some(number as u64),
                (_, Stage::Dead) => found.died_at,
                _ => None,
            };
            if is_ordered(event.op) && !found.is_always_there(&trace.objects[event.object as usize]) {
                if let Some((last, thread)) = found.last
                    && thread != event.thread
                {
                    is_awaited[last as usize] = true;
                }
                found.last = Some((number as u64, event.thread));
            }
        }
        for (found, state) in objects.iter_mut().zip(checker.states()) {
            found.finish(state.count);
        }
        Survey { objects, is_awaited }
    }
}

/// How each object is replayed, as far as its own events do not say otherwise later.
fn classify(trace: &Trace, objects: &mut [Found]) {
    let mut ends = vec![false; objects.len()];
    for event in trace.events.iter().filter(|event| event.object != NO_OBJECT) {
        let found = &mut objects[event.object as usize];
        match event.op {
            Op::IncrefImmortal | Op::DecrefImmortal | Op::SetImmortal => found.class = Class::Immortal,
            Op::IncrefPerThread | Op::DecrefPerThread => found.needs_hold = true,
            Op::Add if event.arg >= ADD_SATURATED => found.needs_hold = true,
            Op::Dealloc => ends[event.object as usize] = true,
            _ => {}
        }
    }
    for (found, ends) in objects.iter_mut().zip(ends) {
        // Immortal, and yet it ended: it is kept until then.
        if (found.class == Class::Immortal && ends) || (found.class == Class::Counted && found.needs_hold) {
            found.class = Class::Held;
        }
    }
}

impl Found {
    fn new(object: &ObjectRecord) -> Self {
        let own = if object.is_preexisting() { i64::from(object.initial_count) } else { 0 };
        Found {
            class: if object.is_immortal() { Class::Immortal } else { Class::Counted },
            extra: 0,
            died_at: None,
            expected: 0,
            private: 0,
            own,
            low: if object.is_preexisting() { own } else { 1 },
            last: None,
            // An older object without a reference: the trace begins inside its deallocator.
            needs_hold: object.is_preexisting() && (object.initial_count == 0 || object.initial_count > MANY),
        }
    }

    /// Whether it is there before the replay and after: then no thread waits for another to use it.
    pub(super) fn is_always_there(&self, object: &ObjectRecord) -> bool {
        self.class == Class::Immortal && object.is_preexisting()
    }

    fn follow(&mut self, event: &Event, change: i64) {
        if self.class == Class::Immortal {
            match event.op {
                Op::Incref | Op::Add | Op::IncrefImmortal | Op::IncrefPerThread => self.own += 1,
                Op::Decref | Op::DecrefImmortal | Op::DecrefPerThread => self.own -= 1,
                _ => {}
            }
            self.low = self.low.min(self.own);
            return;
        }
        match event.op {
            // The references that an end leaves are given up by the replay when the object is gone
            // for good.
            Op::Dealloc => {}
            Op::IncrefPerThread => self.private += 1,
            Op::DecrefPerThread => self.private -= 1,
            _ => self.own += change,
        }
        self.low = self.low.min(self.own);
    }

    fn finish(&mut self, count: i64) {
        match self.class {
            // One that has none left and whose end is not told is kept.
            Class::Counted => self.expected = count.max(1),
            Class::Held => {
                self.extra = 1 - self.low;
                self.expected = self.own + self.extra;
            }
            // Nobody kept an account of its references there; here nothing is released that is not
            // held.
            Class::Immortal => (self.extra, self.expected) = (1 - self.low, 1),
        }
    }
}
