//! The ledger as a page of the documentation.

use super::ledger::Ledger;
use crate::machine::Machine;

/// The whole page; it is generated, so nothing else is in it.
pub(super) fn page(ledger: &Ledger, complaints: &[String], machine: &Machine, command: &str) -> String {
    let mut page = format!(
        "# The ledger of the models\n\n\
         Written by `{command}`; not edited by hand. [Checking](../checking.md) says how to read it.\n\n\
         {}\n\n{}\n",
        machine.in_short(),
        ledger.in_short()
    );
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

fn table(lines: &[Vec<String>], left: usize) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let [heading, lines @ ..] = lines else { return String::new() };
    let side = |column: usize| if column < left { "---" } else { "---:" }.to_owned();
    let rule: Vec<String> = (0..heading.len()).map(side).collect();
    let cells = |line: &Vec<String>| line.iter().map(|cell| escaped(cell)).collect::<Vec<_>>();
    let lines = lines.iter().map(|line| row(&cells(line)));
    [row(heading), row(&rule)].into_iter().chain(lines).collect()
}

/// Text that stays in one cell.
fn escaped(text: &str) -> String {
    text.replace('|', r"\|").replace('\n', " ")
}

const NOT_COVERED: &str = "\
## What the models do not cover

- More preemptions in one interleaving than the bound, where there is one; more threads and longer programs than the columns say.
- What is outside the facade: the insides of `parking_lot` and `atomic-wait`, the allocator, the operating system. In a model
  their places are taken by loom's mutexes and condition variables.
- Fairness and clocks. Whether a timed wait expires is a choice of the program under test.
- Reuse of addresses: in a model, memory is kept until the iteration ends.
- What loom's memory model leaves out: load buffering; `SeqCst` loads and stores, which it takes for acquire and release (its
  `SeqCst` fences are whole); spurious failures of weak exchanges, and spurious wake-ups.
- The exit of a thread by itself: a model's threads detach by an explicit call.
- The compiler and the processor. Stress, the conformance suite and the sanitizers run the real code on the real machine.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_break_its_table() {
        let line = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let text = table(&[line(["a", "b"]), line(["x|y", "1\n2"])], 1);
        assert_eq!(text, "| a | b |\n| --- | ---: |\n| x\\|y | 1 2 |\n");
    }
}
