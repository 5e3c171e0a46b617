//! Files that an experiment is asked to write in addition to its output.

use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};
use keyway_report::{can_write, write_whole};

/// A place for a file, as an argument of the command line (`value_parser = file::place()`), so that
/// hours of measuring do not end in "no such folder" or "permission denied". A name need not be
/// UTF-8.
pub(crate) fn place() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|path| checked(path.into()))
}

/// The place itself, unless its folder does not exist, a folder has taken it, or it cannot be
/// written. What it holds already is left alone, and no file is made.
fn checked(path: PathBuf) -> Result<PathBuf, String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match () {
        () if path.file_name().is_none() || path.is_dir() => Err("it is a folder, not a file".to_owned()),
        () if !folder.is_dir() => Err(format!("there is no folder {}", folder.display())),
        () => match can_write(&path) {
            Ok(()) => Ok(path),
            Err(error) => Err(format!("it cannot be written: {error}")),
        },
    }
}

/// Writes `text` to `path`, in place of what was there, whole or not at all.
///
/// # Errors
/// The one line for standard error if that cannot be done. The old file is as it was.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), String> {
    write_whole(path, text.as_bytes())
        .map_err(|error| format!("error: cannot write {}: {error}", path.display()))
}

/// From now on, a file that becomes larger than this process may make it (`ulimit -f`) is an error
/// of its writer. Before, it is a signal that ends the process without a word.
#[cfg(unix)]
pub(crate) fn large_is_an_error() {
    // SAFETY: SIGXFSZ is a signal that may be ignored, and nothing else in this program handles it.
    // To ignore a signal runs no code of ours.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

#[cfg(not(unix))]
pub(crate) fn large_is_an_error() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_without_a_folder_is_refused_before_anything_is_measured() {
        let folder = std::env::temp_dir();
        let inside = folder.join("no-such-folder").join("page.md");
        assert!(checked(inside).is_err_and(|why| why.contains("no-such-folder")));
        assert!(checked(folder.clone()).is_err_and(|why| why.contains("is a folder")));
        assert!(checked(PathBuf::new()).is_err());
        assert_eq!(checked("page.md".into()), Ok(PathBuf::from("page.md")));
        assert_eq!(checked(folder.join("page.md")), Ok(folder.join("page.md")));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_place_that_cannot_be_written_is_refused_before_anything_is_measured() {
        // Nobody can make a file there, not even a superuser.
        let refused = checked("/proc/page.md".into());
        assert!(refused.as_ref().is_err_and(|why| why.contains("cannot be written")), "{refused:?}");
        assert_eq!(checked("/dev/stdout".into()), Ok(PathBuf::from("/dev/stdout")));
    }

    #[test]
    fn what_cannot_be_written_is_said_with_its_place() {
        let nowhere = std::env::temp_dir().join("no-such-folder").join("page.md");
        let why = write(&nowhere, "").expect_err("there is no such folder");
        assert!(why.starts_with("error: cannot write") && why.contains("no-such-folder"), "{why}");
    }
}
