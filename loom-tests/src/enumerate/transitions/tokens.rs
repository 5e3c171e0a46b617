//! Two threads that attach, block and call foreign code, under any strategy.

use std::slice::Iter;

use keyway::{Ref, Strategy, Thread, attach};
use keyway_object_model::ContentsLock;
use keyway_sync::thread::{JoinHandle, spawn};

use super::super::flat::Flat;
use super::super::start::{State, starts};
use super::program::{Freedom, Op, Place, Position};
use crate::model::Explorer;
use crate::payload::{Fate, Payload};
use crate::scenarios::exclusive::Foreign;

type Hand<S> = Vec<Ref<Payload, S>>;

/// How a thread without a token clones a reference; none under a strategy where it cannot.
pub(crate) type CloneAnywhere<S> = Option<fn(&Ref<Payload, S>) -> Ref<Payload, S>>;

/// Explores every program of up to `mine` operations of a thread that is attached and has made an
/// object, with every program of up to `theirs` of another that is not attached.
pub(crate) fn every_program<S: Strategy>(
    explorer: &mut Explorer,
    (mine, theirs): (usize, usize),
    clone: CloneAnywhere<S>,
) {
    let freedom = if clone.is_some() { Freedom::Counts } else { Freedom::Tokens };
    for start in starts::<Flat>(2) {
        let [held, held_there] = [0, 1].map(|thread| start.state.held()[thread]);
        if held > 1 || held_there > 1 {
            continue;
        }
        explorer.count_start_state();
        let first = Position::new(held, 0, &[Place::Attached]);
        let second = Position::new(held_there, 0, &[]);
        for mine in first.programs(&Op::OF_TOKENS, mine, freedom) {
            for theirs in second.programs(&Op::OF_TOKENS, theirs, freedom) {
                explorer.tell(&(held, held_there, &mine, &theirs));
                let mine = mine.clone();
                explorer.explore(move || run([held, held_there], &mine, theirs.clone(), clone));
            }
        }
    }
}

/// A thread of a program.
struct Runner<S: Strategy> {
    hand: Hand<S>,
    foreign: Foreign,
    clone: CloneAnywhere<S>,
    /// What the first thread has to look after at the end of its program.
    rest: Option<Rest<S>>,
}

/// The other thread, and an object of the first that nobody touches until the end.
struct Rest<S: Strategy> {
    other: JoinHandle<Hand<S>>,
    fate: Fate,
    witness: Ref<Payload, S>,
    fate_of_witness: Fate,
    /// Calls of foreign code in both programs.
    calls: u32,
}

