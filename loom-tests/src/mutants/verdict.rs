//! Why a model has failed.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::patch::Mutant;

/// How a bug shows itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Two accesses that nothing orders.
    Race,
    /// An access to an object that had been destroyed before.
    UseAfterFree,
    /// An object that was never destroyed.
    Leak,
    /// Threads that wait for each other, or for a wake-up that never comes.
    Deadlock,
    /// An object that was destroyed twice.
    DoubleDestruction,
    /// Contents that were changed by another thread where this one had them to itself.
    LostUpdate,
    /// A thread that tries the same thing again and again.
    Livelock,
    /// Something else that a strategy promises, such as a lock that goes to a thread that has asked
    /// for it.
    Rule,
}

impl Reason {
    const ALL: [Reason; 8] = [
        Reason::Race,
        Reason::UseAfterFree,
        Reason::Leak,
        Reason::Deadlock,
        Reason::DoubleDestruction,
        Reason::LostUpdate,
        Reason::Livelock,
        Reason::Rule,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Race => "race",
            Reason::UseAfterFree => "use after free",
            Reason::Leak => "leak",
            Reason::Deadlock => "deadlock",
            Reason::DoubleDestruction => "double destruction",
            Reason::LostUpdate => "lost update",
            Reason::Livelock => "livelock",
            Reason::Rule => "rule broken",
        }
    }

    /// Reads it from what a failing model has printed: the first panic counts; a later one may be
    /// its consequence.
    pub fn of(output: &str) -> Option<Reason> {
        let first = output.lines().skip_while(|line| !line.starts_with("in iteration ")).take(4);
        first.filter_map(Reason::of_line).next()
    }

    /// Reads it from the message of a panic.
    pub fn of_message(message: &str) -> Option<Reason> {
        message.lines().find_map(Reason::of_line)
    }

    fn of_line(line: &str) -> Option<Reason> {
        let says = |words: &[&str]| words.iter().any(|word| line.contains(word));
        if says(&["use after free"]) {
            Some(Reason::UseAfterFree)
        } else if says(&["double destruction"]) {
            Some(Reason::DoubleDestruction)
        } else if says(&["rule broken"]) {
            Some(Reason::Rule)
        } else if says(&["leaked"]) {
            Some(Reason::Leak)
        } else if says(&["deadlock"]) {
            Some(Reason::Deadlock)
        } else if says(&["an update was lost"]) {
            Some(Reason::LostUpdate)
        } else if says(&["exceeded maximum number of branches"]) {
            Some(Reason::Livelock)
        } else if says(&["Causality violation", "currently writing to cell", "currently reading from cell"]) {
            Some(Reason::Race)
        } else {
            None
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Reason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Reason::ALL.into_iter().find(|reason| reason.word() == text);
        found.ok_or_else(|| format!("`{text}` is not a reason for which a model can fail"))
    }
}

/// A row of the ledger: what has become of one mutant in one model.
#[derive(Clone, Debug, Serialize)]
pub struct Killed {
    /// The mutant.
    pub name: String,
    /// The strategy whose model was run.
    pub strategy: String,
    /// Whether the model failed for the stated reason.
    pub killed: bool,
    /// What the model failed for; empty if it passed; `not run: ` and why, if no model was run.
    pub reason: String,
    /// The model, `strategy::name`.
    pub model: String,
    /// The iteration in which it failed.
    pub iterations: u64,
}

impl Killed {
    /// A mutant whose models cannot be run, and why.
    pub fn not_run(mutant: &Mutant, error: &str) -> Self {
        let (name, strategy) = (mutant.name.clone(), mutant.strategy.clone());
        let reason = format!("not run: {error}");
        Killed { name, strategy, killed: false, reason, model: String::new(), iterations: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_panic_gives_the_reason() {
        let output = "in iteration 7:\n\nthread 'main' panicked at x.rs:1:1:\nuse after free: a header was touched\n\
                      in iteration 7:\n\nthread 'main' panicked at y.rs:1:1:\ndeadlock; threads = []";
        assert_eq!(Reason::of(output), Some(Reason::UseAfterFree));
    }

    #[test]
    fn a_failed_assertion_of_the_code_is_not_a_reason() {
        assert_eq!(
            Reason::of("in iteration 7:\n\nthread 'main' panicked at x.rs:1:1:\na count was odd"),
            None
        );
    }

    #[test]
    fn every_reason_is_read_back_from_its_word() {
        for reason in Reason::ALL {
            assert_eq!(reason.word().parse(), Ok(reason));
        }
    }
}
