//! How far an enumeration goes, and what is within it.

use super::program::{Op, Program, combinations, programs};

/// How far an enumeration goes.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Threads, the owner included.
    pub threads: usize,
    /// Operations of each thread, at most.
    pub length: usize,
    /// Whether the threads but the owner attach; then their alphabet is the whole one.
    pub others_attach: bool,
}

/// One operation each, one other thread, which does not attach.
pub const ONE_WITH_ONE: Extent = Extent { threads: 2, length: 1, others_attach: false };
/// One operation each, one other thread.
pub const ONE_WITH_ONE_ATTACHED: Extent = Extent { others_attach: true, ..ONE_WITH_ONE };
/// Two operations each, one other thread, which does not attach.
pub const TWO_WITH_ONE: Extent = Extent { length: 2, ..ONE_WITH_ONE };
/// Two operations each, one other thread.
pub const TWO_WITH_ONE_ATTACHED: Extent = Extent { others_attach: true, ..TWO_WITH_ONE };
/// One operation each, two other threads, which do not attach.
pub const ONE_WITH_TWO: Extent = Extent { threads: 3, ..ONE_WITH_ONE };
/// One operation each, two other threads.
pub const ONE_WITH_TWO_ATTACHED: Extent = Extent { others_attach: true, ..ONE_WITH_TWO };

impl Extent {
    /// The programs of all threads from one start state, given the references that each thread
    /// holds there and whether the owner is attached. Under a strategy that is `free`, a thread
    /// that is not attached can clone.
    pub fn programs_from(&self, held: &[usize], attached: bool, free: bool) -> Vec<Vec<Program>> {
        let of_each: Vec<Vec<Program>> = (0..self.threads)
            .map(|thread| match (thread, self.others_attach) {
                (0, _) => programs(&Op::ALL, self.length, held[0], attached, free),
                (_, true) => programs(&Op::ALL, self.length, held[thread], true, free),
                (_, false) => programs(&Op::UNATTACHED, self.length, held[thread], false, free),
            })
            .collect();
        combinations(&of_each, held)
    }
}

#[cfg(test)]
mod tests {
    use super::super::biased::{self, Biased};
    use super::super::flat::{self, Flat};
    use super::super::program;
    use super::super::start::{State, starts};
    use super::*;

    /// Start states and programs, by the enumerators that the models use.
    fn made<S: State>(extent: Extent, free: bool) -> (usize, usize) {
        let starts = starts::<S>(extent.threads);
        let programs = starts
            .iter()
            .map(|start| extent.programs_from(start.state.held(), start.state.is_attached(), free).len());
        (starts.len(), programs.sum())
    }

    /// The same numbers by other enumerators: states by trying all there are, programs counted
    /// without making any, and of threads that hold the same, unordered pairs.
    fn counted<S: State>(states: &[S], extent: Extent, free: bool) -> (usize, usize) {
        let programs = states.iter().map(|state| {
            let held = state.held();
            let of_owner = program::tests::count(&Op::ALL, extent.length, held[0], state.is_attached(), free);
            let of_other = |held: usize| match extent.others_attach {
                true => program::tests::count(&Op::ALL, extent.length, held, true, free),
                false => program::tests::count(&Op::UNATTACHED, extent.length, held, false, free),
            };
            of_owner
                * match held[1..] {
                    [one] => of_other(one),
                    [one, two] if one == two => of_other(one) * (of_other(one) + 1) / 2,
                    [one, two] => of_other(one) * of_other(two),
                    _ => unreachable!("two or three threads"),
                }
        });
        (states.len(), programs.sum())
    }

    /// The numbers in the rows of the ledger. A change of the enumeration has to change them here
    /// too.
    #[test]
    fn a_second_enumerator_gives_the_same_numbers_of_start_states_and_programs() {
        for (extent, of_biased, of_flat, of_flat_by_turns) in [
            (ONE_WITH_ONE, (95, 1_507), (8, 132), (8, 102)),
            (ONE_WITH_ONE_ATTACHED, (95, 2_451), (8, 216), (8, 216)),
            (TWO_WITH_ONE, (95, 17_234), (8, 1_506), (8, 787)),
            (TWO_WITH_ONE_ATTACHED, (95, 44_499), (8, 3_933), (8, 3_685)),
            (ONE_WITH_TWO, (204, 7_593), (14, 456), (14, 291)),
            (ONE_WITH_TWO_ATTACHED, (204, 20_175), (14, 1_314), (14, 1_314)),
        ] {
            assert_eq!(made::<Biased>(extent, true), of_biased, "{extent:?}");
            assert_eq!(made::<Flat>(extent, true), of_flat, "{extent:?}");
            assert_eq!(made::<Flat>(extent, false), of_flat_by_turns, "{extent:?}");
            let biased = biased::tests::by_trial(extent.threads);
            let flat = flat::tests::by_trial(extent.threads);
            assert_eq!(counted(&biased, extent, true), of_biased, "{extent:?}");
            assert_eq!(counted(&flat, extent, true), of_flat, "{extent:?}");
            assert_eq!(counted(&flat, extent, false), of_flat_by_turns, "{extent:?}");
        }
    }
}
