//! What a run of the models is told from outside.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

/// Names the preemption bound: a number, or `none` for every interleaving. 3 if it is not set.
pub const BOUND: &str = "KEYWAY_LOOM_BOUND";

/// Names the time that one model may take, in seconds; then it is cut short, which is a failure.
/// 600 if it is not set.
pub const SECONDS: &str = "KEYWAY_LOOM_SECONDS";

/// Names the budget: `quick`, `ci` or `night`. The models that take long run from some budget on.
/// `ci` if it is not set.
pub const BUDGET: &str = "KEYWAY_LOOM_BUDGET";

/// Names a file to which each model adds its row of the ledger, one JSON object a line. No file if
/// it is not set.
pub const LEDGER: &str = "KEYWAY_LOOM_LEDGER";

/// Tells a process that it is to run this one model. Set by the harness for its children.
pub const MODEL: &str = "KEYWAY_LOOM_MODEL";

/// What to set [`MODEL`] to for a list of the models, one JSON object a line.
pub const LIST: &str = "list";

/// Names, where the models are *compiled*, the strategies whose models are built: their ids, with
/// commas between them. All if it is not set. A mutant is built for the strategies whose models it
/// names, which takes a fraction of the time.
pub const STRATEGIES: &str = "KEYWAY_LOOM_STRATEGIES";

/// Whether the models of a strategy are built.
pub const fn is_built(id: &str) -> bool {
    match option_env!("KEYWAY_LOOM_STRATEGIES") {
        None => true,
        Some(built) => is_among(id.as_bytes(), built.as_bytes()),
    }
}

/// Whether a word is among those with commas between them. By hand, since it is asked while
/// compiling.
const fn is_among(word: &[u8], words: &[u8]) -> bool {
    let mut from = 0;
    while from <= words.len() {
        let mut length = 0;
        while from + length < words.len() && words[from + length] != b',' {
            length += 1;
        }
        let mut same = 0;
        while length == word.len() && same < length && words[from + same] == word[same] {
            same += 1;
        }
        if length == word.len() && same == length {
            return true;
        }
        from += length + 1;
    }
    false
}

/// The preemption bound.
///
/// # Panics
/// If the variable is neither a number nor `none`.
pub fn bound() -> Option<usize> {
    match env::var(BOUND) {
        Err(_) => Some(3),
        Ok(text) if text == "none" => None,
        Ok(text) => {
            Some(text.parse().unwrap_or_else(|_| panic!("{BOUND}={text}: neither a number nor `none`")))
        }
    }
}

/// The time that one model may take.
///
/// # Panics
/// If the variable is not a number.
pub fn time() -> Duration {
    let seconds = env::var(SECONDS).map_or(600, |text| {
        text.parse().unwrap_or_else(|_| panic!("{SECONDS}={text}: not a number of seconds"))
    });
    Duration::from_secs(seconds)
}

/// How far a run goes: which models it has. How far each is explored is said by [`BOUND`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Budget {
    /// Inside `cargo test`.
    Quick,
    /// Inside `.ci/run`.
    Ci,
    /// Now and then.
    Night,
}

/// The budget.
///
/// # Panics
/// If the variable names none.
pub fn budget() -> Budget {
    match env::var(BUDGET).as_deref() {
        Ok("quick") => Budget::Quick,
        Err(_) | Ok("ci") => Budget::Ci,
        Ok("night") => Budget::Night,
        Ok(text) => panic!("{BUDGET}={text}: neither `quick` nor `ci` nor `night`"),
    }
}

/// The file for the rows of the ledger.
pub fn ledger() -> Option<PathBuf> {
    env::var_os(LEDGER).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::is_among;

    #[test]
    fn a_word_is_among_others_only_as_a_whole() {
        let is_among = |word: &str, words: &str| is_among(word.as_bytes(), words.as_bytes());
        for words in ["atomic-counts", "x,atomic-counts", "atomic-counts,x", "x,atomic-counts,y"] {
            assert!(is_among("atomic-counts", words), "{words}");
        }
        for words in ["", ",", "atomic", "atomic-counts-2", "2-atomic-counts,x", "atomic-count,s"] {
            assert!(!is_among("atomic-counts", words), "{words}");
        }
    }
}
