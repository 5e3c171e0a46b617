//! All programs of pointers without a token, weak ones among them, from all start states.

use keyway_brc::{Shared, WeakCounts, WeakShared};
use keyway_object_model::testing::AsAnother;
use keyway_sync::thread::spawn;

use super::start::{State, Step, starts};
use crate::as_another::{clone_as_another, drop_as_another};
use crate::model::Explorer;
use crate::payload::{Fate, Payload};

/// What one thread holds.
struct Hand<S: WeakCounts> {
    pointers: Vec<Shared<Payload, S>>,
    weak: Vec<WeakShared<Payload, S>>,
}

/// One operation of one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Clone,
    Drop,
    Downgrade,
    Upgrade,
    DropWeak,
    GetMut,
    TryUnwrap,
    IntoInner,
    /// Carries out what is queued.
    Collect,
    /// Leaves the table.
    StepAside,
}

impl Op {
    const ALL: [Op; 10] = [
        Op::Clone,
        Op::Drop,
        Op::Downgrade,
        Op::Upgrade,
        Op::DropWeak,
        Op::GetMut,
        Op::TryUnwrap,
        Op::IntoInner,
        Op::Collect,
        Op::StepAside,
    ];

    /// Whether a thread with `held` references and `weak` weak ones can carry it out.
    fn is_possible(self, thread: usize, held: usize, weak: usize) -> bool {
        match self {
            Op::Upgrade | Op::DropWeak => weak > 0,
            Op::Collect | Op::StepAside => thread == 0,
            _ => held > 0,
        }
    }
}

/// Explores one operation of thread 0 at the same time as one of another thread, from every start
/// state in which each holds at most `most_held` references, with no weak reference or with one
/// that each of them holds.
pub(crate) fn every_program<S: WeakCounts + AsAnother, T: State>(explorer: &mut Explorer, most_held: usize) {
    for start in starts::<T>(2) {
        if start.state.held().iter().any(|held| *held > most_held) {
            continue;
        }
        for weak in [0, 1] {
            explorer.count_start_state();
            let possible = |thread: usize| {
                let held = start.state.held()[thread];
                Op::ALL.into_iter().filter(move |op| op.is_possible(thread, held, weak))
            };
            for first in possible(0) {
                for second in possible(1) {
                    let path = start.path.clone();
                    explorer.explore(move || run::<S>(&path, weak, [first, second]));
                }
            }
        }
    }
}

/// Brings an object into the start state and lets both threads run.
fn run<S: WeakCounts + AsAnother>(path: &[Step], weak: usize, ops: [Op; 2]) {
    let fate = Fate::new();
    let first = Shared::<_, S>::new(fate.payload(7));
    let mut hands = [(); 2].map(|()| Hand {
        pointers: Vec::new(),
        weak: (0..weak).map(|_| Shared::downgrade(&first)).collect(),
    });
    hands[0].pointers.push(first);
    for step in path {
        take(*step, &mut hands);
    }
    let [mut mine, mut theirs] = hands;
    let other = spawn(move || {
        carry_out(ops[1], &mut theirs);
        theirs
    });
    carry_out(ops[0], &mut mine);
    let theirs = other.join().expect("the thread has not panicked");
    end(mine, theirs);
    fate.assert_destroyed_once();
}

/// At the end of both threads' programs, after their queues have been carried out, drops all but
/// one pointer: then that one is the only one, as another thread sees it, if there are no weak
/// ones, and as thread 0 does.
fn end<S: WeakCounts>(mut mine: Hand<S>, theirs: Hand<S>) {
    Shared::<(), S>::collect();
    mine.pointers.extend(theirs.pointers);
    let weak = mine.weak.into_iter().chain(theirs.weak).next();
    let Some(mut last) = mine.pointers.pop() else {
        Shared::<(), S>::step_aside();
        return assert!(weak.is_none_or(|weak| weak.upgrade().is_none()), "all references have gone");
    };
    drop(mine.pointers);
    if let Some(weak) = weak {
        assert!(
            Shared::try_unwrap(last).is_ok(),
            "rule broken: the only reference does not get the contents"
        );
        assert!(weak.upgrade().is_none(), "all references have gone");
    } else {
        let another = spawn(move || {
            let is_alone = Shared::get_mut(&mut last).is_some();
            (last, is_alone)
        });
        let (last, is_alone) = another.join().expect("the thread has not panicked");
        assert!(is_alone, "rule broken: the only reference is not alone");
        drop(last);
    }
    Shared::<(), S>::step_aside();
}

/// Takes one step towards a start state; thread 0 plays the others.
fn take<S: WeakCounts + AsAnother>(step: Step, hands: &mut [Hand<S>; 2]) {
    match step {
        Step::Retain(0) => {
            let more = hands[0].pointers[0].clone();
            hands[0].pointers.push(more);
        }
        Step::Release(0) => drop(hands[0].pointers.pop().expect("held")),
        Step::Retain(who) => {
            let more = clone_as_another(&hands[who].pointers[0]);
            hands[who].pointers.push(more);
        }
        Step::Release(who) => drop_as_another(hands[who].pointers.pop().expect("held")),
        Step::Give(from, to) => {
            let given = hands[from].pointers.pop().expect("held");
            hands[to].pointers.push(given);
        }
        Step::Checkpoint => Shared::<(), S>::collect(),
        Step::Leave => Shared::<(), S>::step_aside(),
    }
}

/// A thread that has a pointer uses it first, so that each use has to be ordered before the others'
/// later operations.
fn carry_out<S: WeakCounts>(op: Op, hand: &mut Hand<S>) {
    hand.pointers.iter().for_each(read);
    match op {
        Op::Clone => hand.pointers.push(hand.pointers[0].clone()),
        Op::Drop => drop(hand.pointers.pop().expect("held")),
        Op::Downgrade => hand.weak.push(Shared::downgrade(&hand.pointers[0])),
        Op::Upgrade => {
            let upgraded = hand.weak[0].upgrade();
            upgraded.iter().for_each(read);
            let has_none = hand.pointers.is_empty();
            assert!(upgraded.is_some() || has_none, "rule broken: no upgrade while there is a reference");
            hand.pointers.extend(upgraded);
        }
        Op::DropWeak => drop(hand.weak.pop()),
        Op::GetMut => {
            if let Some(contents) = Shared::get_mut(&mut hand.pointers[0]) {
                contents.write();
            }
        }
        Op::TryUnwrap => match Shared::try_unwrap(hand.pointers.pop().expect("held")) {
            Ok(mut contents) => contents.write(),
            Err(pointer) => hand.pointers.push(pointer),
        },
        Op::IntoInner => {
            if let Some(mut contents) = Shared::into_inner(hand.pointers.pop().expect("held")) {
                contents.write();
            }
        }
        Op::Collect => Shared::<(), S>::collect(),
        Op::StepAside => Shared::<(), S>::step_aside(),
    }
}

fn read<S: WeakCounts>(pointer: &Shared<Payload, S>) {
    assert_eq!(pointer.read(), 7, "an object is seen whole");
}
