//! A replay: threads, time and checks.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use crossbeam::utils::CachePadded;
use hdrhistogram::Histogram;
use keyway::{Strategy, Thread, attach};
use keyway_object_model::header_bytes;
use keyway_workloads::crew_of;

use super::board::{Bell, Bells, Board, Cell};
use super::life::Life;
use super::plan::{Older, Plan, Step, Survivor};
use super::step::{Hand, LetGo, Slots};
use super::watched::{Paths, Watched};

/// A plan, with the memory that its replays need, one after the other.
#[derive(Debug)]
pub struct Replay<'p> {
    plan: &'p Plan,
    board: &'static Board,
    /// Whether threads run in parallel under the strategy: then a wait looks for a moment before it
    /// blocks.
    parallel: bool,
}

/// What a watched replay has found.
#[derive(Clone, Debug)]
pub struct Sights {
    /// Paths of the operations of the recorded threads.
    pub paths: Paths,
    /// The most objects that were alive at once, older and immortal ones included.
    pub peak_objects: u64,
    /// Bytes that those take, headers included, without what an allocator adds.
    pub peak_bytes: u64,
    /// The most objects that nobody held and that had not been destroyed yet.
    pub peak_waiting: u64,
    /// From an object's last release to its destruction, in ns.
    pub delay: Histogram<u64>,
}

impl<'p> Replay<'p> {
    /// Prepares replays of a plan. `parallel`: whether threads run in parallel under the strategies
    /// that it will run under.
    pub fn new(plan: &'p Plan, parallel: bool) -> Self {
        // Leaked: an object that a wrong strategy never destroys points to it for ever.
        Replay { plan, board: Box::leak(Box::new(Board::new(plan.objects(), false))), parallel }
    }

    /// Replays everything under `S`, checks it, and returns how long that took, from the first
    /// thread's start to the last one's end.
    ///
    /// **Blocking**: while threads of `S` elsewhere keep others out.
    ///
    /// # Errors
    /// What does not agree with the trace, or which thread cannot be started.
    ///
    /// # Panics
    /// If the strategy gives out the wrong object.
    pub fn whole<S: Strategy>(&self) -> Result<Duration, String> {
        self.run::<S, true>(self.board).map(|(time, _)| time)
    }

    /// The *life replay*: the same events, waits, allocations and destructions under `S`, and no
    /// counts.
    ///
    /// # Errors
    /// As for [`whole`](Self::whole).
    ///
    /// # Panics
    /// As for [`whole`](Self::whole).
    pub fn life<S: Strategy>(&self) -> Result<Duration, String> {
        self.run::<Life<S>, false>(self.board).map(|(time, _)| time)
    }

    /// As [`whole`](Self::whole), with notes taken of each operation: slow, and not to be timed.
    ///
    /// # Errors
    /// As for [`whole`](Self::whole).
    ///
    /// # Panics
    /// As for [`whole`](Self::whole).
    pub fn watched<S: Strategy>(&self) -> Result<Sights, String> {
        let board = Box::leak(Box::new(Board::new(self.plan.objects(), true)));
        let (_, paths) = self.run::<Watched<S>, true>(board)?;
        let watch = board.watch.as_ref().expect("this board watches");
        let mut delay = Histogram::new(3).expect("three digits are allowed");
        for object in self.deaths() {
            delay.saturating_record(watch.delay(object));
        }
        let (peak_objects, peak_waiting) = watch.peaks();
        let peak_bytes = peak_objects * (header_bytes::<S>() + size_of::<Cell>()) as u64;
        Ok(Sights { paths, peak_objects, peak_bytes, peak_waiting, delay })
    }

    fn deaths(&self) -> impl Iterator<Item = u32> {
        let dies = self.plan.dies.iter().enumerate();
        dies.filter(|(_, dies)| **dies).map(|(object, _)| object as u32)
    }

    fn run<S: Strategy, const COUNTS: bool>(
        &self,
        board: &'static Board,
    ) -> Result<(Duration, Paths), String> {
        let plan = self.plan;
        board.clear();
        let slots = Slots::<S>::new(plan.objects());
        let bells: Bells = (0..plan.threads()).map(|_| CachePadded::new(Bell::default())).collect();
        let hand = |number: usize| {
            Hand::new(&slots, board, &bells, number, plan.private[number].len(), self.parallel)
        };
        // Made by a thread that exits, so that nobody owns them.
        let orphans = &plan.older[plan.threads()];
        let made = crew_of(1, |_| make::<S, COUNTS>(&hand(0), orphans), || ());
        made.map_err(|error| error.to_string())?;
        let barrier = &Barrier::new(plan.threads());
        let each = |number| one::<S, COUNTS>(plan, hand(number), barrier);
        let finished = crew_of(plan.threads(), each, || ()).map_err(|error| error.to_string())?;
        let finished = all_or_panic(finished);
        let first = finished.iter().map(|finished| finished.start).min();
        let last = finished.iter().map(|finished| finished.end).max();
        let time = first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first);
        let mut paths = Paths::default();
        let mut private = vec![0_i64; plan.objects()];
        for (finished, objects) in finished.iter().zip(&plan.private) {
            paths.add(finished.paths);
            for (&object, &own) in objects.iter().zip(&finished.private) {
                private[object as usize] += i64::from(own);
            }
        }
        let counts = self.check_counts::<S, COUNTS>(&hand(0), &private);
        self.check_destroyed(board)?;
        counts?;
        Ok((time, paths))
    }

    /// Compares the count of every object that is still there with the trace; then gives it up. A
    /// second look at what died comes after.
    fn check_counts<S: Strategy, const COUNTS: bool>(
        &self,
        hand: &Hand<'_, S>,
        private: &[i64],
    ) -> Result<(), String> {
        let early = self.plan.survivors.iter().find(|survivor| hand.board.destroyed(survivor.object) > 0);
        if let Some(Survivor { object, .. }) = early {
            return Err(format!("object {object} was destroyed; in the trace it lives"));
        }
        attach::<S, _>(|thread| {
            let mut result = Ok(());
            for survivor in &self.plan.survivors {
                let found = hand.count(thread, survivor.object) as i64;
                let is_right = !COUNTS || found == survivor.references;
                let object = survivor.object;
                if result.is_ok() && !is_right {
                    let wanted = survivor.references;
                    result =
                        Err(format!("object {object} has {found} references; by the trace it has {wanted}"));
                }
                if result.is_ok() && COUNTS && private[object as usize] != survivor.private {
                    let (found, wanted) = (private[object as usize], survivor.private);
                    result = Err(format!(
                        "threads count {found} references to object {object}; by the trace {wanted}"
                    ));
                }
                let references = if COUNTS { found } else { 1 };
                (0..references).for_each(|_| hand.release(thread, object));
            }
            result
        })
    }

    /// Whether everything that died in the trace was destroyed, once, and by now everything else.
    fn check_destroyed(&self, board: &Board) -> Result<(), String> {
        for object in 0..self.plan.objects() as u32 {
            let is_used = self.plan.dies[object as usize] || self.plan.survives[object as usize];
            let (times, wanted) = (board.destroyed(object), u8::from(is_used));
            if times != wanted {
                return Err(format!("object {object} was destroyed {times} times instead of {wanted}"));
            }
        }
        Ok(())
    }
}

