//! Which commit the sources of this program are of, as git tells it.
//!
//! A document that names the commit of another repository is worse than one that names none. So git
//! is asked about the folder of these sources and about nothing else, and where its answer may be
//! about another repository, the commit counts as not known.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use keyway_report::fingerprint;

use crate::models::workspace;

/// The manifest of this crate, as git names it: a commit of these sources has it.
const A_FILE_OF_OURS: &str = "HEAD:crates/lab/Cargo.toml";

/// What git knows of the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkout {
    /// The commit that is checked out.
    pub(crate) commit: String,
    /// What is not committed, as a number; 0 if nothing is.
    pub(crate) changes: u64,
}

/// The checkout that holds the sources from which this program was built.
///
/// # Errors
/// Why the commit is not known, in a few words that follow "the commit is not known: ".
pub(crate) fn look() -> Result<Checkout, String> {
    at(workspace())
}

/// The checkout whose top folder is `root`.
fn at(root: &Path) -> Result<Checkout, String> {
    let place = git(root, &["rev-parse", "--is-inside-work-tree", "--show-prefix"])?;
    match place.as_slice() {
        b"true\n\n" => {}
        [b't', b'r', b'u', b'e', ..] => {
            return Err("the sources lie inside another repository, whose commit is not theirs".to_owned());
        }
        _ => return Err("the repository there has no work tree with the sources".to_owned()),
    }
    let commit = git(root, &["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
        .map_err(|_| "nothing is committed yet".to_owned())?;
    git(root, &["cat-file", "-e", A_FILE_OF_OURS])
        .map_err(|_| "the commit that is checked out there does not have these sources".to_owned())?;
    // Whatever the user's configuration says of the output.
    let mut changes =
        git(root, &["status", "--porcelain=v1", "--untracked-files=normal", "--ignore-submodules=none"])?;
    if !changes.is_empty() {
        changes.extend(git(root, &["diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD"])?);
    }
    let changes = if changes.is_empty() { 0 } else { fingerprint(&changes) };
    Ok(Checkout { commit: String::from_utf8_lossy(&commit).trim().to_owned(), changes })
}

/// What git prints, asked in the folder `root`.
fn git(root: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let mut git = Command::new("git");
    git.args(["--no-optional-locks", "-C"]).arg(root).args(arguments);
    // These point to other repositories, other files of one, or another configuration: a hook has
    // them, for one.
    for (name, _) in env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GIT_") {
            git.env_remove(name);
        }
    }
    git.env("LC_ALL", "C").stdin(Stdio::null());
    let output = git.output().map_err(|_| "git cannot be run".to_owned())?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().next().unwrap_or("git has failed").trim_start_matches("fatal: ");
    let none = line.starts_with("not a git repository");
    Err(if none { "the sources are in no checkout of git".to_owned() } else { format!("git says: {line}") })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    /// Makes a file, and the folders that it needs.
    fn file(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }

    /// A folder with one of our files, and whether it is a repository with that file.
    fn sources(at: &Path, is_repository: bool) {
        file(&at.join("crates/lab/Cargo.toml"), "");
        if is_repository {
            repository(at);
        }
    }

    /// Makes a repository of all that is in a folder.
    fn repository(at: &Path) {
        let name = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
        for arguments in [
            &["init", "--quiet"][..],
            &["add", "--all"],
            &[&name[..], &["commit", "--quiet", "--allow-empty", "--message", "all"]].concat(),
        ] {
            git(at, arguments).expect("git is there");
        }
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let place = tempfile::tempdir().expect("a folder");
        let root = place.path().join("sources");
        (place, root)
    }

    #[test]
    fn a_checkout_has_a_commit_and_says_whether_it_has_changes() {
        let (_place, root) = place();
        sources(&root, true);
        let clean = at(&root).expect("it is a checkout");
        assert_eq!((clean.commit.len(), clean.changes), (40, 0));
        git(&root, &["config", "status.showUntrackedFiles", "no"]).expect("git is there");
        file(&root.join("new"), "");
        let changed = at(&root).expect("it is a checkout");
        assert_eq!(changed.commit, clean.commit);
        assert_ne!(changed.changes, 0);
    }

    #[test]
    fn sources_inside_another_repository_have_no_commit() {
        let (place, root) = place();
        sources(&root, false);
        // A repository around the sources, with or without them in its commits.
        let apart = "in no checkout";
        let around = "inside another repository";
        assert!(at(&root).is_err_and(|why| why.contains(apart)));
        repository(place.path());
        assert!(at(&root).is_err_and(|why| why.contains(around)));
    }

    #[test]
    fn sources_over_another_repository_have_no_commit() {
        let (_place, root) = place();
        file(&root.join("README"), "another project");
        git(&root, &["init", "--quiet"]).expect("git is there");
        assert!(at(&root).is_err_and(|why| why.contains("nothing is committed")));
        repository(&root);
        sources(&root, false);
        assert!(at(&root).is_err_and(|why| why.contains("does not have these sources")));
    }

    #[test]
    fn a_worktree_is_a_checkout() {
        let (place, root) = place();
        sources(&root, true);
        let tree = place.path().join("tree");
        git(&root, &["worktree", "add", "--quiet", &tree.to_string_lossy()]).expect("git is there");
        assert_eq!(at(&tree), at(&root));
    }
}
