//! A mutant's file: header and unified diff, read and applied.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::verdict::Reason;

/// A seeded bug.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The file's name without `.patch`.
    pub name: String,
    /// The strategy whose models find it.
    pub strategy: String,
    /// What the bug breaks, in a sentence.
    pub breaks: String,
    /// The models that must fail, each `strategy::name`.
    pub models: Vec<String>,
    /// Why they must fail.
    pub reason: Reason,
    /// The files that it changes.
    changes: Vec<Change>,
}

/// What is changed in one file.
#[derive(Clone, Debug)]
struct Change {
    path: String,
    hunks: Vec<Hunk>,
}

/// Lines that are replaced by others, context included.
#[derive(Clone, Debug, Default)]
struct Hunk {
    /// Where the old lines were when the patch was made, counted from 1.
    line: usize,
    old: Vec<String>,
    new: Vec<String>,
}

impl Mutant {
    /// Reads a mutant's file.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(path: &Path) -> Result<Mutant, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Mutant::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn parse(text: &str) -> Result<Mutant, String> {
        let start = text.find("--- a/").ok_or("no diff")?;
        let (header, diff) = text.split_at(start);
        let field = |key: &str| {
            let found = header.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            found.map(|value| value.trim().to_owned()).ok_or(format!("no `{key}:` in the header"))
        };
        Ok(Mutant {
            name: field("name")?,
            strategy: field("strategy")?,
            breaks: field("breaks")?,
            models: field("models")?.split(',').map(|model| model.trim().to_owned()).collect(),
            reason: field("reason")?.parse()?,
            changes: changes(diff)?,
        })
    }

    /// The strategies whose models it names, each once, in the order of their ids.
    pub fn strategies(&self) -> BTreeSet<&str> {
        self.models.iter().filter_map(|model| model.split("::").next()).collect()
    }

    /// The files that it changes, relative to the workspace.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().map(|change| change.path.as_str())
    }

    /// The files that it changes, relative to the workspace, with their new text.
    ///
    /// # Errors
    /// The patch does not apply to the files below `root`.
    pub fn apply(&self, root: &Path) -> Result<Vec<(String, String)>, String> {
        self.changes.iter().map(|change| Ok((change.path.clone(), change.apply(root)?))).collect()
    }
}

impl Change {
    fn apply(&self, root: &Path) -> Result<String, String> {
        let text =
            fs::read_to_string(root.join(&self.path)).map_err(|error| format!("{}: {error}", self.path))?;
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut moved = 0;
        for hunk in &self.hunks {
            moved = hunk.apply(&mut lines, moved).map_err(|error| format!("{}: {error}", self.path))?;
        }
        Ok(lines.join("\n") + "\n")
    }
}

impl Hunk {
    /// Replaces the old lines wherever they are now; if there are several such places, at the one
    /// nearest to where they were, which has moved by `moved` lines as far as the hunk before
    /// tells. Returns by how many the lines behind it have moved.
    fn apply(&self, lines: &mut Vec<String>, moved: isize) -> Result<isize, String> {
        let expected = (self.line - 1).saturating_add_signed(moved);
        let place = (0..=lines.len().saturating_sub(self.old.len()))
            .filter(|&place| lines[place..].starts_with(&self.old))
            .min_by_key(|&place| place.abs_diff(expected))
            .ok_or_else(|| format!("the patch no longer applies near line {}", self.line))?;
        lines.splice(place..place + self.old.len(), self.new.iter().cloned());
        Ok(signed(place + self.new.len()) - signed(self.line - 1 + self.old.len()))
    }
}

fn signed(lines: usize) -> isize {
    isize::try_from(lines).expect("a file has no more lines")
}

fn changes(diff: &str) -> Result<Vec<Change>, String> {
    let mut changes: Vec<Change> = Vec::new();
    for line in diff.lines() {
        if let Some(path) = line.strip_prefix("--- a/") {
            changes.push(Change { path: path.trim().to_owned(), hunks: Vec::new() });
            continue;
        }
        if line.starts_with("+++ ") {
            continue;
        }
        let change = changes.last_mut().ok_or("a hunk before the file it is in")?;
        if let Some(place) = line.strip_prefix("@@ -") {
            let digits: String = place.chars().take_while(char::is_ascii_digit).collect();
            let line = digits.parse().map_err(|_| format!("no line number in `@@ -{place}`"))?;
            change.hunks.push(Hunk { line, ..Hunk::default() });
            continue;
        }
        let hunk = change.hunks.last_mut().ok_or("a line before the first `@@`")?;
        let (kind, text) = line.split_at_checked(1).unwrap_or((" ", ""));
        match kind {
            "-" => hunk.old.push(text.to_owned()),
            "+" => hunk.new.push(text.to_owned()),
            " " => {
                hunk.old.push(text.to_owned());
                hunk.new.push(text.to_owned());
            }
            _ => return Err(format!("neither `-`, `+` nor context: `{line}`")),
        }
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hunk(line: usize, old: &[&str], new: &[&str]) -> Hunk {
        let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        Hunk { line, old: owned(old), new: owned(new) }
    }

    fn applied(hunk: &Hunk, text: &str) -> Result<String, String> {
        let mut lines = text.lines().map(str::to_owned).collect();
        hunk.apply(&mut lines, 0)?;
        Ok(lines.join("\n"))
    }

    #[test]
    fn a_hunk_is_found_where_the_lines_have_moved_to() {
        assert_eq!(applied(&hunk(1, &["b"], &["x", "y"]), "0\na\nb\nc").unwrap(), "0\na\nx\ny\nc");
    }

    #[test]
    fn the_nearest_of_several_places_is_taken() {
        assert_eq!(applied(&hunk(4, &["b"], &["x"]), "b\na\na\na\nb").unwrap(), "b\na\na\na\nx");
    }

    #[test]
    fn a_hunk_follows_the_one_before() {
        let mut lines: Vec<String> = "b\n0\n0\n0\na\n0\nb".lines().map(str::to_owned).collect();
        let moved = hunk(1, &["a"], &["x", "y"]).apply(&mut lines, 0).unwrap();
        assert_eq!(moved, 5);
        hunk(3, &["b"], &["z"]).apply(&mut lines, moved).unwrap();
        assert_eq!(lines.join("\n"), "b\n0\n0\n0\nx\ny\n0\nz");
    }

    /// Nothing is built: the author of a change to the lines under a mutant hears of it in seconds.
    #[test]
    fn every_mutant_applies_and_is_named_after_its_file() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut wrong = Vec::new();
        for entry in fs::read_dir(root.join("loom-tests/mutants")).unwrap() {
            let path = entry.unwrap().path();
            let named = path.file_stem().unwrap().to_str().unwrap().to_owned();
            match Mutant::read(&path).and_then(|mutant| mutant.apply(root).map(|changed| (mutant, changed))) {
                Err(error) => wrong.push(format!("{named}: {error}")),
                Ok((mutant, _)) if mutant.name != named => {
                    wrong.push(format!("{named}: named {}", mutant.name))
                }
                Ok((_, changed)) if changed.is_empty() => wrong.push(format!("{named}: changes nothing")),
                Ok(_) => {}
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_patch_that_no_longer_applies_is_an_error() {
        assert!(applied(&hunk(1, &["gone"], &["x"]), "a\nb").is_err());
    }
}
