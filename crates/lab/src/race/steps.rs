//! The steps of an interleaving, as a model tells them and as they are shown.

use serde::{Deserialize, Serialize};

use crate::output::table_of_words;

/// What a thread does in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Act {
    /// Makes the object, with one reference.
    Makes,
    /// Reads the count.
    Reads,
    /// Writes the count that it has worked out from the one it read.
    Writes,
    /// Has written zero, and so destroys the object.
    Destroys,
    /// Begins an operation on an object that has been destroyed.
    FindsDestroyed,
    /// Asks for the lock of an object's contents, and waits until it is free.
    Asks,
    /// Takes that lock.
    Takes,
    /// Gives that lock up.
    GivesUp,
}

/// One step of one thread.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) step: usize,
    pub(super) thread: String,
    pub(super) operation: String,
    pub(super) act: Act,
    pub(super) object: usize,
    pub(super) count_before: Option<u64>,
    pub(super) count_after: Option<u64>,
    /// References that there are after the step, whatever the count says.
    pub(super) references: Option<u64>,
}

impl Step {
    /// Whether a later step takes the lock that this one asks for.
    fn is_granted(&self, steps: &[Step]) -> bool {
        let grants =
            |step: &Step| step.act == Act::Takes && step.thread == self.thread && step.object == self.object;
        steps.iter().skip(self.step).any(grants)
    }

    fn words(&self, steps: &[Step]) -> String {
        let Step { object, .. } = self;
        let after = self.count_after.unwrap_or_default();
        match self.act {
            Act::Makes => format!("makes object {object}, with count {after}"),
            Act::Reads => format!("reads the count: {after}"),
            Act::Writes => format!("writes the count: {after}"),
            Act::Destroys => format!("has found the last reference gone, and destroys object {object}"),
            Act::FindsDestroyed => format!("touches object {object}, which has been destroyed"),
            Act::Asks if self.is_granted(steps) => format!("asks for the lock of object {object}"),
            Act::Asks => format!("asks for the lock of object {object}, and never gets it"),
            Act::Takes => format!("takes the lock of object {object}"),
            Act::GivesUp => format!("gives up the lock of object {object}"),
        }
    }

    fn count(&self) -> String {
        match (self.count_before, self.count_after) {
            (Some(before), Some(after)) => format!("{before} -> {after}"),
            _ => "-".to_owned(),
        }
    }
}

/// The steps one below the other, with what each does to the count.
pub(super) fn table(steps: &[Step]) -> String {
    let has_counts = steps.iter().any(|step| step.count_after.is_some());
    let mut lines = vec![
        vec!["step", "thread", "operation", "what the thread does"]
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>(),
    ];
    let line = |step: &Step| {
        vec![step.step.to_string(), step.thread.clone(), step.operation.clone(), step.words(steps)]
    };
    lines.extend(steps.iter().map(line));
    if has_counts {
        lines[0].extend(["count".to_owned(), "references".to_owned()]);
        for (line, step) in lines[1..].iter_mut().zip(steps) {
            line.push(step.count());
            line.push(step.references.map_or("-".to_owned(), |references| references.to_string()));
        }
    }
    table_of_words(&lines, 4)
}
