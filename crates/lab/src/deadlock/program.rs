//! The program: the same for both kinds of locks, as far as they allow it.

use std::time::Duration;

use keyway::{Guarded, Ref, Strategy, Thread, attach};
use keyway_workloads::{CannotStart, Crew, Job};

use super::Locks;
use super::board::{Board, Circle, LetGo, THREADS};

/// How long a thread that has its first object waits for the other to have one, too: long enough on
/// any machine if the other can run meanwhile, and a moment in a section, where it cannot under a
/// global lock.
const LONG: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_millis(2);

/// How much more patient the watchdog is with sections: they must not come to a standstill, and the
/// machine may be busy.
const MORE_PATIENT: u32 = 100;

/// What is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Program {
    pub(super) locks: Locks,
    pub(super) rounds: u32,
    pub(super) patience: Duration,
}

/// How it ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) completed: u64,
    pub(super) met: u64,
    pub(super) circle: Option<Circle>,
}

/// A number that both threads change; in the end it must equal the number of changes.
type Object<S> = Ref<Guarded<u64, S>, S>;

impl Job for Program {
    type Output = Result<Ended, CannotStart>;

    fn run<S: Strategy>(&mut self) -> Self::Output {
        let Program { locks, rounds, patience } = *self;
        // For good: threads that stand still for ever in sections go on using it.
        let board: &'static Board = Box::leak(Box::default());
        let [a, b]: [Object<S>; 2] = attach::<S, _>(|thread| [0, 1].map(|_| thread.alloc(Guarded::new(0))));
        let shares = attach::<S, _>(|thread| {
            [[a.clone_ref(thread), b.clone_ref(thread)], [a.clone_ref(thread), b.clone_ref(thread)]]
        });
        let crew = Crew::default();
        let threads: Vec<_> = shares
            .into_iter()
            .enumerate()
            .map(|(number, objects)| {
                let work = move || {
                    // However it ends: the watchdog waits for both.
                    let _until_end = board.until_end(number);
                    attach::<S, _>(|thread| match locks {
                        Locks::Naive => naive(&objects, number, rounds, board, thread),
                        Locks::Sections => {
                            sections(&objects, number, rounds, board, thread);
                            Ok(())
                        }
                    })
                };
                crew.start_for_good(THREADS[number].to_owned(), work)
            })
            .collect::<Result<_, _>>()?;
        crew.begin();
        let patience = if locks == Locks::Sections { patience * MORE_PATIENT } else { patience };
        let circle = board.watch(patience);
        if circle.is_none() || locks == Locks::Naive {
            let results = threads.into_iter().filter_map(|thread| thread.join().expect("it does not panic"));
            let let_go = results.filter_map(Result::err);
            assert!(let_go.count() == 0 || circle.is_some(), "only who is in a circle is told to go");
            let totals =
                attach::<S, _>(|thread| [&a, &b].map(|object| object.enter(thread, |total| **total)));
            assert_eq!(totals, [board.done().0; 2], "no change of an object is lost");
        }
        let (completed, met) = board.done();
        Ok(Ended { completed, met, circle })
    }
}

/// The number of a thread's first object and of its second: opposite orders.
fn order(thread: usize) -> (usize, usize) {
    (thread, 1 - thread)
}

/// With a naive lock in each object, which is waited for in a blocking region.
fn naive<S: Strategy>(
    objects: &[Object<S>; 2],
    number: usize,
    rounds: u32,
    board: &Board,
    thread: &mut Thread<S>,
) -> Result<(), LetGo> {
    let (first, second) = order(number);
    for _ in 0..rounds {
        thread.checkpoint();
        thread.blocking(|| board.lock(number, first))?;
        thread.blocking(|| board.meet(number, LONG));
        let taken = thread.blocking(|| board.lock(number, second));
        if taken.is_ok() {
            // The naive locks are the program's own; the runtime's are taken one at a time, and for
            // the change alone.
            for object in objects {
                object.enter(thread, |total| **total += 1);
            }
            board.completes();
            board.gives_up(number, second);
        }
        board.gives_up(number, first);
        taken?;
    }
    Ok(())
}

/// With a section inside a section. It cannot be left to block: under a global lock the other
/// thread does not run meanwhile.
fn sections<S: Strategy>(
    objects: &[Object<S>; 2],
    number: usize,
    rounds: u32,
    board: &Board,
    thread: &mut Thread<S>,
) {
    let (first, second) = order(number);
    for _ in 0..rounds {
        thread.checkpoint();
        board.wants(number, first);
        objects[first].enter(thread, |outer| {
            board.has(number, first);
            board.meet(number, MOMENT);
            board.wants(number, second);
            outer.enter(&objects[second], |inner| {
                board.has(number, second);
                **inner += 1;
                board.gives_up(number, second);
            });
            **outer += 1;
            board.completes();
            board.gives_up(number, first);
        });
    }
}
