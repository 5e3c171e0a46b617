//! A trace compiled into one short program a thread, so that a replay spends its time on counts and
//! not on decoding.

use std::collections::HashMap;

use super::survey::{Class, Found, Survey, is_ordered};
use crate::check::Checker;
use crate::format::{Event, NO_OBJECT, NO_OWNER, Op, flags, path};
use crate::trace::Trace;

/// A thread passes a checkpoint after this many events of its own, unless told otherwise.
pub const CHECKPOINT_EVERY: u32 = 32;

/// In an act: a retain or release.
pub(super) const COUNTED: u8 = 1 << 7;
/// In such an act: a release.
pub(super) const RELEASED: u8 = 1 << 6;

/// What a replay does. The numbers are those in a [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Act {
    /// Nothing: an operation that another one undoes.
    Nothing = 0,
    Alloc = 1,
    AllocImmortal = 2,
    Retain = COUNTED,
    Release = COUNTED | RELEASED,
    /// The release that destroys the object.
    ReleaseLast = 3,
    /// As many retains as the argument says.
    RetainMany,
    /// As many releases, none of them the last.
    ReleaseMany,
    RetainImmortal,
    ReleaseImmortal,
    /// The thread's own count of the object, one more or less; in place of the object, its place in
    /// [`Plan::private`].
    More,
    Less,
    Checkpoint,
    /// Until the thread in the argument has told as often as stands in place of the object.
    Wait,
    /// Tells the threads that wait for this one.
    Tell,
    /// Detach, and attach again if anything follows.
    Exit,
}

/// One step of a program, in 8 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) act: Act,
    pub(super) arg: u16,
    pub(super) object: u32,
}

/// An object that is there before the replay begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Older {
    pub(super) object: u32,
    pub(super) references: i64,
    pub(super) immortal: bool,
}

/// An object that is there after the replay, and not immortal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Survivor {
    pub(super) object: u32,
    /// References here, by the trace, all of which the replay gives up in the end.
    pub(super) references: i64,
    /// References that threads count privately, by the trace.
    pub(super) private: i64,
}

/// What a plan consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Count operations of the trace: retains, releases, additions on mortal objects.
    pub count_operations: u64,
    /// Retains and releases that the replay carries out: an addition is as many, a release that is
    /// taken back is none.
    pub carried_out: u64,
    /// Those of them that no single event asks for: references left at the end of an object, or
    /// written over.
    pub settled: u64,
    /// Operations on immortal objects.
    pub immortal: u64,
    /// Operations on threads' private counts, carried out on such.
    pub per_thread: u64,
    /// Count operations on objects that became deferred, among the count operations.
    pub deferred: u64,
    /// Times that a thread waits for another.
    pub waits: u64,
    /// Objects that die.
    pub deaths: u64,
    /// Objects that are there before.
    pub older: u64,
}

/// A trace that is ready to be replayed.
#[derive(Debug)]
pub struct Plan {
    pub(super) programs: Vec<Vec<Step>>,
    /// Older objects by the thread that makes them; the last are made by a thread that has exited.
    pub(super) older: Vec<Vec<Older>>,
    pub(super) survivors: Vec<Survivor>,
    /// For each thread the objects of which it counts privately.
    pub(super) private: Vec<Vec<u32>>,
    /// For each object whether it dies in the replay, and whether it is there afterwards; neither,
    /// if nothing ever makes it.
    pub(super) dies: Vec<bool>,
    pub(super) survives: Vec<bool>,
    pub(super) totals: Totals,
    is_in_file_order: bool,
}

impl Plan {
    /// Compiles a trace: one program a thread, with waits where the order between threads matters.
    pub fn new(trace: &Trace, checkpoint_every: u32) -> Self {
        Compiler::new(trace, checkpoint_every, false).compile()
    }

    /// The same as one program for one thread, in the order of the file.
    pub fn in_file_order(trace: &Trace, checkpoint_every: u32) -> Self {
        Compiler::new(trace, checkpoint_every, true).compile()
    }

