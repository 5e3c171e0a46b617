//! The copy of the workspace to which mutants are applied, and what is built and run there.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::patch::Mutant;
use super::verdict::{Killed, Reason};
use crate::settings;

/// Folders that are not copied: those of builds and of git.
const NOT_COPIED: [&str; 2] = ["target", ".git"];

/// How long a model may take to find a mutant; a model that is cut short has not found it.
const SECONDS: &str = "60";

/// A copy of the workspace, always at the same place, so that earlier builds there can be used
/// again.
#[derive(Debug)]
pub struct Tree {
    original: PathBuf,
    copy: PathBuf,
    target: PathBuf,
    programs: PathBuf,
    /// Locked while this lives: two runs in one folder would build each other's mutants.
    _alone: File,
}

impl Tree {
    /// Copies the workspace at `original` to a folder in `target`. Files that are the same already
    /// are left alone.
    ///
    /// **Blocking**: while another run uses that folder.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn new(original: &Path, target: &Path) -> io::Result<Tree> {
        let folder = target.join("mutants");
        let (copy, target, programs) = (folder.join("tree"), folder.join("target"), folder.join("programs"));
        fs::create_dir_all(&copy)?;
        fs::create_dir_all(&programs)?;
        let alone = File::create(folder.join("lock"))?;
        if alone.try_lock().is_err() {
            eprintln!("waiting for another run of the mutants in {}", folder.display());
            alone.lock()?;
        }
        let tree = Tree { original: original.to_owned(), copy, target, programs, _alone: alone };
        tree.restore()?;
        Ok(tree)
    }

    /// Makes the copy equal to the original again. Returns what it had to write, relative to the
    /// copy.
    fn restore(&self) -> io::Result<Vec<PathBuf>> {
        let mut written = Vec::new();
        copy(&self.original, &self.copy, &mut written)?;
        Ok(written.iter().filter_map(|path| Some(path.strip_prefix(&self.copy).ok()?.to_owned())).collect())
    }

    /// Applies a mutant and builds the models with it. One mutant at a time; the program that is
    /// returned stays what it is when the next one is built.
    ///
    /// # Errors
    /// The patch does not apply, or the mutant does not compile.
    pub fn build(&self, mutant: &Mutant) -> Result<Program, String> {
        let changed = mutant.apply(&self.original)?;
        let mut written = self.restore().map_err(|error| error.to_string())?;
        for (path, text) in changed {
            fs::write(self.copy.join(&path), text).map_err(|error| format!("{path}: {error}"))?;
            written.push(path.into());
        }
        let built = self.compile(mutant, &written)?;
        let program = self.programs.join(&mutant.name);
        fs::copy(&built, &program).map_err(|error| format!("{}: {error}", program.display()))?;
        Ok(Program(program))
    }

    /// Builds the models as `cargo loom` does, but only those of the strategies that the mutant
    /// names, our own crates not optimised, and incrementally: to compile takes longer than to run
    /// here. Returns the program, which is sure to be made from the files `written` since the last
    /// time.
    ///
    /// The alias is spelled out: where the copy lies inside the original, cargo would read it from
    /// both and take it twice over.
    fn compile(&self, mutant: &Mutant, written: &[PathBuf]) -> Result<PathBuf, String> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        crate::outer_cargo::forget(&mut cargo);
        crate::outer_cargo::under_loom(&mut cargo);
        cargo.env(settings::STRATEGIES, Vec::from_iter(mutant.strategies()).join(","));
        cargo.current_dir(&self.copy).args(["test", "--package", "keyway-loom-tests", "--profile", "loom"]);
        cargo.args(["--config", "env.KEYWAY_LOOM='1'", "--test", "models", "--no-run", "--quiet"]);
        cargo.args(["--message-format", "json-render-diagnostics", "--target-dir"]).arg(&self.target);
        cargo.args(["--config", "profile.loom.opt-level=0", "--config", "profile.loom.debug=0"]);
        cargo.args(["--config", "profile.loom.package.keyway-loom-tests.opt-level=0"]);
        cargo.args(["--config", "profile.loom.package.'*'.opt-level=3"]);
        cargo.args(["--config", "profile.loom.incremental=true"]);
        let built =
            cargo.stderr(Stdio::piped()).output().map_err(|error| format!("cannot run cargo: {error}"))?;
        if !built.status.success() {
            return Err(format!("does not compile:\n{}", String::from_utf8_lossy(&built.stderr)));
        }
        let made = made(&String::from_utf8_lossy(&built.stdout));
        if let Some(stale) = stale(&made, &self.copy, written) {
            return Err(format!("cargo did not build {stale} anew, though its source has changed"));
        }
        let models = made.into_iter().find(|artifact| artifact.target.name == "models");
        let program = models.and_then(|models| models.executable);
        program.ok_or_else(|| "cargo named no program".to_owned())
    }
}

