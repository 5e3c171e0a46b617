//! Rules of CONTRIBUTING.md that a program can check: the width of comments and prose, the length
//! of files, and patterns that stop readers of English as a second language.

use std::fs;
use std::path::{Path, PathBuf};

/// Columns of a comment, and of prose.
const WIDTH: usize = 100;

/// Lines of a Rust file.
const LINES: usize = 500;

/// Patterns without a noun, which CONTRIBUTING.md forbids in comments and prose.
const PATTERNS: [&str; 3] = ["so many", "; who ", "Whoever "];

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this crate lies two folders deep")
}

/// The files below a folder with one of these extensions, but for what is built or generated.
fn files(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            let is_ours = !name.starts_with('.') && name != "target" && !path.ends_with("docs/results");
            if is_ours && !path.join(".git").exists() {
                files(&path, extensions, found);
            }
        } else if path.extension().is_some_and(|has| extensions.iter().any(|extension| has == *extension)) {
            found.push(path);
        }
    }
}

/// The text of each file, with its name for a message.
fn texts(extensions: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    files(workspace(), extensions, &mut found);
    found.sort();
    assert!(found.len() > 20, "the workspace was not found");
    let named = |path: PathBuf| {
        let name = path.strip_prefix(workspace()).expect("below it").display().to_string();
        (name, fs::read_to_string(&path).expect("it can be read"))
    };
    found.into_iter().map(named).collect()
}

/// Whether a line is longer than a comment may be, for a reason that a rewording could take away.
fn is_wide(line: &str) -> bool {
    line.chars().count() > WIDTH && !line.contains("http://") && !line.contains("https://")
}

/// The comment in a line of Rust, if the line is nothing else.
fn comment(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
    text.or_else(|| line.strip_prefix("//")).map(str::trim_start)
}

/// The lines of a Markdown text that are prose: no tables, no headings, no code, no comments, no
/// figures that a command has written. Each with its number.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let (mut is_code, mut is_figure) = (false, false);
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") {
            is_code = !is_code;
            continue;
        }
        if trimmed.starts_with("<!--") {
            is_figure = trimmed.contains("<!-- figures:");
            continue;
        }
        // Tables, headings, links' targets, and commands too long for a line.
        let is_whole = trimmed.starts_with(['|', '#', '[', '`']) || line.starts_with("    ");
        if !is_code && !is_figure && !is_whole {
            found.push((number + 1, line));
        }
    }
    found
}

#[test]
fn comments_and_prose_are_no_wider_than_100_columns() {
    let mut wide = Vec::new();
    for (name, text) in texts(&["rs"]) {
        let mut is_code = false;
        for (number, line) in text.lines().enumerate() {
            let Some(comment) = comment(line) else {
                is_code = false;
                continue;
            };
            if comment.starts_with("```") {
                is_code = !is_code;
            }
            if !is_code && is_wide(line) && !comment.starts_with('|') {
                wide.push(format!("{name}:{}", number + 1));
            }
        }
    }
    for (name, text) in texts(&["md"]) {
        let lines = prose(&text).into_iter().filter(|(_, line)| is_wide(line));
        wide.extend(lines.map(|(number, _)| format!("{name}:{number}")));
    }
    assert!(wide.is_empty(), "{} lines are wider than {WIDTH} columns: {wide:#?}", wide.len());
}

#[test]
fn a_file_has_at_most_500_lines() {
    let long: Vec<String> = texts(&["rs"])
        .into_iter()
        .filter(|(_, text)| text.lines().count() > LINES)
        .map(|(name, text)| format!("{name}: {}", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn no_comment_and_no_page_has_a_pattern_that_stops_a_reader() {
    let mut places = Vec::new();
    for (name, text) in texts(&["rs"]).into_iter().filter(|(name, _)| !name.ends_with("house_rules.rs")) {
        let lines = text.lines().enumerate();
        let comments = lines.filter_map(|(number, line)| Some((number + 1, comment(line)?)));
        let found = comments.filter(|(_, comment)| PATTERNS.iter().any(|pattern| comment.contains(pattern)));
        places.extend(found.map(|(number, line)| format!("{name}:{number}: {line}")));
    }
    for (name, text) in texts(&["md"]) {
        let found = prose(&text).into_iter();
        let found = found.filter(|(_, line)| PATTERNS.iter().any(|pattern| line.contains(pattern)));
        places.extend(found.map(|(number, line)| format!("{name}:{number}: {line}")));
    }
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn the_rules_see_what_they_are_for() {
    let wide = format!("    /// {}", "word ".repeat(20));
    assert!(is_wide(&wide) && comment(&wide).is_some() && comment("let a = 1; // b").is_none());
    let page = "text\n```\ncode\n```\n| table |\n<!-- figures: x -->\nfigure\n<!-- end of figures -->\nend";
    let lines: Vec<&str> = prose(page).into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines, ["text", "end"]);
}
