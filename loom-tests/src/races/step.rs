//! A step of an interleaving, in the words of the object model.

use serde::{Deserialize, Serialize};

/// What a thread does in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its place in the interleaving, from 1.
    pub step: usize,
    /// The thread, `A` for the one that took the first step, and so on.
    pub thread: String,
    /// The operation of which it is a part: `alloc`, `retain`, `release` or `section`.
    pub operation: String,
    /// What the thread does.
    pub act: Act,
    /// The object, numbered from 1 in the order in which they were made.
    pub object: usize,
    /// The count before the step; none if the step is not about a count.
    pub count_before: Option<u64>,
    /// The count after the step.
    pub count_after: Option<u64>,
    /// References to the object that there are after the step, whatever the count says.
    pub references: Option<u64>,
}

impl Step {
    /// What a child's line with a step starts with.
    const MARK: &str = "keyway-step: ";

    /// Prints the step for the parent process.
    pub fn report(&self) {
        println!("{}{}", Step::MARK, serde_json::to_string(self).expect("strings and numbers"));
    }

    /// Finds all steps in what a child has printed.
    ///
    /// # Errors
    /// A line that is marked as a step is none.
    pub fn find_all(output: &str) -> Result<Vec<Step>, String> {
        let marked = output.lines().filter_map(|line| line.strip_prefix(Step::MARK));
        let read = |line| serde_json::from_str(line).map_err(|error| format!("not a step: {line}: {error}"));
        marked.map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_found_among_other_lines_and_a_torn_one_is_an_error() {
        let step = Step {
            step: 1,
            thread: "A".to_owned(),
            operation: "release".to_owned(),
            act: Act::FindsDestroyed,
            object: 1,
            count_before: None,
            count_after: None,
            references: Some(2),
        };
        let line = format!("{}{}", Step::MARK, serde_json::to_string(&step).unwrap());
        assert_eq!(Step::find_all(&format!("running\n{line}\n")), Ok(vec![step]));
        assert!(Step::find_all(&line[..line.len() - 2]).is_err());
    }
}
