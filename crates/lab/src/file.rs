//! Files that an experiment is asked to write beside its output.

use std::fs;
use std::path::{Path, PathBuf};

/// A place for a file, as an argument of the command line (`value_parser = file::place`), so that hours of measuring do not end in
/// "no such folder".
///
/// # Errors
/// If the folder does not exist, or the place is taken by a folder.
pub(crate) fn place(path: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match () {
        () if path.file_name().is_none() || path.is_dir() => Err("it is a folder, not a file".to_owned()),
        () if !folder.is_dir() => Err(format!("there is no folder {}", folder.display())),
        () => Ok(path),
    }
}

/// Writes `text` to `path`, in place of what was there.
///
/// # Errors
/// The one line for standard error if that cannot be done.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("error: cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_without_a_folder_is_refused_before_anything_is_measured() {
        let folder = std::env::temp_dir();
        let inside = folder.join("no-such-folder").join("page.md");
        assert!(place(&inside.to_string_lossy()).is_err_and(|why| why.contains("no-such-folder")));
        assert!(place(&folder.to_string_lossy()).is_err_and(|why| why.contains("is a folder")));
        assert!(place("").is_err());
        assert_eq!(place("page.md"), Ok(PathBuf::from("page.md")));
        assert_eq!(place(&folder.join("page.md").to_string_lossy()), Ok(folder.join("page.md")));
    }

    #[test]
    fn what_cannot_be_written_is_said_with_its_place() {
        let nowhere = std::env::temp_dir().join("no-such-folder").join("page.md");
        let why = write(&nowhere, "").expect_err("there is no such folder");
        assert!(why.starts_with("error: cannot write") && why.contains("no-such-folder"), "{why}");
    }
}
