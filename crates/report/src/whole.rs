//! A file that is written is whole or untouched: a full disk costs nobody the file of yesterday.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// Writes `bytes` to the file `path`, in place of what was there.
///
/// The bytes go to a temporary file in the same folder. The temporary file takes the place of
/// `path` when all of it is on the disk. The file keeps its permissions and, where that is allowed,
/// its owner. A symbolic link stays a link, and the file to which it leads is replaced. A pipe or a
/// device cannot be replaced: the bytes are written into it.
///
/// A process that is killed meanwhile leaves its temporary file, `.keyway-*.unfinished`, in that
/// folder. Nothing reads the temporary file again, and it may be removed.
///
/// # Errors
/// What the operating system says. A file that was there before is as it was, and no temporary file
/// is left. A file that may not be written is not replaced either.
///
/// **Blocking**: until the disk has the bytes, or the reader of a pipe has read them.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    Waiting::new(path, bytes)?.take_place()
}

/// A file that has been written, but does not have its name yet. Dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Waiting(Option<(NamedTempFile, PathBuf)>);

impl Waiting {
    /// Writes the bytes to a new file next to the one that they will replace; into a pipe or a
    /// device at once.
    pub(crate) fn new(path: &Path, bytes: &[u8]) -> io::Result<Waiting> {
        let at_once = |done: io::Result<()>| done.map(|()| Waiting(None));
        match path.to_str() {
            // Opened a second time, a file behind these names would have a second place to write
            // at.
            Some("/dev/stdout") => return at_once(into(&mut io::stdout().lock(), bytes)),
            Some("/dev/stderr") => return at_once(into(&mut io::stderr().lock(), bytes)),
            _ => {}
        }
        let (target, old) = match fs::metadata(path) {
            Ok(old) if old.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(old) if old.is_file() => (fs::canonicalize(path)?, Some(old)),
            Ok(_) => return at_once(into(&mut OpenOptions::new().write(true).open(path)?, bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (end_of_links(path)?, None),
            Err(error) => return Err(error),
        };
        let mut file = beside(&target, old.as_ref())?;
        file.write_all(bytes)?;
        if let Some(old) = old {
            keep_owner(file.as_file(), &old);
            file.as_file().set_permissions(old.permissions())?;
        }
        file.as_file().sync_all()?;
        Ok(Waiting(Some((file, target))))
    }

    /// Takes the place of the file that was there.
    pub(crate) fn take_place(self) -> io::Result<()> {
        let Some((file, target)) = self.0 else { return Ok(()) };
        file.persist(&target).map_err(|error| error.error)?;
        // The name, too. Not every file system can do that for a folder.
        if let Ok(folder) = File::open(folder_of(&target)) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

/// Makes sure that [`write_whole`] could write to this place now, and changes nothing there.
///
/// # Errors
/// What the operating system says.
pub fn can_write(path: &Path) -> io::Result<()> {
    if matches!(path.to_str(), Some("/dev/stdout" | "/dev/stderr")) {
        // Written into, whatever is behind the name.
        return Ok(());
    }
    match fs::metadata(path) {
        Ok(old) if old.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(old) if old.is_file() => beside(&fs::canonicalize(path)?, Some(&old)).map(drop),
        // To open a pipe would wait for its reader.
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => beside(&end_of_links(path)?, None).map(drop),
        Err(error) => Err(error),
    }
}

fn into(place: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    place.write_all(bytes)?;
    place.flush()
}

/// An empty file next to the one that it will replace.
fn beside(path: &Path, old: Option<&Metadata>) -> io::Result<NamedTempFile> {
    if old.is_some() {
        // To replace a file takes the right to write its folder alone. A file that its owner has
        // protected stays protected.
        OpenOptions::new().write(true).open(path)?;
    }
    let mut builder = Builder::new();
    // A short name: the one of the target may have as many bytes as a name can have.
    builder.prefix(".keyway-").suffix(".unfinished");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A new file has these less what the umask takes away. One that replaces another is its
        // owner's alone until it has the permissions of the old one.
        let mode = if old.is_some() { 0o600 } else { 0o666 };
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    // The error of the operating system alone: the caller knows which file it wanted.
    builder.tempfile_in(folder_of(path)).map_err(|error| match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error.kind().into(),
    })
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The place to which links lead where no file is yet.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // As many links as Linux follows.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Gives the new file to the owner and the group of the old one, as far as this process may.
#[cfg(unix)]
fn keep_owner(file: &File, old: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let Ok(new) = file.metadata() else { return };
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        // Only a superuser may give files away; a member of the group may at least keep the group.
        let _ =
            fchown(file, Some(old.uid()), Some(old.gid())).or_else(|_| fchown(file, None, Some(old.gid())));
    }
}

#[cfg(not(unix))]
fn keep_owner(_file: &File, _old: &Metadata) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("it is there").flatten();
        let mut names: Vec<_> = entries.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_new_or_replaced_and_nothing_else_is_left() {
        let place = tempfile::tempdir().expect("a folder");
        let file = place.path().join("page.md");
        for text in ["long before", "after"] {
            can_write(&file).expect("it can be written");
            write_whole(&file, text.as_bytes()).expect("it can be written");
            assert_eq!(fs::read_to_string(&file).expect("it was written"), text);
        }
        assert_eq!(names(place.path()), ["page.md"]);
        assert!(write_whole(place.path(), b"").is_err_and(|it| it.kind() == io::ErrorKind::IsADirectory));
        assert!(can_write(place.path()).is_err());
        let nowhere = place.path().join("no/page.md");
        assert!(can_write(&nowhere).is_err() && write_whole(&nowhere, b"").is_err());
    }

    #[test]
    fn to_look_whether_a_file_can_be_written_makes_none() {
        let place = tempfile::tempdir().expect("a folder");
        can_write(&place.path().join("page.md")).expect("it can be written");
        assert!(names(place.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let place = tempfile::tempdir().expect("a folder");
        let (file, link, dangling) =
            (place.path().join("file"), place.path().join("link"), place.path().join("dangling"));
        fs::write(&file, "before").expect("it can be written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("it is ours");
        symlink("file", &link).expect("a link");
        symlink("new", &dangling).expect("a link");
        write_whole(&link, b"after").expect("it can be written");
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "after");
        assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o640);
        write_whole(&dangling, b"new").expect("it can be written");
        assert_eq!(fs::read_to_string(place.path().join("new")).expect("it is there"), "new");
        for link in [link, dangling] {
            assert!(link.is_symlink(), "{}", link.display());
        }
        assert_eq!(names(place.path()), ["dangling", "file", "link", "new"]);
    }

    #[cfg(unix)]
    #[test]
    fn what_replaces_a_protected_file_is_protected_from_its_first_moment() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("file");
        fs::write(&path, "before").expect("it can be written");
        let old = fs::metadata(&path).expect("it is there");
        let new = beside(&path, Some(&old)).expect("it can be made");
        let mode = new.as_file().metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_is_written_and_stays_a_device() {
        use std::os::unix::fs::{FileTypeExt, symlink};
        let place = tempfile::tempdir().expect("a folder");
        let link = place.path().join("full");
        symlink("/dev/full", &link).expect("a link");
        let error = write_whole(&link, b"text").expect_err("the device is full");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        write_whole(Path::new("/dev/null"), b"text").expect("it takes everything");
        let device = fs::metadata("/dev/null").expect("Linux has it");
        assert!(device.file_type().is_char_device() && link.is_symlink());
    }
}
