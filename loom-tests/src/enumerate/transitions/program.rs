//! What each thread does: its operations, and in which order they can come.

/// One operation of one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// Clones a reference.
    Clone,
    /// Drops a reference.
    Drop,
    /// Makes a reference of a weak one.
    Upgrade,
    /// Takes the contents if the reference is the only one.
    TryUnwrap,
    /// Makes an object and drops it.
    Make,
    /// Carries out what is queued: at a checkpoint if attached.
    Look,
    /// Asks to be woken when something is queued.
    Wake,
    /// Steps aside.
    StepAside,
    /// Attaches.
    Attach,
    /// Enters a blocking region.
    Block,
    /// Calls foreign code.
    Exclusive,
    /// Ends the innermost attachment, blocking region or call.
    Back,
    /// Exits; from then on only its thread-locals' destructors run.
    Exit,
}

impl Op {
    /// The operations of the thread that comes and goes.
    pub const OF_POINTERS: [Op; 12] = [
        Op::Clone,
        Op::Drop,
        Op::Upgrade,
        Op::Make,
        Op::Look,
        Op::Wake,
        Op::StepAside,
        Op::Attach,
        Op::Block,
        Op::Exclusive,
        Op::Back,
        Op::Exit,
    ];

    /// What the other thread does with its pointers.
    pub const OF_THE_OTHER: [Op; 4] = [Op::Clone, Op::Drop, Op::Upgrade, Op::TryUnwrap];

    /// The operations of a thread under a strategy of which no more is known than that it is one.
    pub const OF_TOKENS: [Op; 7] =
        [Op::Clone, Op::Drop, Op::Look, Op::Attach, Op::Block, Op::Exclusive, Op::Back];
}

/// Where a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// It has no token, and is in no blocking region.
    Out,
    /// It has a token.
    Attached,
    /// It is in a blocking region.
    Blocking,
    /// It is in an exclusive call.
    Exclusive,
    /// It has exited, and destroys its thread-locals.
    Gone,
}

impl Place {
    /// Whether the thread has a token here, lent or its own.
    pub fn has_token(self) -> bool {
        matches!(self, Place::Attached | Place::Exclusive)
    }
}

/// What a thread without a token can do beyond dropping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freedom {
    /// Nothing.
    Tokens,
    /// Clone.
    Counts,
    /// Make objects as well, and carry out what is queued.
    Pointers,
}

/// What is known of a thread before its next operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// References that it holds.
    pub held: usize,
    /// Weak references that it holds.
    pub weak: usize,
    /// Where it is: the outermost place first; [`Place::Out`] and [`Place::Gone`] are no part of
    /// it.
    pub places: Vec<Place>,
    /// Whether it has exited.
    pub gone: bool,
}

impl Position {
    /// A thread in these places that holds `held` references and `weak` weak ones.
    pub fn new(held: usize, weak: usize, places: &[Place]) -> Position {
        Position { held, weak, places: places.to_vec(), gone: false }
    }

    /// Where the thread is.
    pub fn place(&self) -> Place {
        if self.gone { Place::Gone } else { self.places.last().copied().unwrap_or(Place::Out) }
    }

    /// The position after an operation; none if the thread cannot carry it out.
    pub fn after(&self, op: Op, freedom: Freedom) -> Option<Position> {
        let place = self.place();
        let mut after = self.clone();
        let counts = freedom >= Freedom::Counts || place.has_token();
        let free = freedom == Freedom::Pointers;
        match op {
            Op::Clone if self.held > 0 && counts && place != Place::Gone => after.held += 1,
            Op::Drop | Op::TryUnwrap if self.held > 0 => after.held -= 1,
            Op::Upgrade if self.weak > 0 => after.held += 1,
            Op::Make if free => {}
            Op::Look if place == Place::Attached || free && place != Place::Gone => {}
            Op::Wake | Op::StepAside if place != Place::Gone => {}
            Op::Attach if matches!(place, Place::Out | Place::Blocking) => {
                after.places.push(Place::Attached);
            }
            Op::Block if place == Place::Attached => after.places.push(Place::Blocking),
            Op::Exclusive if place == Place::Attached => after.places.push(Place::Exclusive),
            Op::Back if place != Place::Gone => {
                after.places.pop()?;
            }
            Op::Exit if place == Place::Out => after.gone = true,
            _ => return None,
        }
        Some(after)
    }

