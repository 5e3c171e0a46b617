//! The programs of both threads from all start states, and the user code that runs on the way.

use super::super::start::{Start, State, Step, starts};
use super::program::{Freedom, Op, Place, Position};

/// What a thread with pointers can do.
const FREE: Freedom = Freedom::Pointers;

/// The actions of user code that runs in the middle of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Nothing.
    Nothing,
    /// Drops a reference.
    Drop,
    /// Makes an object, which another thread drops later.
    Make,
    /// Steps aside.
    StepAside,
    /// Attaches and detaches, if it can.
    Attach,
}

impl Deed {
    /// All but [`Deed::Nothing`].
    pub const ALL: [Deed; 4] = [Deed::Drop, Deed::Make, Deed::StepAside, Deed::Attach];

    /// Whether a thread without a token may be in the table after it, and not before, or the other
    /// way round.
    pub fn moves_the_thread(self) -> bool {
        matches!(self, Deed::Make | Deed::StepAside | Deed::Attach)
    }
}

/// By what an object is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By references, which count by the token if there is one.
    Reference,
    /// By pointers, which never do, and weak ones.
    Pointer,
}

/// One program of two threads.
#[derive(Clone, Debug)]
pub struct Case {
    /// By what the object is held.
    pub kind: Kind,
    /// How the object gets into its start state.
    pub path: Vec<Step>,
    /// Weak pointers of each thread.
    pub weak: usize,
    /// The action of the waker that the first thread has at the start; none if there is no waker
    /// then.
    pub waker: Option<Deed>,
    /// What the object's destructor does.
    pub destructor: Deed,
    /// Whether the first thread is in the table at the start.
    pub present: bool,
    /// Where the first thread is at the start.
    pub places: Vec<Place>,
    /// The operations of the first thread, which made the object.
    pub mine: Vec<Op>,
    /// What the other does.
    pub theirs: Vec<Op>,
}

/// Which user code runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guests {
    /// No guest runs.
    None,
    /// A waker that the first thread has at the start.
    Waker,
    /// The object's destructor.
    Destructor,
}

/// How far an enumeration goes.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// By what the object is held.
    pub kind: Kind,
    /// Which user code runs.
    pub guests: Guests,
    /// References that each thread holds at the start, at most.
    pub held: usize,
    /// Operations of the first thread, at most.
    pub mine: usize,
    /// Operations of the other, at most.
    pub theirs: usize,
}

impl Extent {
    /// The user code of each start, as the waker's and the destructor's.
    fn guests(self) -> Vec<(Option<Deed>, Deed)> {
        match self.guests {
            Guests::None => vec![(None, Deed::Nothing)],
            Guests::Waker => {
                [Deed::Nothing].into_iter().chain(Deed::ALL).map(|deed| (Some(deed), Deed::Nothing)).collect()
            }
            Guests::Destructor => Deed::ALL.into_iter().map(|deed| (None, deed)).collect(),
        }
    }

