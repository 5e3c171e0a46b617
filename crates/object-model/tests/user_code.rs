//! Where user code is called, against the table of PROTOCOL.md: a call that has no mark is found,
//! and so is a mark without a row, a row without a mark, and any call from a strategy.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// How user code is called other than by a parameter that is a closure.
const CALLS: [&str; 8] = [
    "catch_unwind(",
    "drop_in_place(",
    "ManuallyDrop::drop(",
    ".destroy)(",
    "::drop_contents(",
    "wake_by_ref(",
    ".wake()",
    "drop(waker)",
];

/// Functions that call user code where they are called, and so not in a strategy.
const CALLS_IN_TURN: [&str; 3] = ["counted::collect::<", "counted::step_aside", "run_due("];

/// Closures of this library's own that a file calls: not user code.
const OURS: [(&str, &str); 4] = [
    // The object model's, which neither attaches nor detaches.
    ("object-model/src/context.rs", "f"),
    // A call of one of a strategy's functions.
    ("object-model/src/counted/mod.rs", "f"),
    // A strategy's release of what its queue held.
    ("object-model/src/queue.rs", "release"),
    // The object model's, called as the last step.
    ("object-model/src/strategy.rs", "end"),
];

/// How far above a call its mark may stand.
const NEAR: usize = 6;

struct Source {
    /// Relative to `crates/`.
    path: String,
    lines: Vec<String>,
}

impl Source {
    fn of(path: &str, text: &str) -> Self {
        Source { path: path.to_owned(), lines: text.lines().map(str::to_owned).collect() }
    }

    fn is_strategy(&self) -> bool {
        self.path.starts_with("strategies/")
    }

    /// The parameters that are closures and may be the user's. A closure lent to a strategy is this
    /// library's.
    fn closures(&self) -> BTreeSet<&str> {
        if self.is_strategy() {
            return BTreeSet::new();
        }
        let names = self.lines.iter().flat_map(|line| {
            let code = code(line);
            code.match_indices(": impl Fn").filter_map(|(at, _)| last_word(&code[..at])).collect::<Vec<_>>()
        });
        names.filter(|name| !OURS.contains(&(self.path.as_str(), *name))).collect()
    }

    /// The lines, from 0, that call user code.
    fn calls(&self) -> Vec<usize> {
        let closures = self.closures();
        let is_call = |code: &str| {
            let by_name = closures.iter().any(|name| calls_closure(code, name));
            let in_turn = self.is_strategy() && CALLS_IN_TURN.iter().any(|call| code.contains(call));
            let by_call = CALLS.iter().any(|call| code.contains(call));
            !is_declaration(code) && (by_name || by_call || in_turn)
        };
        (0..self.lines.len()).filter(|&index| is_call(code(&self.lines[index]))).collect()
    }

    /// The mark that belongs to a line: the last one above it, if that is near.
    fn mark(&self, line: usize) -> Option<&str> {
        let above = &self.lines[line.saturating_sub(NEAR)..line];
        above.iter().rev().find_map(|line| marks(line).into_iter().next())
    }
}

fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

fn is_declaration(code: &str) -> bool {
    code.contains("fn ") || code.trim_start().starts_with("use ")
}

fn last_word(text: &str) -> Option<&str> {
    text.rsplit(|character: char| !character.is_alphanumeric() && character != '_')
        .next()
        .filter(|word| !word.is_empty())
}

/// Whether a closure of this name is called, and not a method or a function of that name.
fn calls_closure(code: &str, name: &str) -> bool {
    code.match_indices(&format!("{name}(")).any(|(at, _)| {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        !before.is_alphanumeric() && !['_', '.', ':'].contains(&before)
    })
}

/// The ids in a line's comment.
fn marks(line: &str) -> Vec<&str> {
    let Some((_, comment)) = line.split_once("// ") else { return Vec::new() };
    comment.split(|character: char| !character.is_alphanumeric()).filter(|word| is_id(word)).collect()
}

