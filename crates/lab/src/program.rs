//! This program, to be started once more.
//!
//! A program may be replaced while it runs: cargo does so when it builds the next one. The file
//! then at its path is another program, whose figures must not be given out as this one's.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Linux's name for the program that a process runs, whatever has become of the path by which it
/// was started.
const ITSELF: &str = "/proc/self/exe";

/// A program as it was when this process began.
#[derive(Debug)]
pub(crate) struct Program {
    path: PathBuf,
    /// What the path had when this process began; none if the path can have nothing else.
    identity: Option<Identity>,
}

/// What tells one file from another that takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Identity {
    fn of(file: &Metadata) -> Self {
        let modified = (file.mtime(), file.mtime_nsec());
        Identity { device: file.dev(), inode: file.ino(), bytes: file.size(), modified }
    }
}

impl Program {
    /// This program. To be called once when it begins, so that it is known what is at its path
    /// then.
    ///
    /// # Errors
    /// One line if it cannot be found.
    pub(crate) fn this() -> Result<&'static Program, String> {
        static THIS: OnceLock<io::Result<Program>> = OnceLock::new();
        let this = THIS.get_or_init(|| match () {
            () if Path::new(ITSELF).exists() => Ok(Program { path: ITSELF.into(), identity: None }),
            () => Program::at(std::env::current_exe()?),
        });
        this.as_ref().map_err(|error| format!("cannot find this program: {error}"))
    }

    fn at(path: PathBuf) -> io::Result<Program> {
        let identity = Some(Identity::of(&fs::metadata(&path)?));
        Ok(Program { path, identity })
    }

    /// A command that starts it.
    ///
    /// # Errors
    /// One line if it is not there any more, or another has taken its place.
    pub(crate) fn command(&self) -> Result<Command, String> {
        self.is_still_itself()?;
        let mut command = Command::new(&self.path);
        // A list of processes shows the name by which this process was started.
        command.arg0(std::env::args_os().next().unwrap_or_else(|| self.path.clone().into()));
        Ok(command)
    }

    /// Its bytes.
    ///
    /// # Errors
    /// As for [`command`](Self::command), or if it cannot be read.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, String> {
        self.is_still_itself()?;
        fs::read(&self.path).map_err(|error| format!("cannot read {}: {error}", self.path.display()))
    }

    fn is_still_itself(&self) -> Result<(), String> {
        let Some(identity) = self.identity else { return Ok(()) };
        match fs::metadata(&self.path) {
            Ok(file) if Identity::of(&file) == identity => Ok(()),
            Ok(_) => Err(format!("{} has been replaced since it was started", self.path.display())),
            Err(error) => Err(format!("{} has gone since it was started: {error}", self.path.display())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_can_be_started_and_read() {
        let this = Program::this().expect("it runs");
        assert!(this.command().is_ok() && !this.bytes().expect("it can be read").is_empty());
    }

    #[test]
    fn a_program_that_another_has_taken_the_place_of_is_not_started() {
        let folder = tempfile::tempdir().expect("a folder");
        let [path, newer] = ["program", "newer"].map(|name| folder.path().join(name));
        fs::write(&path, "one").expect("it can be written");
        fs::write(&newer, "two").expect("it can be written");
        let program = Program::at(path.clone()).expect("it is there");
        assert!(program.command().is_ok());
        fs::rename(&newer, &path).expect("it can be renamed");
        let refused = program.command().expect_err("it is another");
        assert!(refused.contains("has been replaced") && program.bytes().is_err(), "{refused}");
        fs::remove_file(&path).expect("it can be removed");
        assert!(program.command().is_err_and(|why| why.contains("has gone")));
    }
}
