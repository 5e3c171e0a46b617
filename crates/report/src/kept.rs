//! The ledger that a repository keeps, in short: what a table shows of seeded bugs where a report
//! has not run them itself.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decision::{models_of, mutants_of};
use crate::results::{Error, Machine};

/// The version of the file: raised when a field goes or changes its meaning.
const SCHEMA: &str = "keyway-report/ledger-in-short/1";

/// What one run of every model and every seeded bug has shown, a line a strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptLedger {
    schema: String,
    /// The command that has run it.
    pub command: String,
    /// Where, and of which commit.
    pub machine: Machine,
    pub(crate) strategies: Vec<Kept>,
}

/// The line of a strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) strategy: String,
    /// Models, and how many of them were run to their end without a failure.
    pub(crate) models: usize,
    pub(crate) complete: usize,
    pub(crate) interleavings: u64,
    /// Seeded bugs, and how many of them the models have found.
    pub(crate) mutants: usize,
    pub(crate) killed: usize,
}

impl KeptLedger {
    /// The short form of what `cargo lab verify` prints with `--json`.
    pub fn of(document: &Value) -> KeptLedger {
        let list = |name: &str| document[name].as_array().map_or(&[][..], Vec::as_slice);
        let (models, mutants) = (list("models"), list("mutants"));
        let mut ids: Vec<&str> = models.iter().filter_map(|row| row["strategy"].as_str()).collect();
        ids.dedup();
        let of = |strategy: &str| {
            let (complete, all) = models_of(models, strategy);
            let (killed, seeded) = mutants_of(mutants, strategy);
            let rows = models.iter().filter(|row| row["strategy"] == strategy);
            let interleavings = rows.filter_map(|row| row["iterations"].as_u64()).sum();
            let strategy = strategy.to_owned();
            Kept { strategy, models: all, complete, interleavings, mutants: seeded, killed }
        };
        KeptLedger {
            schema: SCHEMA.to_owned(),
            command: document["command"].as_str().unwrap_or_default().to_owned(),
            machine: serde_json::from_value(document["machine"].clone()).unwrap_or_default(),
            strategies: ids.into_iter().map(of).collect(),
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// One line: the file cannot be read, or is something else.
    pub fn read(path: &Path) -> Result<KeptLedger, Error> {
        let of = |why: String| Error::new(format!("{}: {why}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| of(error.to_string()))?;
        let kept: KeptLedger =
            serde_json::from_str(&text).map_err(|error| of(format!("not a ledger in short: {error}")))?;
        if kept.schema != SCHEMA {
            return Err(of(format!("the schema is {}, not {SCHEMA}", kept.schema)));
        }
        Ok(kept)
    }

    /// The text of the file, which ends in a line end.
    ///
    /// # Panics
    /// Never: everything in it can be written as JSON.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("keys are text");
        text.push('\n');
        text
    }

    /// The line of a strategy.
    pub(crate) fn line(&self, strategy: &str) -> Option<&Kept> {
        self.strategies.iter().find(|kept| kept.strategy == strategy)
    }

    /// The first digits of the commit, for a cell.
    pub(crate) fn commit(&self) -> &str {
        self.machine.commit.get(..7).unwrap_or("unknown")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        let model = |strategy: &str, iterations: u64, complete: bool| json!({ "strategy": strategy, "name": "n", "iterations": iterations, "complete": complete });
        let mutant = |strategy: &str, name: &str, killed: bool| json!({ "strategy": strategy, "name": name, "killed": killed });
        json!({
            "command": "cargo lab verify",
            "machine": { "commit": "0123456789" },
            "models": [model("global-lock-ticks", 5, true), model("object-locks", 7, true), model("object-locks", 9, false)],
            "mutants": [mutant("global-lock", "a", true), mutant("object-locks", "b", true),
                mutant("object-locks", "c", true), mutant("object-locks", "c", false)],
        })
    }

    #[test]
    fn a_ledger_in_short_counts_a_bug_as_found_if_all_its_models_find_it() {
        let kept = KeptLedger::of(&document());
        let line = kept.line("object-locks").expect("it has models");
        assert_eq!((line.models, line.complete, line.interleavings), (2, 1, 16));
        assert_eq!((line.mutants, line.killed), (2, 1));
        let line = kept.line("global-lock-ticks").expect("it has models");
        assert_eq!((line.mutants, line.killed), (1, 1), "those of a lock are of each of its policies");
        assert_eq!(kept.commit(), "0123456");
    }

    #[test]
    fn it_reads_back_as_itself_and_nothing_else_is_read() {
        let folder = std::env::temp_dir().join(format!("keyway-kept-{}", std::process::id()));
        let kept = KeptLedger::of(&document());
        std::fs::write(&folder, kept.to_json()).expect("a temporary file");
        assert_eq!(KeptLedger::read(&folder).expect("it was written just now"), kept);
        std::fs::write(&folder, kept.to_json().replace("in-short/1", "in-short/9")).expect("as above");
        let refused = KeptLedger::read(&folder).expect_err("another version").to_string();
        std::fs::remove_file(&folder).expect("it is there");
        assert!(refused.contains("in-short/9"), "{refused}");
    }
}
