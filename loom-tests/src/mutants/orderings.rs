//! Every access of an atomic has a row in a PROTOCOL.md that names its ordering. And every ordering
//! stronger than Relaxed is there for a reason: a mutant that weakens it is killed, or PROTOCOL.md
//! says why loom cannot see it.

use std::fs;
use std::path::{Path, PathBuf};

/// The orderings that are stronger than Relaxed.
const STRONG: [&str; 4] = ["Acquire", "Release", "AcqRel", "SeqCst"];

/// How many lines above an access its comment may begin.
const NEAR: usize = 12;

/// A row of a table of orderings: its id, such as `O3`, and the orderings that it names.
struct Row {
    id: String,
    orderings: String,
}

impl Row {
    fn names(&self, ordering: &str) -> bool {
        self.orderings.contains(ordering)
    }
}

/// The rows of the table of orderings in a PROTOCOL.md: those that begin with an id, in the column
/// headed `ordering`.
fn table(protocol: &str) -> Vec<Row> {
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let heading = protocol.lines().map(cells).find(|cells| cells.iter().any(|cell| cell == "ordering"));
    let Some(column) = heading.and_then(|cells| cells.iter().position(|cell| cell == "ordering")) else {
        return Vec::new();
    };
    let row = |line: &str| {
        let cells = cells(line);
        let id = cells.get(1).filter(|id| is_id(id))?.clone();
        Some(Row { id, orderings: cells.get(column)?.clone() })
    };
    protocol.lines().filter_map(row).collect()
}

fn is_id(word: &str) -> bool {
    word.strip_prefix('O')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// The ids in a comment.
fn ids(comment: &str) -> impl Iterator<Item = &str> {
    comment.split(|character: char| !character.is_alphanumeric()).filter(|word| is_id(word))
}

/// What is wrong with the orderings of one crate: `folder` relative to the workspace, its
/// `sources`, its PROTOCOL.md, and the `mutants` that weaken something in it, each the text of its
/// file.
fn complaints(folder: &str, sources: &[(String, String)], protocol: &str, mutants: &[String]) -> Vec<String> {
    let table = table(protocol);
    let mut complaints = Vec::new();
    for (path, text) in sources {
        for (number, ordering, comment) in accesses(text) {
            if !ids(&comment).any(|id| table.iter().any(|row| row.id == id && row.names(ordering))) {
                complaints.push(format!("{path}:{number}: {ordering} without a row of PROTOCOL.md"));
            }
        }
    }
    for row in &table {
        for ordering in STRONG.into_iter().filter(|ordering| row.names(ordering)) {
            let is_weakened = mutants.iter().any(|mutant| weakens(mutant, folder, &row.id));
            if !is_weakened && !is_excused(protocol, &row.id) {
                complaints.push(format!("{folder}: {} ({ordering}) has no mutant and no paragraph", row.id));
            }
        }
    }
    complaints
}

/// Accesses of the shipped code: line, ordering, and the comment above.
fn accesses(source: &str) -> Vec<(usize, &'static str, String)> {
    let lines: Vec<&str> = source.lines().take_while(|line| !is_of_tests(line)).collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for ordering in STRONG
            .into_iter()
            .chain(["Relaxed"])
            .filter(|ordering| code.contains(&format!("Ordering::{ordering}")))
        {
            let above = lines[index.saturating_sub(NEAR)..index].join("\n");
            // The nearest comment that has an id, and what follows it.
            let from = above.rfind("// O").unwrap_or(above.len());
            found.push((index + 1, ordering, above[from..].to_owned()));
        }
    }
    found
}

/// Whether the tests of a file begin here.
fn is_of_tests(line: &str) -> bool {
    line.starts_with("#[cfg(") && line.contains("test") && !line.contains("feature")
}

/// Whether a mutant takes a strong ordering out of a row: it is named after the row, and removes a
/// line with such an ordering.
fn weakens(mutant: &str, folder: &str, id: &str) -> bool {
    let crate_name = folder.rsplit('/').next().unwrap_or(folder);
    let name = format!("name: {crate_name}-{}-", id.to_lowercase());
    let mut removed = mutant.lines().filter(|line| line.starts_with('-') && !line.starts_with("---"));
    mutant.starts_with(&name) && removed.any(|line| STRONG.iter().any(|ordering| line.contains(ordering)))
}