    /// A plan of threads that do nothing, for tests.
    #[cfg(test)]
    pub(super) fn nothing(threads: usize) -> Self {
        Plan {
            programs: vec![Vec::new(); threads],
            older: vec![Vec::new(); threads + 1],
            survivors: Vec::new(),
            private: vec![Vec::new(); threads],
            dies: Vec::new(),
            survives: Vec::new(),
            totals: Totals::default(),
            is_in_file_order: false,
        }
    }

    /// What it consists of.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Threads that it runs.
    pub fn threads(&self) -> usize {
        self.programs.len()
    }

    /// Objects, older ones included.
    pub fn objects(&self) -> usize {
        self.dies.len()
    }

    /// Leaves the last release of the first program out that is not the last of its object, to see
    /// the checks fail.
    #[doc(hidden)]
    pub fn forget_a_release(&mut self) {
        if let Some(step) = self.programs[0].iter_mut().rfind(|step| step.act == Act::Release) {
            step.act = Act::Nothing;
        }
    }

    /// Whether everything is done by one thread, in the order of the file.
    pub fn is_in_file_order(&self) -> bool {
        self.is_in_file_order
    }
}

/// What is kept for an object while its events are compiled.
#[derive(Clone, Copy, Debug, Default)]
struct Going {
    /// References here.
    held: i64,
    /// The step that gave up the last one: where it is, if nothing that happened since has undone
    /// it.
    last_release: Option<(u8, u32)>,
    /// The thread of its last operation, and how often that thread had told after it.
    last: Option<(u8, u32)>,
}

struct Compiler<'a> {
    trace: &'a Trace,
    survey: Survey,
    checker: Checker,
    going: Vec<Going>,
    plan: Plan,
    /// How often each thread tells.
    told: Vec<u32>,
    /// How often each thread has seen each other one tell.
    seen: Vec<Vec<u32>>,
    until_checkpoint: Vec<u32>,
    checkpoint_every: u32,
    /// The place of an object in a thread's `Plan::private`.
    private: HashMap<(u8, u32), u32>,
}

impl<'a> Compiler<'a> {
    fn new(trace: &'a Trace, checkpoint_every: u32, is_in_file_order: bool) -> Self {
        let threads = if is_in_file_order { 1 } else { (trace.threads as usize).max(1) };
        let plan = Plan {
            programs: vec![Vec::new(); threads],
            older: vec![Vec::new(); threads + 1],
            survivors: Vec::new(),
            private: vec![Vec::new(); threads],
            dies: Vec::new(),
            survives: Vec::new(),
            totals: Totals::default(),
            is_in_file_order,
        };
        Compiler {
            trace,
            survey: Survey::of(trace),
            checker: Checker::new(&trace.objects),
            going: vec![Going::default(); trace.objects.len()],
            plan,
            told: vec![0; threads],
            seen: vec![vec![0; threads]; threads],
            until_checkpoint: vec![checkpoint_every; threads],
            checkpoint_every,
            private: HashMap::new(),
        }
    }

    fn compile(mut self) -> Plan {
        self.make_older();
        for number in 0..self.trace.events.len() {
            self.event(number, &self.trace.events[number]);
        }
        self.finish();
        self.plan
    }

    fn make_older(&mut self) {
        let threads = self.plan.programs.len();
        for (id, object) in
            self.trace.objects.iter().enumerate().filter(|(_, object)| object.is_preexisting())
        {
            let found = &self.survey.objects[id];
            let immortal = found.class == Class::Immortal;
            let references = i64::from(object.initial_count) + found.extra;
            self.going[id].held = references;
            let maker = match object.owner {
                NO_OWNER => threads,
                owner => usize::from(owner).min(threads - 1),
            };
            self.plan.older[maker].push(Older { object: id as u32, references, immortal });
            self.plan.totals.older += 1;
        }
    }