    /// Every program of up to `length` operations from here.
    pub fn programs(&self, alphabet: &[Op], length: usize, freedom: Freedom) -> Vec<Vec<Op>> {
        let mut found = vec![Vec::new()];
        if length == 0 {
            return found;
        }
        for &op in alphabet {
            let Some(after) = self.after(op, freedom) else { continue };
            for mut rest in after.programs(alphabet, length - 1, freedom) {
                rest.insert(0, op);
                found.push(rest);
            }
        }
        found
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Programs counted without making any, and with the rules said the other way round: for each
    /// place, which operations there are.
    pub(in super::super) fn count(
        from: &Position,
        alphabet: &[Op],
        length: usize,
        freedom: Freedom,
    ) -> usize {
        let has = |op| usize::from(alphabet.contains(&op));
        if length == 0 {
            return 1;
        }
        let free = freedom == Freedom::Pointers;
        let next = |held: usize, places: &[Place], gone: bool| {
            let to = Position { held, weak: from.weak, places: places.to_vec(), gone };
            count(&to, alphabet, length - 1, freedom)
        };
        let (held, places) = (from.held, from.places.as_slice());
        let enter = |place| [places, &[place]].concat();
        let back = &places[..places.len().saturating_sub(1)];
        let mut total = 1;
        // What every place has.
        if held > 0 {
            total += (has(Op::Drop) + has(Op::TryUnwrap)) * next(held - 1, places, from.gone);
        }
        if from.weak > 0 {
            total += (has(Op::Upgrade)) * next(held + 1, places, from.gone);
        }
        if free {
            total += (has(Op::Make)) * next(held, places, from.gone);
        }
        if from.gone {
            return total;
        }
        total += (has(Op::Wake) + has(Op::StepAside)) * next(held, places, false);
        let token = places.last().is_some_and(|place| *place != Place::Blocking);
        if held > 0 && (freedom >= Freedom::Counts || token) {
            total += (has(Op::Clone)) * next(held + 1, places, false);
        }
        if free || places.last() == Some(&Place::Attached) {
            total += (has(Op::Look)) * next(held, places, false);
        }
        match places.last() {
            Some(Place::Attached) => {
                total += (has(Op::Block)) * next(held, &enter(Place::Blocking), false);
                total += (has(Op::Exclusive)) * next(held, &enter(Place::Exclusive), false);
            }
            Some(Place::Exclusive) => {}
            Some(_) => total += has(Op::Attach) * next(held, &enter(Place::Attached), false),
            None => {
                total += (has(Op::Attach)) * next(held, &enter(Place::Attached), false);
                total += (has(Op::Exit)) * next(held, &[], true);
            }
        }
        if !places.is_empty() {
            total += (has(Op::Back)) * next(held, back, false);
        }
        total
    }

    #[test]
    fn a_second_count_of_programs_agrees() {
        use Place::{Attached, Blocking, Exclusive};
        let places = [&[][..], &[Attached], &[Attached, Blocking], &[Attached, Exclusive]];
        for places in places {
            for (held, weak) in [(0, 0), (1, 0), (0, 1), (2, 1)] {
                let from = Position::new(held, weak, places);
                for alphabet in [&Op::OF_POINTERS[..], &Op::OF_THE_OTHER, &Op::OF_TOKENS] {
                    for freedom in [Freedom::Tokens, Freedom::Counts, Freedom::Pointers] {
                        for length in 0..4 {
                            let made = from.programs(alphabet, length, freedom).len();
                            let counted = count(&from, alphabet, length, freedom);
                            assert_eq!(made, counted, "{from:?} {alphabet:?} {freedom:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_thread_that_has_exited_only_destroys() {
        let exits = Position::new(1, 1, &[]).after(Op::Exit, Freedom::Pointers).unwrap();
        let programs = exits.programs(&Op::OF_POINTERS, 1, Freedom::Pointers);
        assert_eq!(programs, [vec![], vec![Op::Drop], vec![Op::Upgrade], vec![Op::Make]]);
    }

    /// The rows of the ledger: programs of two threads that hold one reference or none, not both
    /// none.
    #[test]
    fn a_second_count_of_programs_by_tokens_agrees() {
        let programs = |of: &dyn Fn(&Position, usize) -> usize, lengths: [usize; 2]| -> usize {
            let held = [(1, 0), (0, 1), (1, 1)];
            let each = held.map(|(mine, theirs)| {
                let mine = of(&Position::new(mine, 0, &[Place::Attached]), lengths[0]);
                mine * of(&Position::new(theirs, 0, &[]), lengths[1])
            });
            each.iter().sum()
        };
        for (lengths, freedom, expected) in [
            ([2, 2], Freedom::Tokens, 626),
            ([2, 2], Freedom::Counts, 842),
            ([2, 3], Freedom::Tokens, 2_106),
            ([2, 3], Freedom::Counts, 3_038),
            ([3, 3], Freedom::Tokens, 7_646),
            ([3, 3], Freedom::Counts, 11_382),
        ] {
            let made = |from: &Position, length| from.programs(&Op::OF_TOKENS, length, freedom).len();
            let counted = |from: &Position, length| count(from, &Op::OF_TOKENS, length, freedom);
            let both = (programs(&made, lengths), programs(&counted, lengths));
            assert_eq!(both, (expected, expected), "{lengths:?} {freedom:?}");
        }
    }
}
