//! Running one case under loom.

use std::slice::Iter;
use std::sync::Arc;

use keyway::{Thread, attach};
use keyway_brc::Shared;
use keyway_sync::thread::{JoinHandle, spawn};

use super::super::start::{State, Step};
use super::case::{Case, Deed, Extent, Kind};
use super::guest::{Bell, Guest, Shelf, waker};
use super::handle::{Contents, Exits, Handle, Weak};
use super::program::{Op, Place};
use crate::model::Explorer;
use crate::payload::Fate;

/// Explores every case within the extent.
pub(crate) fn every_case<S: Exits, T: State>(explorer: &mut Explorer, extent: Extent) {
    for cases in extent.cases::<T>() {
        explorer.count_start_state();
        for case in cases {
            explorer.tell(&case);
            explorer.explore(move || run::<S>(&case));
        }
    }
}

/// What one thread holds.
pub(super) struct Hand<S: Exits> {
    pub(super) held: Vec<Handle<S>>,
    pub(super) weak: Vec<Weak<S>>,
}

impl<S: Exits> Hand<S> {
    /// Does something with the object. A thread that has a reference uses it first. An operation
    /// for which there is no reference any more is passed over: the others may have taken the
    /// contents.
    fn carry_out(&mut self, op: Op) {
        self.held.iter().for_each(Handle::read);
        match op {
            Op::Clone => self.held.extend(self.held.first().cloned()),
            Op::Drop => drop(self.held.pop()),
            Op::Upgrade => {
                let upgraded = self.weak[0].upgrade().map(Handle::Pointer);
                upgraded.iter().for_each(Handle::read);
                let has_none = self.held.is_empty();
                assert!(upgraded.is_some() || has_none, "rule broken: no upgrade while there is a reference");
                self.held.extend(upgraded);
            }
            Op::TryUnwrap => {
                let back = self.held.pop().and_then(Handle::try_unwrap);
                self.held.extend(back);
            }
            _ => unreachable!("not an operation on the object"),
        }
    }
}

/// Whether a thread is in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Absent,
    Present,
    /// User code has run that may have changed it.
    Unknown,
}

