//! The results of `cost` as a page of the documentation.

use super::limits::Judged;
use super::row::{self, Row};
use super::table::{judged_lines, lines};
use crate::machine::Machine;
use crate::markdown;

/// The whole page; it is generated, so nothing else is in it.
pub(super) fn page(rounds: u32, rows: &[Row], judged: &[Judged], machine: &Machine, command: &str) -> String {
    let mut page = format!(
        "# What every operation costs on one machine\n\n\
         Written by {command}; not edited by hand. [Cost](../cost.md) says how each figure is taken and what it does not say. Figures of another \
         machine are other figures.\n\n{}\n\nMedians over {rounds} interleaved rounds with 95 % bootstrap intervals; times in nanoseconds, ratios \
         formed within a round, bytes of an object besides its contents (header) and with 8 bytes of contents as the C library's allocator \
         sets them aside (allocated).\n",
        machine.in_full(),
        command = markdown::code(command),
    );
    let mut notes = row::notes(rows);
    notes.extend(machine.shortage());
    notes.iter().for_each(|note| page += &format!("\n{note}\n"));
    if !judged.is_empty() {
        page += "\n## Limits\n\nSet before they were measured, as multiples of the reference in the same round. A limit that is missed by no more \
                 than two measurements of the reference differ (noise) counts as reached if there are as many locked instructions. What \
                 was seen elsewhere was measured with other programs, and CPython's in multiples of its own locks.\n\n";
        page += &markdown::table(&judged_lines(judged), 3);
    }
    page += "\n## Rows\n\n";
    page + &markdown::table(&lines(rows), 2)
}
