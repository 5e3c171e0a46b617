//! All programs of pointers without a token, weak ones among them, from all start states.

use keyway_brc::{Shared, WeakCounts, WeakShared};
use keyway_object_model::counted;
use keyway_object_model::testing::{self, AsAnother};
use keyway_sync::thread::spawn;

use super::start::{State, Step, starts};
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

    /// Whether a thread can carry it out that holds so many references and weak ones.
    fn is_possible(self, thread: usize, held: usize, weak: usize) -> bool {
        match self {
            Op::Upgrade | Op::DropWeak => weak > 0,
            Op::Collect | Op::StepAside => thread == 0,
            _ => held > 0,
        }
    }
}

/// Explores one operation of thread 0 at the same time as one of another thread, from every start state in which each holds at most
/// so many references, with no weak reference or with one that each of them holds.
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

/// Brings an object into the start state and lets both threads run. What they hold at the end goes with thread 0.
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
    let weak = theirs.weak.first().cloned();
    drop(theirs);
    drop(mine);
    Shared::<(), S>::step_aside();
    assert!(weak.is_none_or(|weak| weak.upgrade().is_none()), "all references have gone");
    fate.assert_destroyed_once();
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
            let contents = Shared::as_ptr(&hands[who].pointers[0]);
            // SAFETY: not null, as the contents of a pointer.
            let address = unsafe { std::ptr::NonNull::new_unchecked(contents.cast_mut()) };
            // SAFETY: the pointer keeps the object alive.
            let object = unsafe { counted::object::<S>(address.cast()) };
            // SAFETY: as above.
            let _retained = unsafe { S::retain_as_another(object) };
            // SAFETY: counted just now.
            hands[who].pointers.push(unsafe { Shared::from_raw(contents) });
        }
        Step::Release(who) => {
            let contents = Shared::into_raw(hands[who].pointers.pop().expect("held")).cast_mut().cast();
            // SAFETY: not null, and kept alive by the reference.
            let contents = unsafe { std::ptr::NonNull::new_unchecked(contents) };
            // SAFETY: the reference was the pointer's.
            unsafe { testing::release_counted_as_another::<S>(contents) };
        }
        Step::Give(from, to) => {
            let given = hands[from].pointers.pop().expect("held");
            hands[to].pointers.push(given);
        }
        Step::Checkpoint => Shared::<(), S>::collect(),
        Step::Leave => Shared::<(), S>::step_aside(),
    }
}

fn carry_out<S: WeakCounts>(op: Op, hand: &mut Hand<S>) {
    match op {
        Op::Clone => hand.pointers.push(hand.pointers[0].clone()),
        Op::Drop => {
            let last = hand.pointers.pop().expect("held");
            assert_eq!(last.read(), 7, "an object is seen whole");
        }
        Op::Downgrade => hand.weak.push(Shared::downgrade(&hand.pointers[0])),
        Op::Upgrade => {
            let upgraded = hand.weak[0].upgrade();
            if let Some(upgraded) = &upgraded {
                assert_eq!(upgraded.read(), 7, "an object is seen whole");
            }
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
