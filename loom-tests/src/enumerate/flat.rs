//! The states of an object under a count in one word: the number of references, and the threads
//! that hold them.

use super::start::{MOST_HELD, State, Step, held_after};

/// References that are held at the start at most.
const MOST: usize = 4;

/// The references that each thread holds. The count is the sum.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flat {
    held: Vec<usize>,
}

impl State for Flat {
    fn new(threads: usize) -> Self {
        let mut held = vec![0; threads];
        held[0] = 1;
        Flat { held }
    }

    fn after(&self, step: Step) -> Option<Self> {
        // No state of the object depends on which thread is attached.
        if matches!(step, Step::Checkpoint | Step::Leave) {
            return None;
        }
        let after = Flat { held: held_after(&self.held, step)? };
        (after.held.iter().sum::<usize>() > 0).then_some(after)
    }

    fn is_within_bounds(&self) -> bool {
        self.held.iter().all(|&held| held <= MOST_HELD) && self.held.iter().sum::<usize>() <= MOST
    }

    fn is_a_mirror_image(&self) -> bool {
        !self.held[1..].is_sorted_by(|one, two| one >= two)
    }

    fn is_attached(&self) -> bool {
        true
    }

    fn held(&self) -> &[usize] {
        &self.held
    }

    fn references(&self) -> usize {
        self.held.iter().sum()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::start::starts;
    use super::*;

    /// Every state within the bounds, by trying all there are.
    pub(in super::super) fn by_trial(threads: usize) -> Vec<Flat> {
        let threads = u32::try_from(threads).unwrap();
        let held = |number: usize| (0..threads).map(|thread| number / 3usize.pow(thread) % 3).collect();
        let mut found: Vec<Flat> =
            (0..3usize.pow(threads)).map(|number| Flat { held: held(number) }).collect();
        found.retain(|state| (1..=MOST).contains(&state.held.iter().sum()) && !state.is_a_mirror_image());
        found.sort();
        found
    }

    #[test]
    fn every_holding_is_reached() {
        for threads in [2, 3] {
            let by_steps: Vec<Flat> = starts(threads).into_iter().map(|start| start.state).collect();
            assert_eq!(by_steps, by_trial(threads), "{threads} threads");
        }
    }
}