/// What a thread brings back.
struct Finished {
    start: Instant,
    end: Instant,
    paths: Paths,
    private: Vec<i32>,
}

fn make<S: Strategy, const COUNTS: bool>(hand: &Hand<'_, S>, older: &[Older]) {
    attach::<S, _>(|thread: &mut Thread<S>| {
        for &Older { object, references, immortal } in older {
            match immortal {
                true => hand.make_immortal(thread, object, if COUNTS { references } else { 1 }),
                false => hand.make(thread, object, if COUNTS { references } else { 1 }),
            }
        }
    });
}

/// What a thread has panicked with.
type Panic = Box<dyn Any + Send>;

/// Does a part of a thread's work. If the part panics, those that wait for the thread are let go,
/// so that the panic is not a wait without end.
fn caught<T>(bell: &Bell, work: impl FnOnce() -> T) -> Result<T, Panic> {
    catch_unwind(AssertUnwindSafe(work)).inspect_err(|_| bell.breaks())
}

/// What all threads bring back. Panics as the first of them that has panicked by itself.
fn all_or_panic(finished: Vec<Result<Finished, Panic>>) -> Vec<Finished> {
    let (mut all, mut panics) = (Vec::new(), Vec::new());
    for result in finished {
        match result {
            Ok(finished) => all.push(finished),
            Err(panic) => panics.push(panic),
        }
    }
    panics.sort_by_key(|panic| panic.is::<LetGo>());
    match panics.into_iter().next() {
        Some(panic) => resume_unwind(panic),
        None => all,
    }
}

fn one<S: Strategy, const COUNTS: bool>(
    plan: &Plan,
    mut hand: Hand<'_, S>,
    barrier: &Barrier,
) -> Result<Finished, Panic> {
    let bells = hand.bells;
    let bell: &Bell = &bells[hand.number];
    let made = caught(bell, || make::<S, COUNTS>(&hand, &plan.older[hand.number]));
    Paths::take();
    barrier.wait();
    made?;
    // What another thread has not made, this one may need without waiting for it.
    if bells.iter().any(|bell| bell.is_broken()) {
        return Err(Box::new(LetGo));
    }
    caught(bell, move || {
        let start = Instant::now();
        let mut steps: &[Step] = &plan.programs[hand.number];
        loop {
            steps = attach::<S, _>(|thread| hand.run::<COUNTS>(thread, steps));
            if steps.is_empty() {
                break;
            }
        }
        Finished { start, end: Instant::now(), paths: Paths::take(), private: hand.private }
    })
}

#[cfg(test)]
mod tests {
    use keyway_atomic_counts::AtomicCounts;

    use super::super::plan::Act;
    use super::*;

    /// Two threads without an object: the second waits for the first, which tells nothing.
    fn waits() -> Plan {
        let mut plan = Plan::nothing(2);
        plan.programs[1].push(Step { act: Act::Wait, arg: 0, object: 1 });
        plan
    }

    /// What a replay panics with.
    fn panic_of(plan: &Plan) -> String {
        let replay = Replay::new(plan, true);
        let panic = catch_unwind(|| replay.whole::<AtomicCounts>()).expect_err("a thread panics");
        panic.downcast_ref::<String>().expect("its own panic").clone()
    }

    #[test]
    fn a_panic_before_the_barrier_reaches_the_caller() {
        let mut plan = waits();
        // There is no such object.
        plan.older[0].push(Older { object: 9, references: 1, immortal: true });
        assert!(panic_of(&plan).contains("out of bounds"));
    }

    #[test]
    fn a_panic_amid_the_steps_reaches_the_caller_and_not_that_of_a_thread_that_waited() {
        for number in [0, 1] {
            let mut plan = waits();
            plan.programs[0].push(Step { act: Act::Retain, arg: 0, object: 9 });
            // Whichever of the two is joined first.
            if number == 1 {
                plan.programs.swap(0, 1);
                plan.programs[0][0].arg = 1;
            }
            assert!(panic_of(&plan).contains("out of bounds"));
        }
    }
}
