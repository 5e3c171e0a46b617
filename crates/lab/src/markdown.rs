//! Pages of the documentation that a command writes.

use std::fs;
use std::path::{self, Path, PathBuf};

use crate::machine::Machine;

/// What every such page begins with: its title, the command, how to read it, and the machine.
pub(crate) fn beginning(title: &str, command: &str, reading: &str, machine: &Machine) -> String {
    let command = code(command);
    format!("# {title}\n\nWritten by {command}; not edited by hand. {reading}\n\n{}\n\n", machine.in_short())
}

/// Text as code: in more backticks than it has in a row.
pub(crate) fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // Markdown takes these spaces away again.
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// The plot `image` on the page `page`, by the way from the page to the plot.
pub(crate) fn image(title: &str, image: &Path, page: &Path) -> String {
    format!("![{title}]({})\n", link(&way(page, image)))
}

/// The way from the folder of a page to a file. Files that have nothing but the root in common,
/// such as those of two disks, are named in full.
fn way(page: &Path, file: &Path) -> PathBuf {
    let (from, to) = (folder_of(page), folder_of(file));
    let name = file.file_name().unwrap_or_default();
    let common = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    if common <= 1 {
        return to.join(name);
    }
    let up = from.components().skip(common).map(|_| "..");
    up.map(PathBuf::from)
        .chain(to.components().skip(common).map(|part| part.as_os_str().into()))
        .collect::<PathBuf>()
        .join(name)
}

/// The folder of a file, from the root and without links as far as it exists.
fn folder_of(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::canonicalize(folder).or_else(|_| path::absolute(folder)).unwrap_or_else(|_| folder.to_owned())
}

/// A path as the destination of a link: bytes that mean something in a link, in Markdown or in a
/// URL are written as `%` and two digits. So are characters that are not ASCII, and bytes that are
/// not UTF-8.
fn link(path: &Path) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(byte);
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    bytes
        .map(|byte| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Lines of cells, the first as a heading. The first `left` columns are flush left, the others
/// right.
pub(crate) fn table(lines: &[Vec<String>], left: usize) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let [heading, lines @ ..] = lines else { return String::new() };
    let side = |column: usize| if column < left { "---" } else { "---:" }.to_owned();
    let rule: Vec<String> = (0..heading.len()).map(side).collect();
    let cells = |line: &Vec<String>| line.iter().map(|cell| escaped(cell)).collect::<Vec<_>>();
    let lines = lines.iter().map(|line| row(&cells(line)));
    [row(heading), row(&rule)].into_iter().chain(lines).collect()
}

/// Text that stays in one cell.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('|', r"\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_break_its_table() {
        let line = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let text = table(&[line(["a", "b"]), line(["x|y", "1\n2"])], 1);
        assert_eq!(text, "| a | b |\n| --- | ---: |\n| x\\|y | 1 2 |\n");
    }

    #[test]
    fn a_plot_beside_its_page_is_named_without_the_folder() {
        let (page, beside) = (Path::new("docs/a.md"), Path::new("docs/a.svg"));
        assert_eq!(image("A", beside, page), "![A](a.svg)\n");
        // However the folder is named.
        let named_in_full = std::env::current_dir().expect("there is one").join("docs/a.svg");
        assert_eq!(image("A", &named_in_full, page), "![A](a.svg)\n");
    }

    #[test]
    fn a_plot_elsewhere_is_named_by_the_way_from_the_page() {
        let page = Path::new("/x/docs/a.md");
        assert_eq!(image("A", Path::new("/x/docs/plots/a.svg"), page), "![A](plots/a.svg)\n");
        assert_eq!(image("A", Path::new("/x/plots/a.svg"), page), "![A](../plots/a.svg)\n");
        assert_eq!(image("A", Path::new("/elsewhere/a.svg"), page), "![A](/elsewhere/a.svg)\n");
    }

    #[test]
    fn a_link_has_no_byte_that_means_something() {
        for (name, linked) in [
            ("my plot.svg", "my%20plot.svg"),
            ("plot (two cores).svg", "plot%20%28two%20cores%29.svg"),
            ("<a>.svg", "%3Ca%3E.svg"),
            ("100%.svg", "100%25.svg"),
            ("a#b?c.svg", "a%23b%3Fc.svg"),
            (r"a\b`[c]*.svg", "a%5Cb%60%5Bc%5D%2A.svg"),
            ("c:d&e;.svg", "c%3Ad%26e%3B.svg"),
            ("gr\u{fc}n.svg", "gr%C3%BCn.svg"),
        ] {
            assert_eq!(link(Path::new(name)), linked, "{name}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            assert_eq!(link(Path::new(std::ffi::OsStr::from_bytes(b"\xff.svg"))), "%FF.svg");
        }
    }

    #[test]
    fn code_may_hold_backticks() {
        assert_eq!(code("cargo lab"), "`cargo lab`");
        assert_eq!(code("a `b` c"), "``a `b` c``");
        assert_eq!(code("``"), "``` `` ```");
    }
}