/// The program that runs the models of one mutant. Its file lives as long as this.
#[derive(Debug)]
pub struct Program(PathBuf);

impl Program {
    /// Runs the models that the mutant names.
    ///
    /// # Errors
    /// A model cannot be started.
    pub fn judge(&self, mutant: &Mutant) -> Result<Vec<Killed>, String> {
        mutant.models.iter().map(|model| run(&self.0, model, mutant)).collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A file that is left behind is overwritten the next time.
        let _ = fs::remove_file(&self.0);
    }
}

/// What cargo says of one thing that it has made.
#[derive(Debug, Deserialize)]
struct Artifact {
    manifest_path: PathBuf,
    target: Target,
    /// Whether it was there already.
    fresh: bool,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

/// Reads cargo's messages, one a line.
fn made(messages: &str) -> Vec<Artifact> {
    messages.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The first file among those `written` whose package cargo has taken from an earlier build. Cargo
/// goes by the times of files; to run a mutant's models with the program of another mutant would be
/// worse than to run none.
fn stale(made: &[Artifact], root: &Path, written: &[PathBuf]) -> Option<String> {
    let of_package = |path: &Path| {
        let is_its = |artifact: &&Artifact| {
            let folder = artifact.manifest_path.parent().and_then(|folder| folder.strip_prefix(root).ok());
            folder.is_some_and(|folder| path.starts_with(folder.join("src")))
        };
        made.iter().filter(is_its).collect::<Vec<_>>()
    };
    let is_stale = |path: &&PathBuf| {
        let artifacts = of_package(path);
        !artifacts.is_empty() && artifacts.iter().all(|artifact| artifact.fresh)
    };
    written.iter().find(is_stale).map(|path| path.display().to_string())
}

/// Runs one model of a mutant.
fn run(program: &Path, model: &str, mutant: &Mutant) -> Result<Killed, String> {
    let output = Command::new(program)
        .env(settings::MODEL, model)
        .env(settings::SECONDS, SECONDS)
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

/// Copies a file or folder; leaves files alone that are the same, notes those that it writes, and
/// removes what is no longer there.
fn copy(from: &Path, to: &Path, written: &mut Vec<PathBuf>) -> io::Result<()> {
    if !from.is_dir() {
        let bytes = fs::read(from)?;
        if fs::read(to).is_ok_and(|old| old == bytes) {
            return Ok(());
        }
        written.push(to.to_owned());
        return fs::write(to, bytes);
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
            copy(&from.join(&name), &to.join(&name), written)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(folder: &str, fresh: bool) -> String {
        serde_json::json!({
            "reason": "compiler-artifact", "manifest_path": format!("/tree/{folder}/Cargo.toml"),
            "target": { "name": "x" }, "fresh": fresh, "executable": null,
        })
        .to_string()
    }

    #[test]
    fn a_changed_source_whose_package_was_not_built_is_seen() {
        let messages = [artifact("crates/a", true), artifact("crates/b", false), "{}".to_owned()].join("\n");
        let made = made(&messages);
        assert_eq!(made.len(), 2);
        let stale = |path: &str| stale(&made, Path::new("/tree"), &[PathBuf::from(path)]);
        assert_eq!(stale("crates/a/src/word.rs").as_deref(), Some("crates/a/src/word.rs"));
        assert_eq!(stale("crates/b/src/word.rs"), None);
        // Not part of what is built here.
        assert_eq!(stale("crates/a/tests/conformance.rs"), None);
        assert_eq!(stale("crates/c/src/lib.rs"), None);
    }

    #[test]
    fn a_copy_notes_what_it_writes_and_no_more() {
        let folder = env::temp_dir().join(format!("keyway-copy-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        fs::create_dir_all(&from).unwrap();
        fs::write(from.join("one"), "1").unwrap();
        fs::create_dir_all(&to).unwrap();
        fs::write(to.join("gone"), "0").unwrap();
        let mut written = Vec::new();
        copy(&from, &to, &mut written).unwrap();
        assert_eq!(written, [to.join("one")]);
        assert!(!to.join("gone").exists());
        written.clear();
        copy(&from, &to, &mut written).unwrap();
        assert!(written.is_empty());
        fs::write(to.join("one"), "2").unwrap();
        copy(&from, &to, &mut written).unwrap();
        assert_eq!((written.len(), fs::read(to.join("one")).unwrap()), (1, b"1".to_vec()));
        fs::remove_dir_all(&folder).unwrap();
    }
}
