//! Files that are written whole or not at all.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes what `write` writes to the file at `path`, in place of what was there, such that the file
/// is whole or untouched.
///
/// The bytes go to a new file next to it, which takes the name once all of them are on the disk.
/// The permissions of the old file stay; other links to the old file keep what was there. A
/// symbolic link stays, and the file that it names is replaced. A pipe or a device cannot be
/// replaced: the bytes are written into it.
///
/// **Blocking**: until the bytes are on the disk. A process that is killed meanwhile leaves the old
/// file untouched and the new one next to it, under a name that begins with `.keyway-`.
///
/// # Errors
/// If `write` fails, or the file or its folder cannot be written. The new file is removed then, and
/// the old file is as it was.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    match path.to_str() {
        // Opened a second time, a file behind these names would be written from its beginning.
        Some("/dev/stdout") => return write_into(&mut io::stdout().lock(), write),
        Some("/dev/stderr") => return write_into(&mut io::stderr().lock(), write),
        _ => {}
    }
    // Opened, and not only looked at: a file that may not be written is not replaced either.
    match OpenOptions::new().write(true).open(path) {
        Ok(mut file) => match file.metadata()? {
            old if old.is_file() => replace(&fs::canonicalize(path)?, Some(&old), write),
            _ => write_into(&mut file, write),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => replace(&end_of_links(path)?, None, write),
        Err(error) => Err(error),
    }
}

fn write_into(place: &mut dyn Write, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    write(place)?;
    place.flush()
}

fn replace(
    place: &Path,
    old: Option<&Metadata>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = folder_of(place);
    let mut new = tempfile::Builder::new();
    new.prefix(".keyway-").suffix(".unfinished");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A new file has these less what the user's mask takes away. One that replaces another is
        // its owner's alone until it has the permissions of the old one.
        let mode = if old.is_some() { 0o600 } else { 0o666 };
        new.permissions(fs::Permissions::from_mode(mode));
    }
    // Removed when it is dropped before it has its name.
    let mut new = new.tempfile_in(folder).map_err(|error| cannot_begin(folder, &error))?;
    write(new.as_file_mut())?;
    if let Some(old) = old {
        new.as_file().set_permissions(old.permissions())?;
    }
    new.as_file().sync_all()?;
    new.persist(place).map_err(|error| error.error)?;
    // The name, too; some file systems cannot do that for a folder.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Where a file would be made: at `path`, or where links lead that lead to no file yet.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    /// As many as Linux follows.
    const MOST_LINKS: usize = 40;
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&place) {
            Ok(target) => place = folder_of(&place).join(target),
            Err(_) => return Ok(place),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn cannot_begin(folder: &Path, error: &io::Error) -> io::Error {
    // The kind alone: the whole text names a file of which nobody has heard.
    let reason = format!("no file can be made in {}: {}", folder.display(), error.kind());
    io::Error::new(error.kind(), reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let old = folder.path().join("old");
        fs::write(&old, "old").expect("a file");
        for path in [old.clone(), folder.path().join("new")] {
            let result = write_whole(&path, |file| {
                file.write_all(b"a part of it")?;
                Err(io::ErrorKind::StorageFull.into())
            });
            assert_eq!(result.expect_err("it failed").kind(), io::ErrorKind::StorageFull);
            assert_eq!(fs::read_to_string(&old).expect("it is there"), "old");
            assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
        }
    }
    #[cfg(unix)]
    #[test]
    fn what_replaces_a_protected_file_is_protected_from_its_first_moment() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        fs::write(&path, "before").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("it is ours");
        write_whole(&path, |_| {
            let entries = fs::read_dir(folder.path()).expect("a folder").flatten();
            for unfinished in entries.filter(|entry| entry.path() != path) {
                let mode = unfinished.metadata().expect("it is there").permissions().mode();
                assert_eq!(mode & 0o077, 0, "{mode:o}");
            }
            Ok(())
        })
        .expect("it can be written");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o640);
    }
}
