//! The board: which thread holds which object and which it waits for, and the watchdog that looks
//! at it.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// The two objects, and the two threads.
pub(super) const OBJECTS: [&str; 2] = ["a", "b"];
pub(super) const THREADS: [&str; 2] = ["thread 1", "thread 2"];

/// A waiting thread was told to go: there was a deadlock.
#[derive(Clone, Copy, Debug)]
pub(super) struct LetGo;

/// What is on the board.
#[derive(Debug, Default)]
struct Now {
    /// Which thread holds each object, by their numbers.
    holder: [Option<usize>; 2],
    /// For which object each thread waits.
    wants: [Option<usize>; 2],
    /// When anything changed last, and how often anything has.
    changed: Option<Instant>,
    changes: u64,
    ended: [bool; 2],
    completed: u64,
    met: u64,
    let_go: bool,
}

/// The board of one program.
#[derive(Debug, Default)]
pub(super) struct Board {
    now: Mutex<Now>,
    changed: Condvar,
}

/// One thread of a circle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Waits {
    thread: &'static str,
    holds: Vec<&'static str>,
    waits_for: &'static str,
    held_by: &'static str,
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Waits { thread, holds, waits_for, held_by } = self;
        let holds = if holds.is_empty() { "nothing".to_owned() } else { holds.join(" and ") };
        write!(f, "{thread} holds {holds} and waits for {waits_for}, which {held_by} holds")
    }
}

/// Threads that wait for each other.
#[derive(Clone, Debug)]
pub(super) struct Circle {
    pub(super) waits: Vec<Waits>,
    /// For how long nothing had changed when it was told.
    pub(super) lasted: Duration,
}

