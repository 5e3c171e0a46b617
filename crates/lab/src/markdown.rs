//! Pages of the documentation that a command writes.

use std::path::Path;

use crate::machine::Machine;

/// What every such page begins with: its title, the command, how to read it, and the machine.
pub(crate) fn beginning(title: &str, command: &str, reading: &str, machine: &Machine) -> String {
    format!(
        "# {title}\n\nWritten by `{command}`; not edited by hand. {reading}\n\n{}\n\n",
        machine.in_short()
    )
}

/// The plot `image` on the page `page`: the shortest way from one to the other, if both have the same folder.
pub(crate) fn image(title: &str, image: &Path, page: &Path) -> String {
    let from_page = match (image.parent(), image.file_name()) {
        (folder, Some(name)) if folder == page.parent() => Path::new(name),
        _ => image,
    };
    format!("![{title}]({})\n", from_page.display())
}

/// Lines of cells, the first as a heading. So many columns are flush left, the others right.
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
        assert_eq!(image("A", Path::new("/elsewhere/a.svg"), page), "![A](/elsewhere/a.svg)\n");
    }
}
