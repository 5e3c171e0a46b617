//! The page on adding a strategy, followed to the letter: its files are taken from it, built as a
//! crate, and pass the conformance suite; and each line that it asks for stands in the file that it
//! names, for a strategy that is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PAGE: &str = include_str!("../../../docs/adding-a-strategy.md");

/// The package of the page.
const PACKAGE: &str = "keyway-one-count-lock";

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this crate lies two folders deep")
}

/// The files of the page: a line that begins with a path in backticks, and the code block after it.
fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut name: Option<String> = None;
    let mut lines = PAGE.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if let Some(name) = name.take() {
                files.push((name, format!("{}\n", block.join("\n"))));
            }
        } else if let Some(path) = line.strip_prefix('`').and_then(|line| line.split('`').next()) {
            let is_file = [".rs", ".toml", ".md"].iter().any(|end| path.ends_with(end));
            name = is_file.then(|| path.to_owned());
        }
    }
    files
}

/// A workspace in the target folder which has the page's crate as its only member, and this
/// workspace's crates, lints and versions.
fn workspace_of_the_page(root: &Path) {
    let ours = fs::read_to_string(workspace().join("Cargo.toml")).expect("there is one");
    let (head, tail) = ours.split_once("[workspace.package]").expect("it has versions in common");
    assert!(head.contains("members"), "{head}");
    let below = format!("path = \"{}/", workspace().display());
    let manifest = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [\"crates/strategies/*\"]\n\n[workspace.package]{}",
        tail.replace("path = \"", &below)
    );
    let strategy = root.join("crates/strategies/one-count-lock");
    for (name, text) in files() {
        write(&strategy.join(name), &text);
    }
    write(&root.join("Cargo.toml"), &manifest);
    write(
        &root.join("Cargo.lock"),
        &fs::read_to_string(workspace().join("Cargo.lock")).expect("there is one"),
    );
}

/// Only what has changed is written, so that nothing is built anew for nothing.
fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the target folder can be written");
    if fs::read_to_string(path).ok().as_deref() != Some(text) {
        fs::write(path, text).expect("the target folder can be written");
    }
}

#[test]
fn the_strategy_of_the_page_builds_and_passes_the_conformance_suite() {
    let names: Vec<String> = files().into_iter().map(|(name, _)| name).collect();
    for file in
        ["Cargo.toml", "PROTOCOL.md", "src/lib.rs", "src/word.rs", "src/strategy.rs", "tests/conformance.rs"]
    {
        assert!(names.iter().any(|name| name == file), "the page has no {file}: {names:?}");
    }
    let root: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("adding-a-strategy");
    workspace_of_the_page(&root);
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The variables that the cargo around this test has set are about another package.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_") && name != "CARGO_HOME"
            || ["RUSTFLAGS", "OUT_DIR"].contains(&name.as_str())
        {
            cargo.env_remove(name);
        }
    }
    cargo
        .args(["test", "--offline", "--quiet", "--package", PACKAGE])
        .arg("--target-dir")
        .arg(root.join("target"));
    // The crate itself is built anew each time that the object model is; the suite at full length
    // is the strategies' own tests'.
    cargo.env("KEYWAY_CONFORMANCE_PROGRAMS", "200").env("CARGO_PROFILE_DEV_DEBUG", "0").current_dir(&root);
    let output = cargo.output().expect("cargo runs");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert!(said.matches("test result: ok").count() >= 2, "the suite and the face have run: {said}");
}

#[test]
fn each_line_that_the_page_asks_for_stands_in_its_file_for_a_strategy_that_is_there() {
    let table = PAGE.split("# The lists").nth(1).expect("the page has the lists");
    let mut file = String::new();
    let mut looked_at = 0;
    for row in table
        .lines()
        .skip_while(|line| !line.starts_with("| list"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
    {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let in_backticks = |cell: &str| cell.split('`').nth(1).unwrap_or_default().to_owned();
        if !cells[1].starts_with("the same file") {
            file = in_backticks(cells[1]);
        }
        let text =
            fs::read_to_string(workspace().join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let list = cells[1]
            .split('`')
            .nth(3)
            .or(cells[1].split('`').nth(1).filter(|_| cells[1].starts_with("the same")));
        if let Some(list) = list {
            assert!(text.contains(list.trim_end_matches('!')), "{file} has no {list}");
        }
        for line in cells[2].split('`').skip(1).step_by(2).filter(|line| line.contains("OneCountLock")) {
            let theirs = line
                .replace("OneCountLock", "ObjectLocks")
                .replace("one_count_lock", "object_locks")
                .replace("one-count-lock", "object-locks");
            let bare = theirs.replace("::<ObjectLocks>", "::<keyway::ObjectLocks>");
            assert!(text.contains(&theirs) || text.contains(&bare), "{file} has no line like {line}");
            looked_at += 1;
        }
    }
    assert!(looked_at >= 5, "the table of lists was not read");
}
