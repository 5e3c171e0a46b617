//! The harness of the models.
//!
//! Under `cargo loom`: lists all models and runs each in a process of its own. Under plain
//! `cargo test`: runs `cargo loom` at bound 2, so that nobody has to know a flag to be told the
//! truth.

use libtest_mimic::Arguments;

#[cfg(loom)]
fn main() {
    let models = keyway_loom_tests::all();
    if keyway_loom_tests::child::run_if_asked(&models) {
        return;
    }
    modelled::run(&Arguments::from_args(), models);
}

#[cfg(not(loom))]
fn main() {
    plain::run(&Arguments::from_args());
}

#[cfg(loom)]
mod modelled {
    use std::sync::{Arc, Mutex};

    use keyway_loom_tests::child;
    use keyway_loom_tests::model::Model;
    use keyway_loom_tests::races::Race;
    use keyway_loom_tests::row::Row;
    use libtest_mimic::{Arguments, Trial};

    pub(super) fn run(arguments: &Arguments, models: Vec<Model>) {
        let rows = Arc::new(Mutex::new(Vec::new()));
        let trials = child::within_budget(&models).into_iter().map(|model| {
            let rows = Arc::clone(&rows);
            Trial::test(model.id(), move || {
                let row = child::run(&model)?;
                rows.lock().unwrap().push(row);
                Ok(())
            })
        });
        let races = Race::ALL
            .into_iter()
            .map(|race| Trial::test(format!("race::{}", race.id()), move || Ok(race.is_found()?)));
        let conclusion = libtest_mimic::run(arguments, trials.chain(races).collect());
        print(&mut rows.lock().unwrap());
        conclusion.exit();
    }

    fn print(rows: &mut [Row]) {
        if rows.is_empty() {
            return;
        }
        rows.sort_by(|one, two| (&one.strategy, &one.name).cmp(&(&two.strategy, &two.name)));
        println!(
            "{:<22} {:<42} {:>7} {:>8} {:>6} {:>5} {:>10} {:>8}",
            "strategy", "model", "threads", "programs", "states", "bound", "iterations", "seconds"
        );
        for row in rows.iter() {
            let bound = row.bound.map_or("none".to_owned(), |bound| bound.to_string());
            println!(
                "{:<22} {:<42} {:>7} {:>8} {:>6} {:>5} {:>10} {:>8.2}",
                row.strategy,
                row.name,
                row.threads,
                row.programs,
                row.start_states,
                bound,
                row.iterations,
                row.seconds
            );
        }
        let iterations: u64 = rows.iter().map(|row| row.iterations).sum();
        println!("{} models, {iterations} interleavings, all complete within the bound\n", rows.len());
    }
}

#[cfg(not(loom))]
mod plain {
    use std::env;
    use std::path::Path;
    use std::process::Command;

    use keyway_loom_tests::{outer_cargo, settings};
    use libtest_mimic::{Arguments, Failed, Trial};

    pub(super) fn run(arguments: &Arguments) {
        let trial = Trial::test("every_model_at_a_small_bound", cargo_loom);
        libtest_mimic::run(arguments, vec![trial]).exit();
    }

    /// Runs the alias `cargo loom`, with a target directory next to this build's, and shows what it
    /// prints.
    fn cargo_loom() -> Result<(), Failed> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a member of the workspace");
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("inside the target directory");
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        outer_cargo::forget(&mut cargo);
        outer_cargo::under_loom(&mut cargo);
        cargo.current_dir(root).arg("loom").arg("--target-dir").arg(target.join("loom"));
        if env::var_os(settings::BOUND).is_none() {
            cargo.env(settings::BOUND, "2").env(settings::BUDGET, "quick");
        }
        let status = cargo.status().map_err(|error| format!("cannot run cargo: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("`cargo loom`: {status}").into()) }
    }
}
