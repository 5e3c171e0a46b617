//! A row of the ledger: what one model has shown.

use std::fs::OpenOptions;
use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::settings;

/// One model that has run to its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The model's name, the same for all strategies.
    pub name: String,
    /// The strategy's id.
    pub strategy: String,
    /// Threads of the model, the first included.
    pub threads: usize,
    /// Programs run: one, unless the model enumerates them.
    pub programs: u64,
    /// States from which they were started: one, unless the model enumerates them.
    pub start_states: u64,
    /// Preemptions in one iteration at most; all if none.
    pub bound: Option<usize>,
    /// Interleavings run.
    pub iterations: u64,
    /// How long that took.
    pub seconds: f64,
    /// Whether every interleaving within the bound has been run.
    pub complete: bool,
}

impl Row {
    /// What a child's line with its row starts with.
    const MARK: &str = "keyway-model: ";

    /// Prints the row for the parent process.
    pub fn report(&self) {
        println!("{}{}", Row::MARK, self.to_json());
    }

    /// Finds the row in what a child has printed.
    pub fn find(output: &str) -> Option<Row> {
        let line = output.lines().rev().find_map(|line| line.strip_prefix(Row::MARK))?;
        serde_json::from_str(line).ok()
    }

    /// Adds the row to the ledger's file, if there is one.
    ///
    /// # Panics
    /// If the file cannot be written: a ledger with rows missing would be worse than none.
    pub fn record(&self) {
        let Some(path) = settings::ledger() else { return };
        let line = format!("{}\n", self.to_json());
        let written = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(line.as_bytes()));
        if let Err(error) = written {
            panic!("cannot add to the ledger {}: {error}", path.display());
        }
    }

    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a row has no map and no float but seconds")
    }
}