    fn event(&mut self, number: usize, event: &Event) {
        let thread = if self.plan.is_in_file_order { 0 } else { event.thread };
        if event.op == Op::ThreadExit {
            if !self.plan.is_in_file_order {
                self.push(thread, Act::Exit, 0, NO_OBJECT);
            }
            return;
        }
        let id = event.object as usize;
        if is_ordered(event.op) {
            self.wait(thread, id);
        }
        let before = self.checker.state(event.object).count;
        // A trace that contradicts itself is refused when it is read.
        let _ = self.checker.event(event);
        let change = self.checker.state(event.object).count - before;
        match self.survey.objects[id].class {
            Class::Immortal => self.immortal(thread, event),
            Class::Held => self.held(thread, number, event, change),
            Class::Counted => self.counted(thread, event),
        }
        self.count(event);
        if self.survey.is_awaited[number] && !self.plan.is_in_file_order {
            self.told[usize::from(thread)] += 1;
            self.push(thread, Act::Tell, 0, NO_OBJECT);
        }
        if is_ordered(event.op) {
            self.going[id].last = Some((thread, self.told[usize::from(thread)]));
        }
        self.checkpoint(thread, event);
    }

    /// Waits for the thread that was last at the object, unless its telling has been seen already.
    fn wait(&mut self, thread: u8, id: usize) {
        let Some((other, told)) = self.going[id].last.filter(|&(other, _)| other != thread) else { return };
        if self.survey.objects[id].is_always_there(&self.trace.objects[id]) {
            return;
        }
        let seen = &mut self.seen[usize::from(thread)][usize::from(other)];
        if *seen < told {
            *seen = told;
            self.plan.totals.waits += 1;
            self.push(thread, Act::Wait, other.into(), told);
        }
    }

    /// A checkpoint after each `checkpoint_every` events, and where the recorded thread looked into
    /// its queue.
    fn checkpoint(&mut self, thread: u8, event: &Event) {
        let left = &mut self.until_checkpoint[usize::from(thread)];
        *left = left.saturating_sub(1);
        if *left == 0 || event.op == Op::MergeExplicit {
            *left = self.checkpoint_every;
            if self.plan.programs[usize::from(thread)].last().is_none_or(|step| step.act != Act::Checkpoint) {
                self.push(thread, Act::Checkpoint, 0, NO_OBJECT);
            }
        }
    }

    fn count(&mut self, event: &Event) {
        let totals = &mut self.plan.totals;
        match event.op {
            Op::Incref | Op::Decref | Op::Add => {
                totals.count_operations += 1;
                let is_deferred = self.trace.objects[event.object as usize].flags & flags::DEFERRED != 0;
                totals.deferred += u64::from(is_deferred);
            }
            Op::IncrefImmortal | Op::DecrefImmortal => totals.immortal += 1,
            Op::IncrefPerThread | Op::DecrefPerThread => totals.per_thread += 1,
            _ => {}
        }
    }

    fn push(&mut self, thread: u8, act: Act, arg: u16, object: u32) {
        self.plan.programs[usize::from(thread)].push(Step { act, arg, object });
    }

    fn immortal(&mut self, thread: u8, event: &Event) {
        let act = match event.op {
            Op::Alloc => {
                self.push(thread, Act::AllocImmortal, 0, event.object);
                let extra = self.survey.objects[event.object as usize].extra;
                (0..extra).for_each(|_| self.push(thread, Act::RetainImmortal, 0, event.object));
                self.going[event.object as usize].held = 1;
                return;
            }
            Op::Incref | Op::IncrefImmortal | Op::Add | Op::IncrefPerThread => Act::RetainImmortal,
            Op::Decref | Op::DecrefImmortal | Op::DecrefPerThread => Act::ReleaseImmortal,
            _ => return,
        };
        self.push(thread, act, 0, event.object);
        self.going[event.object as usize].held = 1;
    }

    fn held(&mut self, thread: u8, number: usize, event: &Event, change: i64) {
        let id = event.object as usize;
        let held = self.going[id].held;
        match event.op {
            Op::IncrefPerThread => return self.count_privately(thread, Act::More, event.object),
            Op::DecrefPerThread => return self.count_privately(thread, Act::Less, event.object),
            Op::Dealloc => {}
            Op::Alloc => {
                self.push(thread, Act::Alloc, 0, event.object);
                self.going[id].held = 1;
                self.set(thread, id, 1 + self.survey.objects[id].extra);
            }
            Op::Incref => self.retain(thread, id, 1),
            Op::Decref => self.release(thread, id),
            Op::Add => self.retain(thread, id, event.arg),
            _ => self.set(thread, id, held + change),
        }
        if self.survey.objects[id].died_at == Some(number as u64) {
            self.set(thread, id, 0);
        }
    }

