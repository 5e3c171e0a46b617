//! Last of all: every operation under every strategy in one table, from a few interleaved rounds of
//! its own.
//!
//! A table to look at. The figures to cite are those of `cargo lab cost`, whose ratios are formed
//! within a round and have intervals.

use std::collections::BTreeMap;
use std::hint::black_box;

use keyway_benches::{Row, rows};

/// Rounds; the median over them is shown.
const ROUNDS: usize = 9;

/// Operations in a sample, for rows that do not say.
const OPERATIONS: u64 = 50_000;

fn main() {
    // As criterion takes them: without `--bench` the targets are only tried, and `--list` asks for
    // their names.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_asked = |option: &str| arguments.iter().any(|argument| argument == option);
    if is_asked("--list") {
        return;
    }
    let rows = rows();
    if !is_asked("--bench") || is_asked("--test") {
        rows.iter().filter(|row| row.fixed.is_none()).for_each(|row| {
            black_box(row.time(1));
        });
        return println!("The strategy table: every row whose size can be chosen has been tried");
    }
    let mut samples = vec![[0.0; ROUNDS]; rows.len()];
    for round in 0..ROUNDS {
        for (row, samples) in rows.iter().zip(&mut samples) {
            samples[round] = nanoseconds(row);
        }
    }
    print(&rows, &samples);
}

/// One sample: nanoseconds an operation.
fn nanoseconds(row: &Row) -> f64 {
    let operations = black_box(row.fixed.unwrap_or(OPERATIONS));
    row.time(operations).as_secs_f64() * 1e9 / operations as f64
}

fn print(rows: &[Row], samples: &[[f64; ROUNDS]]) {
    let mut operations: Vec<&str> = rows.iter().map(|row| row.operation).collect();
    operations.dedup();
    let mut subjects: Vec<&str> = Vec::new();
    let mut medians = BTreeMap::new();
    for (row, samples) in rows.iter().zip(samples) {
        let mut samples = *samples;
        samples.sort_by(f64::total_cmp);
        medians.insert((row.operation, row.subject), samples[ROUNDS / 2]);
        if !subjects.contains(&row.subject) {
            subjects.push(row.subject);
        }
    }
    println!("\nNanoseconds an operation, medians over {ROUNDS} interleaved rounds.\n");
    for subject in subjects {
        println!("{subject}");
        for operation in &operations {
            if let Some(median) = medians.get(&(*operation, subject)) {
                println!("    {operation:24}{median:10.2}");
            }
        }
    }
    println!("\nTo look at, not to cite: for ratios within rounds, with intervals, run `cargo lab cost`.");
}
