//! The ledger as a page of the documentation.

use super::ledger::Ledger;
use crate::machine::Machine;
use crate::markdown::{beginning, escaped, table};

/// The whole page; it is generated, so nothing else is in it.
pub(super) fn page(ledger: &Ledger, complaints: &[String], machine: &Machine, command: &str) -> String {
    let reading = "[Checking](../checking.md) says how to read it.";
    let mut page = beginning("The ledger of the models", command, reading, machine);
    page += &format!("{}\n", ledger.in_short());
    if !complaints.is_empty() {
        page += "\n**This run has failed:**\n\n";
        complaints.iter().for_each(|complaint| page += &format!("- {}\n", escaped(complaint)));
    }
    page += "\n## Models\n\n";
    page += &table(&ledger.model_lines(), 2);
    page += "\n## Mutants\n\n";
    page += &match ledger.mutants.as_slice() {
        [] => "None were run.\n".to_owned(),
        _ => table(&ledger.mutant_lines(), 4),
    };
    page + "\n" + NOT_COVERED
}

const NOT_COVERED: &str = "\
## What the models do not cover

- More preemptions in one interleaving than the bound, where there is one; more threads and longer programs than the columns say. And, where an
  interleaving has used up its preemptions, any order but one in which threads go on that block, yield or end: loom tries no other.
- What is outside the facade: the insides of `parking_lot` and `atomic-wait`, the allocator, the operating system. In a model
  their places are taken by loom's mutexes and condition variables.
- Fairness and clocks. Whether a timed wait expires is a choice of the program under test.
- Reuse of addresses: in a model, memory is kept until the iteration ends.
- What loom's memory model leaves out: load buffering; `SeqCst` loads and stores, which it takes for acquire and release (its
  `SeqCst` fences are whole); spurious failures of weak exchanges, and spurious wake-ups.
- The exit of a thread by itself: a model's threads detach by an explicit call.
- The compiler and the processor. Stress, the conformance suite and the sanitizers run the real code on the real machine.
";