impl Board {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, change: impl FnOnce(&mut Now)) {
        let mut now = self.now();
        change(&mut now);
        now.changes += 1;
        now.changed = Some(Instant::now());
        drop(now);
        self.changed.notify_all();
    }

    /// A naive lock: waits until nobody holds the object, and holds it then.
    ///
    /// # Errors
    /// If the watchdog has told everybody to go.
    pub(super) fn lock(&self, thread: usize, object: usize) -> Result<(), LetGo> {
        self.wants(thread, object);
        let mut now = self.now();
        loop {
            if now.let_go {
                return Err(LetGo);
            }
            if now.holder[object].is_none() {
                break;
            }
            now = self.changed.wait(now).unwrap_or_else(PoisonError::into_inner);
        }
        drop(now);
        self.has(thread, object);
        Ok(())
    }

    /// A thread begins to wait for an object.
    pub(super) fn wants(&self, thread: usize, object: usize) {
        self.note(|now| now.wants[thread] = Some(object));
    }

    /// It has it.
    pub(super) fn has(&self, thread: usize, object: usize) {
        self.note(|now| {
            now.wants[thread] = None;
            now.holder[object] = Some(thread);
            if now.holder.iter().flatten().count() == 2 && now.holder[0] != now.holder[1] {
                now.met += 1;
            }
        });
    }

    /// A thread gives an object up.
    pub(super) fn gives_up(&self, thread: usize, object: usize) {
        self.note(|now| {
            if now.holder[object] == Some(thread) {
                now.holder[object] = None;
            }
        });
    }

    /// A thread has had both.
    pub(super) fn completes(&self) {
        self.note(|now| now.completed += 1);
    }

    /// A thread has nothing more to do. If it has panicked, it may hold an object and wait for one
    /// still: it gives them up.
    fn ends(&self, thread: usize) {
        self.note(|now| {
            now.ended[thread] = true;
            now.wants[thread] = None;
            for holder in &mut now.holder {
                holder.take_if(|holder| *holder == thread);
            }
        });
    }

    /// While a thread has this, it has not ended. A thread that panics drops it as well.
    pub(super) fn until_end(&self, thread: usize) -> impl Drop + '_ {
        UntilEnd { board: self, thread }
    }

    /// Waits for the other thread to have an object, or to have ended, for this time at most.
    pub(super) fn meet(&self, thread: usize, at_most: Duration) {
        let start = Instant::now();
        let mut now = self.now();
        while !now.ended[1 - thread] && !now.holder.contains(&Some(1 - thread)) {
            let left = at_most.saturating_sub(start.elapsed());
            if left.is_zero() {
                break;
            }
            now = self.changed.wait_timeout(now, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// How often a thread had both, and how often each had one at the same time.
    pub(super) fn done(&self) -> (u64, u64) {
        let now = self.now();
        (now.completed, now.met)
    }

    /// Looks at the board until all threads have ended, or wait for each other and nothing has
    /// changed for as long as this. Then, they are told to go.
    pub(super) fn watch(&self, patience: Duration) -> Option<Circle> {
        let mut now = self.now();
        loop {
            if now.ended == [true; 2] {
                return None;
            }
            let lasted = now.changed.map_or(Duration::ZERO, |changed| changed.elapsed());
            let waits = now.circle();
            if lasted >= patience && !waits.is_empty() {
                now.let_go = true;
                self.changed.notify_all();
                return Some(Circle { waits, lasted });
            }
            let left = patience.saturating_sub(lasted).max(Duration::from_millis(1));
            now = self.changed.wait_timeout(now, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Puts a thread's end on the board when it is dropped.
struct UntilEnd<'a> {
    board: &'a Board,
    thread: usize,
}

impl Drop for UntilEnd<'_> {
    fn drop(&mut self) {
        self.board.ends(self.thread);
    }
}

impl Now {
    /// Each thread that waits for an object which another holds that waits itself; nobody if that
    /// is not so for all.
    fn circle(&self) -> Vec<Waits> {
        let waits = |thread: usize| {
            let wanted = self.wants[thread]?;
            let holder =
                self.holder[wanted].filter(|holder| *holder != thread && self.wants[*holder].is_some())?;
            let holds = (0..2).filter(|object| self.holder[*object] == Some(thread));
            Some(Waits {
                thread: THREADS[thread],
                holds: holds.map(|object| OBJECTS[object]).collect(),
                waits_for: OBJECTS[wanted],
                held_by: THREADS[holder],
            })
        };
        (0..2).map(waits).collect::<Option<Vec<_>>>().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(20);

    #[test]
    fn a_circle_is_told_by_names_and_ends_the_waiting() {
        let board = &Board::default();
        board.lock(0, 0).expect("free");
        board.lock(1, 1).expect("free");
        std::thread::scope(|scope| {
            let waiting =
                [(0, 1), (1, 0)].map(|(thread, object)| scope.spawn(move || board.lock(thread, object)));
            let circle = board.watch(PATIENCE).expect("each waits for the other");
            let told: Vec<String> = circle.waits.iter().map(ToString::to_string).collect();
            assert_eq!(
                told,
                [
                    "thread 1 holds a and waits for b, which thread 2 holds",
                    "thread 2 holds b and waits for a, which thread 1 holds"
                ]
            );
            assert!(circle.lasted >= PATIENCE);
            for thread in waiting {
                assert!(thread.join().expect("no panic").is_err(), "it is told to go");
            }
        });
    }

    #[test]
    fn who_waits_for_somebody_who_works_is_not_in_a_circle() {
        let board = &Board::default();
        board.lock(0, 0).expect("free");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| board.lock(1, 0));
            std::thread::sleep(3 * PATIENCE);
            assert!(board.now().circle().is_empty());
            board.gives_up(0, 0);
            waiting.join().expect("no panic").expect("it gets the object");
        });
        board.ends(0);
        board.ends(1);
        assert!(board.watch(PATIENCE).is_none());
    }
    #[test]
    fn a_thread_that_panics_has_ended_and_holds_nothing() {
        let board = &Board::default();
        let panics = move || {
            let _until_end = board.until_end(0);
            board.lock(0, 0).expect("free");
            panic!("as asked");
        };
        std::thread::scope(|scope| {
            assert!(scope.spawn(panics).join().is_err());
            let other = scope.spawn(|| {
                let _until_end = board.until_end(1);
                board.lock(1, 0).expect("nobody holds it any more");
            });
            assert!(board.watch(PATIENCE).is_none());
            other.join().expect("no panic");
        });
    }
}