/// Whether PROTOCOL.md has a paragraph on this row that says why loom cannot see it.
fn is_excused(protocol: &str, id: &str) -> bool {
    let mut paragraphs = protocol.split("\n\n").filter(|paragraph| !paragraph.starts_with('|'));
    paragraphs
        .any(|paragraph| ids(paragraph).any(|other| other == id) && paragraph.contains("loom cannot see"))
}

/// The crates whose orderings count, with their sources.
fn crates(root: &Path) -> Vec<(String, Vec<(String, String)>)> {
    let mut folders = vec!["crates/sections".to_owned(), "crates/object-model".to_owned()];
    for entry in fs::read_dir(root.join("crates/strategies")).unwrap() {
        folders.push(format!("crates/strategies/{}", entry.unwrap().file_name().to_str().unwrap()));
    }
    folders.sort();
    folders.into_iter().map(|folder| (folder.clone(), sources(&root.join(&folder).join("src")))).collect()
}

fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

#[test]
fn each_is_tied_to_a_mutant_or_a_paragraph() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let patches = fs::read_dir(root.join("loom-tests/mutants")).unwrap();
    let mut patches: Vec<PathBuf> = patches.map(|entry| entry.unwrap().path()).collect();
    patches.sort();
    let mutants: Vec<String> = patches.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let mut found = Vec::new();
    let mut rows = 0;
    for (folder, sources) in crates(root) {
        let protocol = fs::read_to_string(root.join(&folder).join("PROTOCOL.md")).unwrap_or_default();
        rows += table(&protocol).iter().filter(|row| STRONG.iter().any(|strong| row.names(strong))).count();
        found.extend(complaints(&folder, &sources, &protocol, &mutants));
    }
    assert!(found.is_empty(), "{found:#?}");
    assert!(rows > 5, "the tables have been found");
}

const PROTOCOL: &str =
    "| id | word | ordering |\n|---|---|---|\n| O1 | w | Acquire |\n| O2 | w | Relaxed |\n";
const MUTANT: &str = "name: a-o1-weak\n\n--- a/x\n-  load(Ordering::Acquire)\n+  load(Ordering::Relaxed)\n";

fn of_one(source: &str, protocol: &str, mutants: &[&str]) -> Vec<String> {
    let mutants: Vec<String> = mutants.iter().map(|&mutant| mutant.to_owned()).collect();
    complaints("crates/strategies/a", &[("a.rs".to_owned(), source.to_owned())], protocol, &mutants)
}

#[test]
fn an_ordering_that_nothing_weakens_is_seen() {
    let source = "// O1, Acquire: for a reason.\nword.load(Ordering::Acquire)";
    assert_eq!(of_one(source, PROTOCOL, &[MUTANT]), Vec::<String>::new());
    assert_eq!(of_one(source, PROTOCOL, &[]).len(), 1);
    assert_eq!(of_one(source, PROTOCOL, &[&MUTANT.replace("o1", "o2")]).len(), 1);
    assert_eq!(of_one(source, PROTOCOL, &[&MUTANT.replace("Acquire", "Relaxed")]).len(), 1);
    let excused = format!("{PROTOCOL}\nO1 is there for clocks, which loom cannot see.\n");
    assert_eq!(of_one(source, &excused, &[]), Vec::<String>::new());
}

#[test]
fn an_ordering_without_a_row_is_seen() {
    for source in [
        "// No id.\nword.load(Ordering::Acquire)",
        "// O2, Relaxed.\nword.load(Ordering::Acquire)",
        "// O1, Acquire.\nword.fetch_sub(1, Ordering::Release)",
        "// No id.\nword.load(Ordering::Relaxed)",
        "// O1, Relaxed.\nword.load(Ordering::Relaxed)",
    ] {
        assert_eq!(of_one(source, PROTOCOL, &[MUTANT]).len(), 1, "{source}");
    }
}
