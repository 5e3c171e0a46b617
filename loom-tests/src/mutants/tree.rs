//! The copy of the workspace to which mutants are applied, and what is built and run there.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::patch::Mutant;
use super::verdict::{Killed, Reason};
use crate::settings;

/// What is not copied: what is built, and what git keeps.
const NOT_COPIED: [&str; 2] = ["target", ".git"];

/// A copy of the workspace, always at the same place, so that what was built there stays built.
#[derive(Debug)]
pub struct Tree {
    original: PathBuf,
    copy: PathBuf,
    target: PathBuf,
}

impl Tree {
    /// Copies the workspace at `original` to a folder in `target`. Files that are the same already are left alone.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn new(original: &Path, target: &Path) -> io::Result<Tree> {
        let copy = target.join("mutants").join("tree");
        let tree =
            Tree { original: original.to_owned(), copy, target: target.join("mutants").join("target") };
        fs::create_dir_all(&tree.copy)?;
        tree.restore()?;
        Ok(tree)
    }

    /// Makes the copy equal to the original again.
    fn restore(&self) -> io::Result<()> {
        copy(&self.original, &self.copy)
    }

    /// Applies a mutant, builds the models with it, and runs those that it names.
    ///
    /// # Errors
    /// The patch does not apply, or the mutant does not compile.
    pub fn judge(&self, mutant: &Mutant) -> Result<Vec<Killed>, String> {
        let changed = mutant.apply(&self.original)?;
        self.restore().map_err(|error| error.to_string())?;
        for (path, text) in &changed {
            write_if_changed(&self.copy.join(path), text.as_bytes()).map_err(|error| error.to_string())?;
        }
        let models = self.build()?;
        mutant.models.iter().map(|model| run(&models, model, mutant)).collect()
    }

    /// Builds the models as `cargo loom` does, but for the optimisation of our own crates, which takes longer than it saves
    /// here. Returns the program.
    ///
    /// The alias is spelled out: where the copy lies inside the original, cargo would read it from both and take it twice over.
    fn build(&self) -> Result<PathBuf, String> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        crate::outer_cargo::forget(&mut cargo);
        cargo.current_dir(&self.copy).args(["test", "--package", "keyway-loom-tests", "--profile", "loom"]);
        cargo.args(["--config", "build.rustflags=['--cfg','loom']", "--config", "env.KEYWAY_LOOM='1'"]);
        cargo.args(["--test", "models", "--no-run", "--quiet"]);
        cargo.args(["--message-format", "json-render-diagnostics", "--target-dir"]).arg(&self.target);
        cargo.args(["--config", "profile.loom.opt-level=0", "--config", "profile.loom.debug=0"]);
        cargo.args(["--config", "profile.loom.package.'*'.opt-level=3"]);
        let built =
            cargo.stderr(Stdio::piped()).output().map_err(|error| format!("cannot run cargo: {error}"))?;
        if !built.status.success() {
            return Err(format!("does not compile:\n{}", String::from_utf8_lossy(&built.stderr)));
        }
        executable(&built).ok_or_else(|| "cargo named no program".to_owned())
    }
}

/// The program of the models among what cargo says it has made.
fn executable(built: &Output) -> Option<PathBuf> {
    String::from_utf8_lossy(&built.stdout).lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_models = message["target"]["name"] == "models";
        let path = message["executable"].as_str()?;
        is_models.then(|| PathBuf::from(path))
    })
}

/// Runs one model of a mutant.
fn run(program: &Path, model: &str, mutant: &Mutant) -> Result<Killed, String> {
    let output = Command::new(program)
        .env(settings::MODEL, model)
        .env_remove(settings::LEDGER)
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = if output.status.success() { None } else { Reason::of(&said) };
    let first_line = said.lines().find(|line| line.contains("panicked at") || line.contains("no model"));
    let words = match reason {
        Some(reason) => reason.word().to_owned(),
        None if output.status.success() => String::new(),
        None => format!("another reason: {}", first_line.unwrap_or("nothing was said")),
    };
    let iterations =
        said.lines().find_map(|line| line.strip_prefix("in iteration ")?.strip_suffix(':')?.parse().ok());
    Ok(Killed {
        name: mutant.name.clone(),
        strategy: model.split("::").next().unwrap_or_default().to_owned(),
        killed: reason == Some(mutant.reason),
        reason: words,
        model: model.to_owned(),
        iterations: iterations.unwrap_or(0),
    })
}

/// Copies a file or folder; leaves files alone that are the same, and removes what is no longer there.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return write_if_changed(to, &fs::read(from)?);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let path = entry?.path();
        if !from.join(path.file_name().unwrap_or(OsStr::new(""))).exists() {
            if path.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
        }
    }
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        if !NOT_COPIED.iter().any(|not_copied| name == *not_copied) {
            copy(&from.join(&name), &to.join(&name))?;
        }
    }
    Ok(())
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(path, bytes)
}