    fn count_privately(&mut self, thread: u8, act: Act, object: u32) {
        let objects = &mut self.plan.private[usize::from(thread)];
        let place = *self.private.entry((thread, object)).or_insert_with(|| {
            objects.push(object);
            objects.len() as u32 - 1
        });
        self.push(thread, act, 0, place);
    }

    fn counted(&mut self, thread: u8, event: &Event) {
        let id = event.object as usize;
        match event.op {
            Op::Alloc => {
                self.push(thread, Act::Alloc, 0, event.object);
                self.going[id].held = 1;
            }
            Op::Incref if event.arg == path::GIVE_BACK && self.take_back(id) => {}
            Op::Incref => self.retain(thread, id, 1),
            Op::Add => self.retain(thread, id, event.arg),
            Op::Decref => self.release(thread, id),
            Op::ResurrectEnd => {
                self.plan.totals.settled += 1;
                self.release(thread, id);
            }
            // An end with references left, by a header that was written anew.
            Op::Dealloc => self.set(thread, id, 0),
            Op::Resurrect => self.set(thread, id, 1),
            Op::SetRefcnt => self.set(thread, id, event.arg.into()),
            _ => {}
        }
    }

    fn retain(&mut self, thread: u8, id: usize, references: u16) {
        self.take_back(id);
        match references {
            0 => return,
            1 => self.push(thread, Act::Retain, 0, id as u32),
            _ => self.push(thread, Act::RetainMany, references, id as u32),
        }
        self.going[id].held += i64::from(references);
        self.plan.totals.carried_out += u64::from(references);
    }

    fn release(&mut self, thread: u8, id: usize) {
        let place = self.plan.programs[usize::from(thread)].len() as u32;
        self.push(thread, Act::Release, 0, id as u32);
        self.plan.totals.carried_out += 1;
        let going = &mut self.going[id];
        going.held -= 1;
        if going.held == 0 {
            going.last_release = Some((thread, place));
        }
    }

    /// The last release has not happened after all: its thread keeps the reference. Whether there
    /// was one.
    fn take_back(&mut self, id: usize) -> bool {
        let going = &mut self.going[id];
        let Some((thread, place)) = going.last_release.take() else { return false };
        going.held = 1;
        self.plan.programs[usize::from(thread)][place as usize].act = Act::Nothing;
        self.plan.totals.carried_out -= 1;
        true
    }

    /// Retains or releases until there are `references` references.
    fn set(&mut self, thread: u8, id: usize, references: i64) {
        if references > 0 {
            self.take_back(id);
        }
        let before = self.plan.totals.carried_out;
        while self.going[id].held < references {
            let missing = references - self.going[id].held;
            self.retain(thread, id, missing.min(u16::MAX.into()) as u16);
        }
        while self.going[id].held > references {
            // All but the last in few steps: an event can write over any number of references.
            let more = (self.going[id].held - references.max(1)).min(u16::MAX.into());
            if more > 1 {
                self.push(thread, Act::ReleaseMany, more as u16, id as u32);
                self.going[id].held -= more;
                self.plan.totals.carried_out += more as u64;
            } else {
                self.release(thread, id);
            }
        }
        self.plan.totals.settled += self.plan.totals.carried_out - before;
    }

    fn finish(&mut self) {
        for id in 0..self.going.len() {
            let Found { class, died_at, expected, private, .. } = self.survey.objects[id];
            let immortal = class == Class::Immortal;
            let dies = died_at.is_some() && !immortal;
            if !dies {
                // Nobody has it any more, but the trace does not tell of its end: it is kept.
                self.take_back(id);
            } else if let Some((thread, place)) = self.going[id].last_release {
                self.plan.programs[usize::from(thread)][place as usize].act = Act::ReleaseLast;
                self.plan.totals.deaths += 1;
            }
            let survives = !dies && !immortal && self.going[id].held > 0;
            self.plan.survives.push(survives);
            if survives {
                let survivor = Survivor { object: id as u32, references: expected, private };
                self.plan.survivors.push(survivor);
            }
            self.plan.dies.push(dies);
        }
    }
}