    /// How many weak pointers each thread may have at the start.
    fn weak(self) -> &'static [usize] {
        match self.kind {
            Kind::Reference => &[0],
            Kind::Pointer => &[0, 1],
        }
    }

    /// Where the first thread may be at the start, if it is in the table or not. A waker can only
    /// be had in the table.
    fn places(self, present: bool) -> &'static [&'static [Place]] {
        match (present, self.guests) {
            (true, _) => &[&[], &[Place::Attached]],
            (false, Guests::Waker) => &[],
            (false, _) => &[&[], &[Place::Attached, Place::Blocking]],
        }
    }

    /// The start states of the object that are within it.
    fn starts<T: State>(self) -> Vec<Start<T>> {
        let mut starts = starts::<T>(2);
        starts.retain(|start| start.state.held().iter().all(|held| *held <= self.held));
        starts
    }

    /// Every case from every start state. The cases of one start state come together.
    pub fn cases<T: State>(self) -> Vec<Vec<Case>> {
        let mut found = Vec::new();
        for start in self.starts::<T>() {
            for places in self.places(start.state.is_attached()) {
                for &weak in self.weak() {
                    for (waker, destructor) in self.guests() {
                        if waker == Some(Deed::Drop) && start.state.held().iter().all(|held| *held == 0) {
                            // Nobody has a reference of which the waker's could be made.
                            continue;
                        }
                        found.push(self.cases_of(&start, places, weak, (waker, destructor)));
                    }
                }
            }
        }
        found
    }

    fn cases_of<T: State>(
        self,
        start: &Start<T>,
        places: &[Place],
        weak: usize,
        (waker, destructor): (Option<Deed>, Deed),
    ) -> Vec<Case> {
        let [mine, theirs] = [0, 1].map(|thread| start.state.held()[thread]);
        let mine = Position::new(mine, weak, places).programs(&Op::OF_POINTERS, self.mine, FREE);
        let theirs = Position::new(theirs, weak, &[]).programs(self.alphabet(), self.theirs, FREE);
        let case = Case {
            kind: self.kind,
            path: start.path.clone(),
            weak,
            waker,
            destructor,
            present: start.state.is_attached(),
            places: places.to_vec(),
            mine: Vec::new(),
            theirs: Vec::new(),
        };
        let pairs = mine.iter().flat_map(|mine| theirs.iter().map(move |theirs| (mine, theirs)));
        pairs
            .map(|(mine, theirs)| Case { mine: mine.clone(), theirs: theirs.clone(), ..case.clone() })
            .collect()
    }

    /// What the other thread does: references have neither weak ones nor a way to the contents.
    fn alphabet(self) -> &'static [Op] {
        match self.kind {
            Kind::Reference => &[Op::Clone, Op::Drop],
            Kind::Pointer => &Op::OF_THE_OTHER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::biased::{self, Biased};
    use super::super::super::flat::{self, Flat};
    use super::super::program::tests::count;
    use super::*;

    fn made<T: State>(extent: Extent) -> (usize, usize) {
        let cases = extent.cases::<T>();
        (cases.len(), cases.iter().map(Vec::len).sum())
    }

    /// Start states and programs, by states that were found by trial and programs that were counted
    /// without making any.
    fn counted<T: State>(states: &[T], extent: Extent) -> (usize, usize) {
        let (mut starts, mut programs) = (0, 0);
        let few = |state: &&T| state.held().iter().all(|held| *held <= extent.held);
        for state in states.iter().filter(few) {
            let [mine, theirs] = [0, 1].map(|thread| state.held()[thread]);
            let of_guests = match extent.guests {
                Guests::None => 1,
                Guests::Waker if !state.is_attached() => 0,
                // A waker that drops takes a reference of which its own is cloned.
                Guests::Waker => 4 + usize::from(mine + theirs > 0),
                Guests::Destructor => 4,
            };
            let places: [&[Place]; 2] = match state.is_attached() {
                true => [&[], &[Place::Attached]],
                false => [&[], &[Place::Attached, Place::Blocking]],
            };
            let weak = if extent.kind == Kind::Pointer { 0..2 } else { 0..1 };
            for weak in weak {
                let alphabet: &[Op] = if extent.kind == Kind::Pointer {
                    &[Op::TryUnwrap, Op::Upgrade, Op::Drop, Op::Clone]
                } else {
                    &[Op::Drop, Op::Clone]
                };
                let theirs = count(&Position::new(theirs, weak, &[]), alphabet, extent.theirs, FREE);
                for places in places {
                    let from = Position::new(mine, weak, places);
                    starts += of_guests;
                    programs += of_guests * theirs * count(&from, &Op::OF_POINTERS, extent.mine, FREE);
                }
            }
        }
        (starts, programs)
    }

    /// The rows of the ledger: if the enumerations change, so do the numbers here.
    #[test]
    fn a_second_enumerator_gives_the_same_numbers_of_start_states_and_programs() {
        use Guests::{Destructor, None, Waker};
        use Kind::{Pointer, Reference};
        for (kind, guests, mine, of_biased, of_flat) in [
            (Pointer, None, 1, (132, 3_990), (12, 387)),
            (Pointer, Waker, 1, (504, 15_234), (60, 1_935)),
            (Pointer, Destructor, 1, (528, 15_960), (48, 1_548)),
            (Pointer, None, 2, (132, 31_560), (12, 3_076)),
            (Pointer, Waker, 2, (504, 120_909), (60, 15_380)),
            (Pointer, Destructor, 2, (528, 126_240), (48, 12_304)),
            (Reference, None, 1, (66, 1_246), (6, 121)),
            (Reference, Waker, 1, (252, 4_760), (30, 605)),
            (Reference, Destructor, 1, (264, 4_984), (24, 484)),
            (Reference, None, 2, (66, 9_014), (6, 880)),
            (Reference, Waker, 2, (252, 34_537), (30, 4_400)),
            (Reference, Destructor, 2, (264, 36_056), (24, 3_520)),
        ] {
            let extent = Extent { kind, guests, held: 1, mine, theirs: 1 };
            assert_eq!(made::<Biased>(extent), of_biased, "{extent:?}");
            assert_eq!(made::<Flat>(extent), of_flat, "{extent:?}");
            assert_eq!(counted(&biased::tests::by_trial(2), extent), of_biased, "{extent:?}");
            assert_eq!(counted(&flat::tests::by_trial(2), extent), of_flat, "{extent:?}");
        }
    }
}
