//! Random programs, run on real threads and by a sequential oracle.
//!
//! A program is one sequence of steps, each of one *lane*: a thread of the program, which is one OS
//! thread after the other if it exits in between. Lanes run freely, each its own steps in order; a
//! reference is received after it was sent in the sequence, so that no program can deadlock.
//! Contents change only in ways whose order does not matter, so that the oracle's result is that of
//! every schedule.

mod execution;
mod lane;
mod node;
mod oracle;
mod program;
mod steps;

use std::env;

use program::Program;

use crate::subject::Subject;

/// How many programs, unless the environment says otherwise.
const PROGRAMS: u64 = if cfg!(debug_assertions) { 5_000 } else { 100_000 };

/// How often a program is run again before the shrinking concludes that it does not fail.
const ATTEMPTS: usize = 30;

fn from_environment(variable: &str, default: u64) -> u64 {
    match env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}")),
        Err(_) => default,
    }
}

/// Every object is destroyed exactly once and none early, contents are the oracle's, nothing is
/// left; in programs of one lane the counts, and what is destroyed, are the oracle's after each
/// step.
pub fn random_programs_agree_with_the_oracle<U: Subject>() {
    let first = from_environment("KEYWAY_CONFORMANCE_SEED", 1);
    let programs = from_environment("KEYWAY_CONFORMANCE_PROGRAMS", PROGRAMS);
    for seed in first..first.saturating_add(programs) {
        let program = Program::random(seed, U::KEEPS_CLAIM);
        if let Err(failure) = execution::execute::<U>(&program) {
            report::<U>(program, failure);
        }
    }
}

fn report<U: Subject>(program: Program, mut failure: String) -> ! {
    let seed = program.seed;
    let smallest = shrink::<U>(program, &mut failure);
    panic!(
        "a program fails: {failure}\n\
         again: KEYWAY_CONFORMANCE_SEED={seed} KEYWAY_CONFORMANCE_PROGRAMS=1\n\
         the smallest program found that fails: {smallest:#?}"
    );
}

/// Leaves out step after step as long as the program still fails.
fn shrink<U: Subject>(mut program: Program, failure: &mut String) -> Program {
    let mut place = program.steps.len();
    while place > 0 {
        place -= 1;
        let smaller = program.without(place);
        let failed = (0..ATTEMPTS).find_map(|_| execution::execute::<U>(&smaller).err());
        if let Some(newer) = failed {
            *failure = newer;
            program = smaller;
            place = place.min(program.steps.len());
        }
    }
    program
}
