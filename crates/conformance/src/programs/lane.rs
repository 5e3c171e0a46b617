//! One thread of a program.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::Scope;

use keyway_object_model::testing::suspend_every_nested_entry;
use keyway_object_model::{Ref, Thread, attach};

use super::execution::Shared;
use super::node::Node;
use super::oracle::Oracle;
use super::program::{Id, Op, Ticket};
use crate::subject::Subject;

/// A lane's reference.
pub(crate) type Reference<U> = Ref<Node<<U as Subject>::Strategy>, <U as Subject>::Strategy>;

/// A thread of a program; handed from one OS thread to the next when it exits.
pub(crate) struct Lane<'p, U: Subject> {
    pub(crate) shared: &'p Shared<'p, U>,
    number: usize,
    steps: std::vec::IntoIter<Op>,
    pub(crate) references: Vec<Reference<U>>,
    /// In a program of one lane, the oracle runs along.
    oracle: Option<Oracle>,
}

/// Why an attachment ended.
enum Ended {
    Finished,
    Detach,
    Exit,
    Receive(Ticket),
}

impl<'p, U: Subject> Lane<'p, U> {
    pub(crate) fn new(shared: &'p Shared<'p, U>, number: usize) -> Self {
        let program = shared.program;
        let steps: Vec<_> =
            program.steps.iter().filter(|step| step.lane == number).map(|step| step.op).collect();
        let oracle = (program.lanes == 1).then(|| Oracle::new(program));
        Lane { shared, number, steps: steps.into_iter(), references: Vec::new(), oracle }
    }

    /// Starts the lane's next OS thread.
    pub(crate) fn start<'scope>(mut self, scope: &'scope Scope<'scope, '_>)
    where
        'p: 'scope,
    {
        scope.spawn(move || {
            let shared = self.shared;
            suspend_every_nested_entry(shared.program.suspends_every_nested_entry);
            match catch_unwind(AssertUnwindSafe(|| self.run())) {
                Ok(true) => self.start(scope),
                Ok(false) => drop(self),
                Err(panic) => shared.mail.fail(message(&*panic)),
            }
        });
    }

    /// Runs on this OS thread. True if another must go on.
    fn run(&mut self) -> bool {
        loop {
            match attach(|thread| self.stay(thread)) {
                Ended::Finished => {
                    self.references.clear();
                    return false;
                }
                Ended::Exit => return true,
                Ended::Detach => {}
                Ended::Receive(ticket) => self.references.extend(self.shared.mail.receive(ticket)),
            }
        }
    }

    /// Runs while attached.
    fn stay(&mut self, thread: &mut Thread<U::Strategy>) -> Ended {
        self.compare(thread);
        while let Some(op) = self.steps.next() {
            if let Some(oracle) = &mut self.oracle {
                oracle.apply(self.number, op);
            }
            match op {
                Op::Detach => return Ended::Detach,
                Op::Exit => return Ended::Exit,
                Op::Receive { ticket, detached: true } => return Ended::Receive(ticket),
                _ => self.carry_out(op, thread),
            }
            self.compare(thread);
        }
        if self.shared.program.drops_before_detaching {
            self.references.clear();
        }
        Ended::Finished
    }

    /// Checks every reference; in a program of one lane also all counts, and what has been
    /// destroyed.
    fn compare(&self, thread: &Thread<U::Strategy>) {
        for reference in &self.references {
            reference.check();
        }
        let Some(oracle) = &self.oracle else { return };
        let ids: Vec<Id> = self.references.iter().map(|reference| reference.id).collect();
        assert_eq!(ids, oracle.references(self.number), "the lane's references");
        for reference in &self.references {
            let expected = oracle.objects[reference.id as usize].count;
            assert_eq!(reference.count(thread), expected, "the count of object {}", reference.id);
        }
        for (id, model) in (0..).zip(&oracle.objects) {
            let destroyed = self.shared.tally.destroyed(id);
            assert_eq!(destroyed, usize::from(model.destroyed), "times that object {id} was destroyed");
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message").to_owned()
}