fn is_id(word: &str) -> bool {
    word.strip_prefix('U')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// The table's rows: an id, and the files that it names.
fn table(protocol: &str) -> Vec<(String, Vec<String>)> {
    let row = |line: &str| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let id = cells.next().filter(|id| is_id(id))?.to_owned();
        let files = cells.next()?.split('`').filter(|word| word.ends_with(".rs"));
        let whole = |file: &str| {
            if file.contains("/src/") { file.to_owned() } else { format!("object-model/src/{file}") }
        };
        Some((id, files.map(whole).collect()))
    };
    protocol.lines().filter_map(row).collect()
}

fn complaints(sources: &[Source], protocol: &str) -> Vec<String> {
    let table = table(protocol);
    let mut complaints = Vec::new();
    let mut seen = BTreeSet::new();
    for source in sources {
        for line in source.calls() {
            let place = format!("{}:{}", source.path, line + 1);
            match source.mark(line) {
                _ if source.is_strategy() => complaints.push(format!("{place}: a strategy calls user code")),
                None => complaints.push(format!("{place}: user code without a mark")),
                Some(id) => {
                    if !table.iter().any(|(row, files)| row == id && files.contains(&source.path)) {
                        complaints.push(format!("{place}: {id} is not in the table for this file"));
                    }
                    seen.insert((id.to_owned(), source.path.clone()));
                }
            }
        }
    }
    for (id, files) in table {
        for file in files {
            if !seen.contains(&(id.clone(), file.clone())) {
                complaints.push(format!("{id}: nothing is called in {file}"));
            }
        }
    }
    complaints
}

/// All sources below `folder`.
fn sources(crates: &Path, folder: &Path, found: &mut Vec<Source>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(crates, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(crates).unwrap().to_str().unwrap().to_owned();
            found.push(Source::of(&name, &fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn every_call_of_user_code_is_in_the_table() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    sources(crates, &crates.join("object-model/src"), &mut found);
    sources(crates, &crates.join("brc/src"), &mut found);
    for strategy in fs::read_dir(crates.join("strategies")).unwrap() {
        sources(crates, &strategy.unwrap().path().join("src"), &mut found);
    }
    let protocol = fs::read_to_string(crates.join("object-model/PROTOCOL.md")).unwrap();
    let complaints = complaints(&found, &protocol);
    assert!(complaints.is_empty(), "{complaints:#?}");
    let calls: usize = found.iter().map(|source| source.calls().len()).sum();
    assert!(calls > 10, "the calls have been found");
}

const PROTOCOL: &str = "| id | where |\n|---|---|\n| U1 | `a.rs` | x |\n";

fn of_one(path: &str, text: &str) -> Vec<String> {
    complaints(&[Source::of(path, text)], PROTOCOL)
}

#[test]
fn a_call_without_a_mark_is_seen() {
    let marked = "fn g(f: impl FnOnce()) {\n    // U1.\n    f()\n}";
    assert_eq!(of_one("object-model/src/a.rs", marked), Vec::<String>::new());
    for text in [
        "fn g(f: impl FnOnce()) {\n    f()\n}",
        "// U2.\nwaker.wake_by_ref();",
        "// U1 is far away\n\n\n\n\n\n\nwaker.wake_by_ref();",
    ] {
        let complaints = of_one("object-model/src/a.rs", text);
        assert!(!complaints.is_empty(), "{text}");
    }
}

#[test]
fn a_strategy_has_no_mark_that_helps() {
    for call in ["waker.wake_by_ref();", "counted::collect::<S>();"] {
        let complaints = of_one("strategies/a/src/a.rs", &format!("// U1.\n{call}"));
        assert_eq!(complaints[0], "strategies/a/src/a.rs:2: a strategy calls user code");
    }
}

#[test]
fn a_row_without_a_call_is_seen() {
    assert_eq!(of_one("object-model/src/a.rs", ""), ["U1: nothing is called in object-model/src/a.rs"]);
}

#[test]
fn a_method_and_a_declaration_are_no_calls() {
    let text = "fn make(f: impl FnOnce()) {\n    other.f();\n    Self::f();\n    self_f();\n}\nfn f() {}";
    assert_eq!(of_one("object-model/src/b.rs", text), ["U1: nothing is called in object-model/src/a.rs"]);
}
