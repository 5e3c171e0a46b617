//! Start states: which thread holds which references, and the steps that lead there.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// References that one thread holds at most, at the start.
pub const MOST_HELD: usize = 2;

/// What one thread does on the way to a start state. Thread 0 made the object and is the only one
/// that is attached; the others are played by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The thread clones a reference.
    Retain(usize),
    /// The thread releases a reference.
    Release(usize),
    /// The first thread hands a reference over to the second. No count changes.
    Give(usize, usize),
    /// Thread 0 passes a checkpoint.
    Checkpoint,
    /// Thread 0 enters a blocking region.
    Leave,
}

impl Step {
    /// Every step of `threads` threads.
    pub fn all(threads: usize) -> Vec<Step> {
        let mut steps = vec![Step::Checkpoint, Step::Leave];
        for thread in 0..threads {
            steps.extend([Step::Retain(thread), Step::Release(thread)]);
            steps
                .extend((0..threads).filter(|&other| other != thread).map(|other| Step::Give(thread, other)));
        }
        steps
    }
}

/// The state of one object, as a strategy sees it.
pub trait State: Clone + Eq + Hash + Ord {
    /// A new object: thread 0 has one reference.
    fn new(threads: usize) -> Self;

    /// The state after a step; none if the step cannot be taken, or ends the object.
    fn after(&self, step: Step) -> Option<Self>;

    /// Whether the state is within the bounds of the enumeration.
    fn is_within_bounds(&self) -> bool;

    /// Whether it differs from another state only in the names of the threads but 0, and is not the
    /// one that is kept.
    fn is_a_mirror_image(&self) -> bool;

    /// Whether thread 0 is attached.
    fn is_attached(&self) -> bool;

    /// References that each thread holds.
    fn held(&self) -> &[usize];

    /// References that there are: those that are held, and those that a queue owns.
    fn references(&self) -> usize;
}

/// A state in which programs start.
#[derive(Clone, Debug)]
pub struct Start<S> {
    /// The state.
    pub state: S,
    /// How a new object gets there.
    pub path: Vec<Step>,
}

/// Every state within the bounds that a new object of `threads` threads can get into, mirror images
/// left out.
pub fn starts<S: State>(threads: usize) -> Vec<Start<S>> {
    let mut paths: HashMap<S, Vec<Step>> = HashMap::from([(S::new(threads), Vec::new())]);
    let mut next = VecDeque::from([S::new(threads)]);
    while let Some(state) = next.pop_front() {
        for step in Step::all(threads) {
            let Some(after) = state.after(step).filter(S::is_within_bounds) else { continue };
            if !paths.contains_key(&after) {
                let path = [paths[&state].as_slice(), &[step]].concat();
                paths.insert(after.clone(), path);
                next.push_back(after);
            }
        }
    }
    let mut starts: Vec<_> = paths.into_iter().map(|(state, path)| Start { state, path }).collect();
    starts.retain(|start| !start.state.is_a_mirror_image());
    starts.sort_by(|one, two| one.state.cmp(&two.state));
    starts
}

/// The references that each thread holds after a step, as far as that does not depend on the
/// strategy; none if the step cannot be taken.
pub fn held_after(held: &[usize], step: Step) -> Option<Vec<usize>> {
    let mut held = held.to_vec();
    match step {
        Step::Retain(thread) if held[thread] > 0 => held[thread] += 1,
        Step::Release(thread) if held[thread] > 0 => held[thread] -= 1,
        Step::Give(from, to) if held[from] > 0 => {
            held[from] -= 1;
            held[to] += 1;
        }
        Step::Checkpoint | Step::Leave => {}
        _ => return None,
    }
    Some(held)
}
