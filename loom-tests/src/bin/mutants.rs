//! Applies every mutant to a copy of the workspace and runs the models named for it.
//!
//! `cargo run --package keyway-loom-tests --bin mutants [-- --json] [word...]`: all of them, or
//! those whose names contain one of the words. Fails if one survives, is killed for another reason
//! than the stated one, or no longer applies; the others are run all the same. With `--json`,
//! standard output has a row for each model of each mutant, one object a line, as it is done.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use keyway_loom_tests::mutants::{Killed, Mutant, Tree};

fn main() -> ExitCode {
    let (flags, words): (Vec<String>, Vec<String>) =
        env::args().skip(1).partition(|word| word.starts_with("--"));
    if let Some(flag) = flags.iter().find(|flag| *flag != "--json") {
        eprintln!("mutants: unknown option {flag}; only --json and words in the names of mutants");
        return ExitCode::from(2);
    }
    match run(&words, !flags.is_empty()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("mutants: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all of them were killed.
fn run(words: &[String], json: bool) -> Result<bool, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a member of the workspace");
    let mutants = chosen(words, &root.join("loom-tests/mutants"))?;
    let count = mutants.len();
    let tree =
        Tree::new(root, &target(root)).map_err(|error| format!("cannot copy the workspace: {error}"))?;
    let start = Instant::now();
    let (mut models, mut killed) = (0, 0);
    let (built, to_judge) = mpsc::sync_channel(1);
    thread::scope(|scope| {
        // While one is built, the models of the one before are run.
        scope.spawn(|| {
            let built = built;
            for mutant in &mutants {
                if built.send((mutant, tree.build(mutant))).is_err() {
                    break;
                }
            }
        });
        for (mutant, program) in to_judge {
            let judged = program.and_then(|program| program.judge(mutant));
            let judged = judged.unwrap_or_else(|error| vec![Killed::not_run(mutant, &error)]);
            for row in &judged {
                tell(row, json)?;
            }
            models += judged.len();
            killed += judged.iter().filter(|row| row.killed).count();
        }
        Ok::<_, String>(())
    })?;
    eprintln!(
        "{count} mutants, {killed} of {models} models failed for the stated reason; {:.0} s",
        start.elapsed().as_secs_f64()
    );
    Ok(killed == models)
}

/// One line for one model of one mutant.
fn tell(row: &Killed, json: bool) -> Result<(), String> {
    let fate = match (row.killed, row.reason.as_str()) {
        (true, _) => "killed",
        (false, "") => "SURVIVED",
        (false, _) if row.model.is_empty() => "NOT RUN",
        (false, _) => "MISTAKEN",
    };
    eprintln!("{fate:<8} {:<52} {:<58} {:>7}  {}", row.name, row.model, row.iterations, row.reason);
    if !json {
        return Ok(());
    }
    let line = serde_json::to_string(row).expect("strings and numbers");
    // A reader may not want to wait for the last row.
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .map_err(|error| format!("standard output: {error}"))
}

/// The mutants whose names contain one of the words, all if there is none. Mutants with similar
/// builds come one after the other, so that little has to be built anew: by strategies, then by the
/// files that they change, then by name.
fn chosen(words: &[String], folder: &Path) -> Result<Vec<Mutant>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "patch"));
    let mut mutants = files.iter().map(|file| Mutant::read(file)).collect::<Result<Vec<_>, _>>()?;
    let likeness = |mutant: &Mutant| {
        let owned = |words: &mut dyn Iterator<Item = &str>| words.map(str::to_owned).collect::<Vec<_>>();
        (owned(&mut mutant.strategies().into_iter()), owned(&mut mutant.files()), mutant.name.clone())
    };
    mutants.sort_by_cached_key(likeness);
    mutants.retain(|mutant| words.is_empty() || words.iter().any(|word| mutant.name.contains(word.as_str())));
    if mutants.is_empty() { Err("no mutant of that name".to_owned()) } else { Ok(mutants) }
}

/// The workspace's target directory: this program lies in a folder of it.
fn target(root: &Path) -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    program.ancestors().nth(2).map_or_else(|| root.join("target"), Path::to_path_buf)
}