/// Where the thread is, with its token.
enum Here<'a, S: Strategy> {
    Out,
    Attached(&'a mut Thread<S>),
    Blocking,
    Exclusive(&'a Thread<S>),
}

fn run<S: Strategy>(held: [usize; 2], mine: &[Op], theirs: Vec<Op>, clone: CloneAnywhere<S>) {
    let (fate, fate_of_witness, foreign) = (Fate::new(), Fate::new(), Foreign::new());
    let calls = mine.iter().chain(&theirs).filter(|op| **op == Op::Exclusive).count();
    let mut runner = Runner { hand: Vec::new(), foreign: foreign.clone(), clone, rest: None };
    let mut ops = mine.iter();
    attach::<S, _>(|thread| {
        let first = thread.alloc(fate.payload(7));
        let [mine, hand] = held.map(|held| (0..held).map(|_| first.clone_ref(thread)).collect::<Hand<S>>());
        first.release(thread);
        let mut second = Runner { hand, foreign, clone, rest: None };
        let other = spawn(move || {
            second.go(Here::Out, &mut theirs.iter());
            second.hand
        });
        runner.hand = mine;
        runner.rest = Some(Rest {
            other,
            fate: fate.clone(),
            witness: thread.alloc(fate_of_witness.payload(7)),
            fate_of_witness: fate_of_witness.clone(),
            calls: u32::try_from(calls).expect("a short program"),
        });
        runner.go(Here::Attached(thread), &mut ops);
    });
    // Behind the attachment the program may go on; or it is over, and this is nothing.
    runner.go(Here::Out, &mut ops);
    fate.assert_destroyed_once();
    fate_of_witness.assert_destroyed_once();
}

/// Whether no more than one thread is attached at a time.
fn by_turns<S: Strategy>() -> bool {
    !<S::Lock as ContentsLock>::LOCKS
}

impl<S: Strategy> Runner<S> {
    /// Runs the program from here, until it leaves this place.
    fn go(&mut self, mut here: Here<'_, S>, ops: &mut Iter<'_, Op>) {
        while let Some(&op) = ops.next() {
            match (op, &mut here) {
                (Op::Back, _) => return,
                (Op::Attach, _) => attach::<S, _>(|thread| self.go(Here::Attached(thread), ops)),
                (Op::Block, Here::Attached(thread)) => thread.blocking(|| self.go(Here::Blocking, ops)),
                (Op::Exclusive, Here::Attached(thread)) => thread.exclusive(|thread| {
                    self.foreign.call();
                    self.go(Here::Exclusive(thread), ops);
                }),
                _ => self.carry_out(op, &mut here),
            }
        }
        if Runner::may_wait(&here)
            && let Some(rest) = self.rest.take()
        {
            self.end(rest, &mut here);
        }
    }

    fn carry_out(&mut self, op: Op, here: &mut Here<'_, S>) {
        self.hand.iter().for_each(|held| assert_eq!(held.read(), 7, "an object is seen whole"));
        match (op, here) {
            (Op::Look, Here::Attached(thread)) => thread.checkpoint(),
            (Op::Clone, Here::Attached(thread)) => self.hand.push(self.hand[0].clone_ref(thread)),
            (Op::Clone, Here::Exclusive(thread)) => self.hand.push(self.hand[0].clone_ref(thread)),
            (Op::Clone, _) => {
                let clone = self.clone.expect("no such program is made");
                self.hand.push(clone(&self.hand[0]));
            }
            (Op::Drop, Here::Attached(thread)) => self.hand.pop().expect("held").release(thread),
            (Op::Drop, Here::Exclusive(thread)) => self.hand.pop().expect("held").release(thread),
            (Op::Drop, _) => drop(self.hand.pop()),
            _ => unreachable!("no such program is made"),
        }
    }

    /// Whether the others can go on while this thread waits here.
    fn may_wait(here: &Here<'_, S>) -> bool {
        match here {
            Here::Out => true,
            Here::Attached(_) => !by_turns::<S>(),
            // Under `SingleThread` the claim lasts through a blocking region.
            Here::Blocking => S::runtime().id != "single-thread",
            Here::Exclusive(_) => false,
        }
    }

    /// The program is at its end. Another thread drops all that is not this one's, and an object
    /// that this one has made besides.
    fn end(&mut self, rest: Rest<S>, here: &mut Here<'_, S>) {
        let mut held = rest.other.join().expect("the thread has not panicked");
        held.push(rest.witness);
        let another = spawn(move || {
            drop(held);
            if by_turns::<S>() {
                attach::<S, _>(|_| ());
            }
        });
        another.join().expect("the thread has not panicked");
        self.foreign.assert_called(rest.calls);
        if !matches!(here, Here::Attached(_)) {
            // Nothing waits for a thread that is not attached.
            rest.fate_of_witness.assert_destroyed_once();
            if self.hand.is_empty() {
                rest.fate.assert_destroyed_once();
            }
        }
        self.drop_the_last(&rest.fate, here);
        if let Here::Attached(thread) = here {
            thread.checkpoint();
        }
        rest.fate_of_witness.assert_destroyed_once();
        rest.fate.assert_destroyed_once();
    }

    /// This thread drops what it holds, which is the last. Then the object has gone.
    fn drop_the_last(&mut self, fate: &Fate, here: &Here<'_, S>) {
        let held = std::mem::take(&mut self.hand);
        let Some(first) = held.first() else { return };
        if let Here::Attached(thread) = here {
            let (count, least) = (first.count(thread), held.len());
            // One may be the queue's.
            assert!((least..=least + 1).contains(&count), "rule broken: a count of {count}, of {least}");
        }
        drop(held);
        if by_turns::<S>() {
            attach::<S, _>(|_| ());
        }
        fate.assert_destroyed_once();
    }
}
