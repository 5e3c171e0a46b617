//! The same program without threads, counts by hand.

use super::program::{Around, Id, Op, Pick, Program};

/// The oracle's record of an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) count: usize,
    pub(crate) destroyed: bool,
    pub(crate) sum: u64,
    /// The objects to which the contents have references.
    pub(crate) kept: Vec<Id>,
}

/// The state of a program that is run step by step.
#[derive(Debug)]
pub(crate) struct Oracle {
    pub(crate) objects: Vec<Model>,
    /// The references of each lane.
    lanes: Vec<Vec<Id>>,
    mail: Vec<Option<Id>>,
}

/// Which of `references` a number picks.
pub(crate) fn place(references: usize, pick: Pick) -> Option<usize> {
    usize::from(pick).checked_rem(references)
}

impl Oracle {
    pub(crate) fn new(program: &Program) -> Self {
        Oracle {
            objects: vec![Model::default(); program.objects()],
            lanes: vec![Vec::new(); program.lanes],
            mail: vec![None; program.tickets()],
        }
    }

    /// All objects as they are at their destruction.
    pub(crate) fn result(program: &Program) -> Vec<Model> {
        let mut oracle = Oracle::new(program);
        for step in &program.steps {
            oracle.apply(step.lane, step.op);
        }
        for lane in 0..program.lanes {
            oracle.end(lane);
        }
        for ticket in 0..oracle.mail.len() {
            oracle.mail[ticket].take().into_iter().for_each(|id| oracle.release(id));
        }
        oracle.objects
    }

    /// The objects to which a lane has references, in the lane's order.
    pub(crate) fn references(&self, lane: usize) -> &[Id] {
        &self.lanes[lane]
    }

    /// A lane drops all that it has left.
    pub(crate) fn end(&mut self, lane: usize) {
        for id in std::mem::take(&mut self.lanes[lane]) {
            self.release(id);
        }
    }

    pub(crate) fn apply(&mut self, lane: usize, op: Op) {
        match op {
            Op::Allocate(id) => {
                self.objects[id as usize].count = 1;
                self.lanes[lane].push(id);
            }
            Op::Receive { ticket, .. } => {
                let letter = self.mail[ticket].take();
                self.lanes[lane].extend(letter);
            }
            Op::Send { object, ticket } => self.mail[ticket] = self.take(lane, object),
            Op::Release(object, _) => {
                self.take(lane, object).into_iter().for_each(|id| self.release(id));
            }
            Op::DropInside { object, dropped } => {
                let dropped = self.take(lane, dropped);
                self.add(lane, object, 1);
                dropped.into_iter().for_each(|id| self.release(id));
            }
            Op::Checkpoint | Op::Blocking | Op::Detach | Op::Exit | Op::Follow(_) => {}
            Op::Clone(object) | Op::CloneUnattached(object) => {
                if let Some(id) = self.find(lane, object) {
                    self.objects[id as usize].count += 1;
                    self.lanes[lane].push(id);
                }
            }
            _ => self.apply_to_contents(lane, op),
        }
    }

    fn apply_to_contents(&mut self, lane: usize, op: Op) {
        match op {
            Op::Enter { object, add } => self.add(lane, object, add),
            Op::Keep { one, other } => self.keep(lane, one, other),
            Op::Nest { objects: [outer, middle, inner], add } => {
                self.add(lane, outer, add.wrapping_mul(2));
                self.add(lane, middle, add.wrapping_mul(2));
                self.add(lane, inner, add);
            }
            Op::Pair { one, other, add } => self.pair(lane, one, other, add),
            Op::Suspend { object, around, add } => {
                self.add(lane, object, add.wrapping_mul(2));
                self.around(lane, around, add);
            }
            Op::SuspendNested { outer, inner, around, add } => {
                self.add(lane, outer, add);
                self.add(lane, inner, add.wrapping_mul(2));
                self.around(lane, around, add);
            }
            _ => unreachable!("the others do not change contents"),
        }
    }

    fn around(&mut self, lane: usize, around: Around, add: u64) {
        match around {
            Around::Checkpoint | Around::Blocking => {}
            Around::Enter(object) => self.add(lane, object, add),
            Around::Pair(one, other) => self.pair(lane, one, other, add),
        }
    }

    fn find(&self, lane: usize, pick: Pick) -> Option<Id> {
        place(self.lanes[lane].len(), pick).map(|place| self.lanes[lane][place])
    }

    fn take(&mut self, lane: usize, pick: Pick) -> Option<Id> {
        place(self.lanes[lane].len(), pick).map(|place| self.lanes[lane].swap_remove(place))
    }

    fn add(&mut self, lane: usize, pick: Pick, add: u64) {
        if let Some(id) = self.find(lane, pick) {
            let object = &mut self.objects[id as usize];
            object.sum = object.sum.wrapping_add(add);
        }
    }

    fn pair(&mut self, lane: usize, one: Pick, other: Pick, add: u64) {
        if self.find(lane, one) != self.find(lane, other) {
            self.add(lane, one, add);
            self.add(lane, other, add.wrapping_mul(3));
        }
    }

    fn keep(&mut self, lane: usize, one: Pick, other: Pick) {
        let (Some(one), Some(other)) = (self.find(lane, one), self.find(lane, other)) else { return };
        if one != other {
            self.objects[one.min(other) as usize].count += 1;
            self.objects[one.max(other) as usize].kept.push(one.min(other));
        }
    }

    fn release(&mut self, id: Id) {
        let object = &mut self.objects[id as usize];
        object.count -= 1;
        if object.count == 0 {
            object.destroyed = true;
            for kept in object.kept.clone() {
                self.release(kept);
            }
        }
    }
}
