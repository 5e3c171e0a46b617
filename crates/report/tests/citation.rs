//! `CITATION.cff` is what version 1.2.0 of its format asks for, and says what Cargo says.
//! (cffconvert has validated the whole of it.)

use std::fs;
use std::path::Path;

fn root(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The value of a field at the outermost level; empty if it is a list.
fn field<'t>(text: &'t str, name: &str) -> &'t str {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no field {name}")).trim().trim_matches('"')
}

#[test]
fn what_the_format_requires_is_there() {
    let text = root("CITATION.cff");
    assert_eq!(field(&text, "cff-version"), "1.2.0");
    assert_eq!(field(&text, "type"), "software");
    assert!(!field(&text, "message").is_empty() && !field(&text, "title").is_empty());
    assert_eq!(field(&text, "authors"), "");
    assert!(text.contains("\nauthors:\n  - name: "), "an author that is an entity");
    // A subset of YAML that needs no quotes or has them: a field, or an item of a list.
    for line in text.lines() {
        let body = line.trim_start().trim_start_matches("- ");
        let value = body.split_once(": ").map_or(body, |(_, value)| value);
        assert!(!line.contains('\t'), "{line}");
        let plain = !value.contains([':', '#', '{', '[', '&', '*', '`']) || value.ends_with(':');
        assert!(plain || (value.starts_with('"') && value.ends_with('"')), "{line}");
    }
}

#[test]
fn version_and_licences_are_those_of_the_workspace() {
    let (text, manifest) = (root("CITATION.cff"), root("Cargo.toml"));
    assert!(manifest.contains(&format!("\nversion = \"{}\"", field(&text, "version"))));
    for licence in ["MIT", "Apache-2.0"] {
        assert!(manifest.contains(licence) && text.contains(&format!("\n  - {licence}\n")), "{licence}");
    }
}