/// Where the first thread is, with its token.
pub(super) enum Here<'a, S: Exits> {
    Out,
    Attached(&'a mut Thread<S>),
    Blocking,
    Exclusive(&'a Thread<S>),
    Gone,
}

/// The thread that has made the object, and a second one that nobody touches until the end.
pub(super) struct Maker<S: Exits> {
    kind: Kind,
    pub(super) hand: Hand<S>,
    pub(super) presence: Presence,
    /// Whether user code may change that behind the program's back.
    pub(super) is_moved: bool,
    /// Rung by the waker that is in force, if there surely is one.
    pub(super) bell: Option<Arc<Bell>>,
    pub(super) fate: Fate,
    pub(super) witness: Option<Handle<S>>,
    pub(super) fate_of_witness: Fate,
    /// Of all else that the thread has made.
    pub(super) fates: Vec<Fate>,
    /// Of what user code has made, and another thread has dropped since.
    pub(super) fates_of_guests: Vec<Fate>,
    pub(super) shelf: Shelf<S>,
    /// What the other thread begins with, until it does.
    theirs: Option<Hand<S>>,
    pub(super) other: Option<JoinHandle<Hand<S>>>,
    is_over: bool,
}

fn run<S: Exits>(case: &Case) {
    let mut maker = Maker::<S>::new(case);
    let enter = case.places.iter().map(|place| match place {
        Place::Attached => Op::Attach,
        Place::Blocking => Op::Block,
        _ => unreachable!("no start"),
    });
    let ops: Vec<Op> = enter.chain(case.mine.iter().copied()).collect();
    maker.go(Here::Out, &mut ops.iter(), case);
    maker.finish();
}

impl<S: Exits> Maker<S> {
    /// Brings the object into its start state; thread 0 plays the other.
    fn new(case: &Case) -> Self {
        let (kind, fate, fate_of_witness, shelf) = (case.kind, Fate::new(), Fate::new(), Shelf::new());
        let plain = |fate: &Fate| Handle::new(kind, Contents::new(fate, Guest::Nothing));
        let mut fates = Vec::new();
        let guest = Guest::new(case.destructor, kind, &shelf, || {
            fates.push(Fate::new());
            plain(&fates[0])
        });
        let witness = Some(plain(&fate_of_witness));
        let first = Handle::new(kind, Contents::new(&fate, guest));
        let weak = || (0..case.weak).map(|_| first.downgrade()).collect();
        let weak = [weak(), weak()];
        let mut hands = weak.map(|weak| Hand { held: Vec::new(), weak });
        hands[0].held.push(first);
        case.path.iter().for_each(|step| take(*step, &mut hands));
        let [hand, theirs] = hands;
        let is_moved = case.destructor.moves_the_thread() || case.waker.is_some_and(Deed::moves_the_thread);
        Maker {
            kind,
            hand,
            presence: if case.present { Presence::Present } else { Presence::Absent },
            is_moved,
            bell: None,
            fate,
            witness,
            fate_of_witness,
            fates,
            fates_of_guests: Vec::new(),
            shelf,
            theirs: Some(theirs),
            other: None,
            is_over: false,
        }
    }

    /// Sets the waker that there is at the start, and starts the other thread.
    fn begin(&mut self, case: &Case) {
        let mut theirs = self.theirs.take().expect("begun once");
        if let Some(deed) = case.waker {
            let guest = Guest::new(deed, self.kind, &self.shelf, || {
                let held = self.hand.held.first().or(theirs.held.first());
                held.expect("no case without a reference has such a waker").clone()
            });
            self.ask_to_be_woken(guest);
            if case.places.is_empty() {
                // Woken at once, here, if something is queued already.
                self.may_be_moved();
            }
        }
        let program = case.theirs.clone();
        self.other = Some(spawn(move || {
            program.iter().for_each(|op| theirs.carry_out(*op));
            S::exit();
            theirs
        }));
    }

    fn ask_to_be_woken(&mut self, guest: Guest<S>) {
        // A bell of its own: the entries of which the former waker was told are told anew.
        let bell = Bell::new();
        Shared::<(), S>::wake_when_queued(Some(waker(&bell, guest)));
        self.bell = Some(bell);
    }

    /// Runs the program from here, until it leaves this place; at its end, the ending.
    fn go(&mut self, mut here: Here<'_, S>, ops: &mut Iter<'_, Op>, case: &Case) {
        loop {
            if self.theirs.is_some() && ops.len() == case.mine.len() {
                self.begin(case);
            }
            let Some(&op) = ops.next() else { break };
            match (op, &mut here) {
                (Op::Back, _) => return,
                (Op::Attach, _) => {
                    attach::<S, _>(|thread| {
                        self.presence = Presence::Present;
                        self.go(Here::Attached(thread), ops, case);
                    });
                    self.leaves();
                }
                (Op::Block, Here::Attached(thread)) => {
                    thread.blocking(|| {
                        // Whatever user code has run on the way, here and where else a thread
                        // leaves.
                        self.leaves();
                        self.go(Here::Blocking, ops, case);
                    });
                    self.leaves();
                    self.presence = Presence::Present;
                }
                (Op::Exclusive, Here::Attached(thread)) => {
                    thread.exclusive(|thread| self.go(Here::Exclusive(thread), ops, case));
                }
                (Op::Exit, _) => {
                    S::exit();
                    self.leaves();
                    here = Here::Gone;
                }
                _ => self.carry_out(op, &mut here),
            }
        }
        // Where the others may have to wait, the program's end is the call's.
        if !self.is_over && !matches!(here, Here::Exclusive(_)) {
            self.is_over = true;
            self.end(&mut here);
        }
    }

    /// An operation that does not change the place.
    fn carry_out(&mut self, op: Op, here: &mut Here<'_, S>) {
        let has_token = matches!(here, Here::Attached(_) | Here::Exclusive(_));
        match op {
            // An object that is made in a blocking region has no owner, and the thread stays where
            // it is.
            Op::Make => {
                self.make(here);
                if matches!(here, Here::Out) {
                    self.presence = Presence::Present;
                }
            }
            Op::Look => self.look(here),
            Op::Wake => {
                self.ask_to_be_woken(Guest::Nothing);
                self.presence = Presence::Present;
            }
            Op::StepAside => {
                Shared::<(), S>::step_aside();
                if !has_token {
                    self.leaves();
                }
                return;
            }
            _ => self.hand.carry_out(op),
        }
        if !has_token && !matches!(here, Here::Gone) {
            self.may_be_moved();
        }
    }

    fn make(&mut self, here: &Here<'_, S>) {
        let fate = Fate::new();
        let contents = Contents::new(&fate, Guest::Nothing);
        match (self.kind, here) {
            (Kind::Reference, Here::Attached(thread)) => thread.alloc(contents).release(thread),
            (Kind::Reference, Here::Exclusive(thread)) => thread.alloc(contents).release(thread),
            _ => drop(Handle::<S>::new(self.kind, contents)),
        }
        self.fates.push(fate);
    }

    /// Carries out what is queued.
    pub(super) fn look(&mut self, here: &mut Here<'_, S>) {
        self.bell.iter().for_each(|bell| bell.clear());
        match here {
            Here::Attached(thread) => thread.checkpoint(),
            _ => Shared::<(), S>::collect(),
        }
    }

    /// The thread leaves the table, and with it its waker goes.
    fn leaves(&mut self) {
        self.presence = Presence::Absent;
        self.bell = None;
    }

    /// User code may have run, without a token that would keep the thread where it is.
    pub(super) fn may_be_moved(&mut self) {
        if self.is_moved {
            self.presence = Presence::Unknown;
            self.bell = None;
        }
    }
}

/// Takes one step towards a start state.
fn take<S: Exits>(step: Step, hands: &mut [Hand<S>; 2]) {
    match step {
        Step::Retain(0) => hands[0].held.extend(hands[0].held.first().cloned()),
        Step::Release(0) => drop(hands[0].held.pop()),
        Step::Retain(who) => {
            let more = hands[who].held[0].clone_as_another();
            hands[who].held.push(more);
        }
        Step::Release(who) => hands[who].held.pop().expect("held").drop_as_another(),
        Step::Give(from, to) => {
            let given = hands[from].held.pop().expect("held");
            hands[to].held.push(given);
        }
        Step::Checkpoint => Shared::<(), S>::collect(),
        Step::Leave => Shared::<(), S>::step_aside(),
    }
}
