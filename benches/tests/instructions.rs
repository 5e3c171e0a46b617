//! How many instructions of this workspace every operation executes under every strategy, and how
//! many of them are locked, against the table `instructions.txt`: so that a fast path that grows
//! longer is seen, however noisy the machine.
//!
//! Counted in optimised code, by stepping:
//! `cargo test --release --package keyway-benches --test instructions`. The table holds for one
//! compiler and kind of machine, which it names; with others, the test says so and passes. After an
//! intended change, or for another compiler, `KEYWAY_WRITE_INSTRUCTIONS=1` in front of the command
//! writes it anew.

use std::fmt::Write as _;
use std::process::Command;
use std::{env, fs};

use keyway_benches::{Row, rows};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");

/// Set to write the table instead of comparing.
const WRITE: &str = "KEYWAY_WRITE_INSTRUCTIONS";

/// Operations that are stepped through. Twice as many are stepped through as well, and the
/// difference counts.
const STEPPED: u64 = 16;

/// What the table is for: the compiler, and how it was called.
fn made_with() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("what has built this test can be run");
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    format!("{version}, {} {}", env::consts::ARCH, env::consts::OS)
}

/// Subjects of this workspace: the instructions of others' crates are not ours to keep few.
fn is_ours(row: &&Row) -> bool {
    row.subject.starts_with("global-lock")
        || ["single-thread", "object-locks", "group-locks", "atomic-counts", "biased-counts", "brc"]
            .iter()
            .any(|id| row.subject.starts_with(id))
}

/// Whether what is executed depends on where objects happen to lie: `GroupLocks` may give two
/// objects one lock.
fn depends_on_addresses(row: &Row) -> bool {
    row.subject == "group-locks" && ["section-pair", "section-nested"].contains(&row.operation)
}

/// One line a row: operation, subject, instructions in the program's own code, locked ones among
/// them.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn counted() -> std::io::Result<String> {
    let mut lines = String::new();
    for row in rows().iter().filter(is_ours) {
        let Some(sample) = row.steppable().filter(|_| !depends_on_addresses(row)) else { continue };
        let steps = keyway_benches::steps::per_operation(sample, STEPPED)?;
        writeln!(lines, "{:24}{:24}{:>10}{:>10}", row.operation, row.subject, steps.own, steps.own_locked)
            .expect("a string takes every line");
    }
    Ok(lines)
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn counted() -> std::io::Result<String> {
    let _ = (STEPPED, is_ours, depends_on_addresses, rows);
    Err(std::io::Error::other("instructions are stepped through on x86-64 Linux only"))
}

fn skipped(why: &str) {
    println!("SKIPPED: instructions are not compared: {why}");
}

/// Lines of one table that the other lacks.
fn difference(expected: &str, counted: &str) -> String {
    let lacking = |sign: char, of: &str, other: &str| {
        let lines = of.lines().filter(|line| !other.lines().any(|one| one == *line));
        lines.map(|line| format!("{sign} {line}\n")).collect::<String>()
    };
    lacking('-', expected, counted) + &lacking('+', counted, expected)
}

/// One test, since stepping forks, and a forked child must not have lost a thread that held a lock.
#[test]
fn fast_paths_are_as_long_as_the_table_says() {
    if cfg!(debug_assertions) {
        return skipped("this build is not optimised");
    }
    let made_with = made_with();
    let counted = match counted() {
        Ok(counted) => counted,
        Err(error) => return skipped(&error.to_string()),
    };
    assert!(counted.lines().count() > 50, "rows are counted: {counted}");
    if env::var_os(WRITE).is_some() {
        let heading = format!("{:24}{:24}{:>10}{:>10}", "operation", "subject", "own", "locked");
        fs::write(TABLE, format!("{made_with}\n\n{heading}\n{counted}")).expect("the table can be written");
        return println!("{TABLE} written");
    }
    let table = fs::read_to_string(TABLE).expect("the table is checked in");
    let mut parts = table.splitn(4, '\n');
    let (expected_with, expected) = (parts.next().unwrap_or(""), parts.nth(2).unwrap_or(""));
    if expected_with != made_with {
        return skipped(&format!("the table is for {expected_with}, this is {made_with}"));
    }
    let difference = difference(expected, &counted);
    assert!(
        difference.is_empty(),
        "operations have grown or shrunk (own instructions, locked instructions):\n{difference}\
         If that is intended: {WRITE}=1 cargo test --release --package keyway-benches --test instructions"
    );
}

#[test]
fn a_row_that_differs_is_shown_as_it_was_and_as_it_is() {
    assert_eq!(difference("a 1\nb 2\n", "a 1\nb 3\n"), "- b 2\n+ b 3\n");
    assert_eq!(difference("a 1\n", "a 1\nb 3\n"), "+ b 3\n");
    assert_eq!(difference("a 1\n", "a 1\n"), "");
}
