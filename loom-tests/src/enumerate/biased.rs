//! The states of an object under a biased count, with the transitions of its protocol.

use super::start::{MOST_HELD, State, Step, held_after};

/// Counts at the start lie between these.
const LEAST: i32 = -2;
const MOST: i32 = 4;

/// The state of one object: the words of its header, the queue, and the references that each thread
/// holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Biased {
    /// Whether the owner, thread 0, is attached. One that is not may come back or be gone for good.
    pub attached: bool,
    /// Whether the object still has an owner.
    pub merged: bool,
    /// What the owner counts.
    pub local: i32,
    /// What the others count.
    pub shared: i32,
    /// Whether the owner's queue has an entry for the object, which owns a reference.
    pub queued: bool,
    /// References that each thread holds.
    pub held: Vec<usize>,
}

impl Biased {
    /// The owner, or the thread that acts for it, ends the ownership and takes one reference away.
    fn merge(&mut self) {
        self.shared += self.local - 1;
        self.local = 0;
        self.merged = true;
    }

    fn retain(&mut self, by_owner: bool) {
        if by_owner && !self.merged { self.local += 1 } else { self.shared += 1 }
    }

    fn release(&mut self, by_owner: bool) {
        if self.merged {
            self.shared -= 1;
        } else if by_owner && self.local > 1 {
            self.local -= 1;
        } else if by_owner {
            self.merge();
        } else if self.shared != 0 || self.queued {
            self.shared -= 1;
        } else if self.attached {
            self.queued = true;
        } else {
            self.merge();
        }
    }

    /// The owner carries its queue out.
    fn drain(&mut self) {
        if self.queued && self.merged {
            self.shared -= 1;
        } else if self.queued {
            self.merge();
        }
        self.queued = false;
    }
}

impl State for Biased {
    fn new(threads: usize) -> Self {
        let mut held = vec![0; threads];
        held[0] = 1;
        Biased { attached: true, merged: false, local: 1, shared: 0, queued: false, held }
    }

    fn after(&self, step: Step) -> Option<Self> {
        let mut after = Biased { held: held_after(&self.held, step)?, ..self.clone() };
        match step {
            Step::Retain(thread) => after.retain(thread == 0 && self.attached),
            Step::Release(thread) => after.release(thread == 0 && self.attached),
            Step::Give(..) => {}
            Step::Checkpoint | Step::Leave if !self.attached => return None,
            Step::Checkpoint => after.drain(),
            Step::Leave => {
                after.drain();
                after.attached = false;
            }
        }
        (after.references() > 0).then_some(after)
    }

    fn is_within_bounds(&self) -> bool {
        let counts = [self.local, self.shared];
        self.held.iter().all(|&held| held <= MOST_HELD)
            && counts.iter().all(|count| (LEAST..=MOST).contains(count))
    }

    fn is_a_mirror_image(&self) -> bool {
        !self.held[1..].is_sorted_by(|one, two| one >= two)
    }

    fn is_attached(&self) -> bool {
        self.attached
    }

    fn held(&self) -> &[usize] {
        &self.held
    }

    fn references(&self) -> usize {
        self.held.iter().sum::<usize>() + usize::from(self.queued)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::start::starts;
    use super::*;

    /// Which states can be reached, said without any transition.
    fn is_reachable(state: &Biased) -> bool {
        let references = i32::try_from(state.references()).unwrap();
        references > 0
            && (state.attached || !state.queued)
            && if state.merged {
                state.local == 0 && state.shared == references
            } else {
                state.local > 0
                    && state.local + state.shared == references
                    && (state.queued || state.shared >= 0)
            }
    }

    /// Every state within the bounds that `is_reachable` allows, enumerated by trying all there
    /// are.
    pub(in super::super) fn by_trial(threads: usize) -> Vec<Biased> {
        let mut found = Vec::new();
        let holdings = 3usize.pow(u32::try_from(threads).unwrap());
        for number in 0..holdings {
            let held: Vec<usize> =
                (0..threads).map(|thread| number / 3usize.pow(thread as u32) % 3).collect();
            for bits in 0..8 {
                for local in LEAST..=MOST {
                    for shared in LEAST..=MOST {
                        let [attached, merged, queued] = [1, 2, 4].map(|bit| bits & bit != 0);
                        found.push(Biased { attached, merged, local, shared, queued, held: held.clone() });
                    }
                }
            }
        }
        found.retain(|state| is_reachable(state) && !state.is_a_mirror_image());
        found.sort();
        found
    }

    #[test]
    fn what_steps_reach_is_what_the_predicate_allows() {
        for threads in [2, 3] {
            let by_steps: Vec<Biased> = starts(threads).into_iter().map(|start| start.state).collect();
            assert_eq!(by_steps, by_trial(threads), "{threads} threads");
        }
    }

    #[test]
    fn no_step_leaves_the_predicate() {
        for threads in [2, 3] {
            for (state, step) in by_trial(threads)
                .iter()
                .flat_map(|state| Step::all(threads).into_iter().map(move |step| (state, step)))
            {
                if let Some(after) = state.after(step) {
                    assert!(is_reachable(&after), "{state:?} {step:?} {after:?}");
                }
            }
        }
    }
}
