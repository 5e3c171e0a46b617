//! The folder of a report, in which a file is whole or not there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::page::File;
use crate::results::{Error, Part};
use crate::whole::Waiting;

/// Where finished parts lie while a report is under way.
const PARTS: &str = "parts";

/// A folder that can be written.
#[derive(Debug)]
pub struct Folder(PathBuf);

/// What must be the same for a finished part to be used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Key {
    pub commit: String,
    /// What is not committed, as a number; 0 if nothing is.
    pub changes: u64,
    pub command: String,
    /// The program, as a number.
    pub program: u64,
    pub machine: String,
}

/// A finished part as it lies in the folder.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    key: Key,
    document: Value,
}

impl Folder {
    /// Makes the folder if need be, and makes sure that it can be written.
    ///
    /// # Errors
    /// One line: it cannot be made or written, or is a file.
    pub fn open(path: &Path) -> Result<Folder, Error> {
        let folder = Folder(path.to_owned());
        fs::create_dir_all(path.join(PARTS)).map_err(|error| folder.cannot_write("", &error))?;
        // In a checkout, the parts of an unfinished report must not count as a change of it.
        folder.write(&format!("{PARTS}/.gitignore"), "*\n")?;
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn cannot_write(&self, name: &str, error: &io::Error) -> Error {
        Error::new(format!("cannot write {}: {error}", self.0.join(name).display()))
    }

    /// Writes a file, in place of what was there, as [`write_whole`](crate::write_whole) does.
    ///
    /// # Errors
    /// One line. The old file is as it was.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        self.waiting(name, text)?.take_place().map_err(|error| self.cannot_write(name, &error))
    }

    /// Writes files that belong together: all of them are on the disk before the first is replaced,
    /// so that a full disk does not leave a page with the figures of another report.
    ///
    /// # Errors
    /// As [`Folder::write`].
    pub fn write_all(&self, files: &[File]) -> Result<(), Error> {
        let waiting = files.iter().map(|(name, text)| Ok((name, self.waiting(name, text)?)));
        for (name, file) in waiting.collect::<Result<Vec<_>, Error>>()? {
            file.take_place().map_err(|error| self.cannot_write(name, &error))?;
        }
        Ok(())
    }

    fn waiting(&self, name: &str, text: &str) -> Result<Waiting, Error> {
        let path = self.0.join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        let waiting = made.and_then(|()| Waiting::new(&path, text.as_bytes()));
        waiting.map_err(|error| self.cannot_write(name, &error))
    }

    /// The document of a part that was finished before with the same key.
    pub fn finished(&self, part: Part, key: &Key) -> Option<Value> {
        let text = fs::read_to_string(self.0.join(kept(part))).ok()?;
        let found: Kept = serde_json::from_str(&text).ok()?;
        (found.key == *key).then_some(found.document)
    }

    /// Keeps the document of a finished part.
    ///
    /// # Errors
    /// One line.
    pub fn keep(&self, part: Part, key: &Key, document: &Value) -> Result<(), Error> {
        let text = serde_json::json!({ "key": key, "document": document }).to_string();
        self.write(&kept(part), &text)
    }

    /// Forgets the finished parts, once they are in a whole report.
    ///
    /// # Errors
    /// One line.
    pub fn forget_parts(&self) -> Result<(), Error> {
        fs::remove_dir_all(self.0.join(PARTS)).map_err(|error| self.cannot_write(PARTS, &error))
    }
}

fn kept(part: Part) -> String {
    format!("{PARTS}/{}.json", part.name())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(commit: &str) -> Key {
        let text = |text: &str| text.to_owned();
        Key { commit: text(commit), changes: 0, command: text("c"), program: 1, machine: text("m") }
    }

    #[test]
    fn a_finished_part_is_found_again_by_the_same_key_alone() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(&place.path().join("a/b")).expect("it can be made");
        folder.keep(Part::Cost, &key("1"), &json!({ "rows": [1.5] })).expect("it can be written");
        assert_eq!(folder.finished(Part::Cost, &key("1")), Some(json!({ "rows": [1.5] })));
        assert_eq!(folder.finished(Part::Cost, &key("2")), None);
        assert_eq!(folder.finished(Part::Replay, &key("1")), None);
        // Torn, as if by a file system that lost its end.
        fs::write(folder.path().join("parts/cost.json"), "{\"key\":").expect("it can be written");
        assert_eq!(folder.finished(Part::Cost, &key("1")), None);
        folder.forget_parts().expect("they can be removed");
        assert!(!folder.path().join("parts").exists());
    }

    #[test]
    fn what_cannot_be_written_is_one_line_and_leaves_what_was_there() {
        let place = tempfile::tempdir().expect("a folder");
        let file = place.path().join("file");
        fs::write(&file, "").expect("it can be written");
        let error = Folder::open(&file.join("under")).expect_err("it is a file").to_string();
        assert!(error.starts_with("cannot write") && !error.contains('\n'), "{error}");
        let folder = Folder::open(&place.path().join("report")).expect("it can be made");
        fs::create_dir(folder.path().join("report.md")).expect("a folder in the way");
        assert!(folder.write("report.md", "text").is_err());
        let names: Vec<_> = fs::read_dir(folder.path()).expect("it is there").flatten().collect();
        assert_eq!(names.len(), 2, "nothing unfinished is left: {names:?}");
    }

    #[test]
    fn files_that_belong_together_are_replaced_together_or_not_at_all() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(place.path()).expect("it can be made");
        let files = |text: &str| ["a", "b/c", "d"].map(|name| (name.to_owned(), text.to_owned()));
        folder.write_all(&files("before")).expect("they can be written");
        fs::remove_file(place.path().join("d")).expect("it is there");
        fs::create_dir(place.path().join("d")).expect("a folder in the way");
        let error = folder.write_all(&files("after")).expect_err("a folder is in the way").to_string();
        assert!(error.starts_with("cannot write") && error.contains("/d: "), "{error}");
        for name in ["a", "b/c"] {
            assert_eq!(fs::read_to_string(place.path().join(name)).expect("it is there"), "before");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_said_with_its_place() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(place.path()).expect("it can be made");
        std::os::unix::fs::symlink("/dev/full", place.path().join("report.md")).expect("a link");
        let error = folder.write("report.md", "text").expect_err("the device is full").to_string();
        assert!(error.contains("No space left") && error.contains("report.md"), "{error}");
    }
}
