//! A claim as it is cited.

use crate::results::Claim;

/// The form of a citation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A sentence with its provenance below.
    Markdown,
    /// An entry of a bibliography.
    BibTeX,
    /// One line of plain text.
    Plain,
}

/// The claim in one form, without a line end.
pub fn cite(claim: &Claim, form: Form, date: &str) -> String {
    let Claim { id, sentence, conditions, machine, commit, command, .. } = claim;
    match form {
        Form::Markdown => format!(
            "> {sentence}\n>\n> Keyway claim `{id}`: {conditions}; {machine}; commit `{commit}`, {date}. Measured again by `{command}`."
        ),
        Form::BibTeX => format!(
            "@misc{{keyway-{key},\n  author = {{{{The Keyway authors}}}},\n  title = {{{title}}},\n  howpublished = {{Keyway claim \\texttt{{{id}}}}},\n  \
             year = {{{year}}},\n  note = {{{note}}}\n}}",
            key = id.replace('/', "-"),
            title = tex(sentence),
            id = tex(id),
            year = date.get(..4).unwrap_or_default(),
            note = tex(&format!("{conditions}; {machine}; commit {commit}; measured again by: {command}")),
        ),
        Form::Plain => {
            format!("{sentence} (Keyway {id}; {conditions}; {machine}; commit {commit}; {command})")
        }
    }
}

/// Text that TeX takes as it is.
fn tex(text: &str) -> String {
    let escaped = |c: char| match c {
        '\\' => "\\textbackslash{}".to_owned(),
        '{' | '}' | '$' | '&' | '#' | '_' | '%' => format!("\\{c}"),
        '~' | '^' => format!("\\{c}{{}}"),
        // Two hyphens would become a dash.
        '-' => "{-}".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Figure;

    fn claim() -> Claim {
        let text = |text: &str| text.to_owned();
        Claim {
            id: text("owner-pair/biased-counts"),
            sentence: text("It takes 1.12 [1.10, 1.15] times 100 % as long."),
            value: Figure { median: 1.12, low: 1.1, high: 1.15 },
            unit: text("times rc"),
            conditions: text("1 thread"),
            threads: 1,
            machine: text("C & D"),
            commit: text("abc"),
            command: text("cargo lab cost --operation owner-pair --json"),
            report: None,
        }
    }

    #[test]
    fn every_form_names_the_claim_the_commit_and_the_command() {
        for form in [Form::Markdown, Form::BibTeX, Form::Plain] {
            let cited = cite(&claim(), form, "2026-11-22T00:00:00Z").replace("{-}", "-");
            for part in ["owner-pair/biased-counts", "abc", "--operation owner-pair", "1.12 [1.10, 1.15]"] {
                assert!(cited.contains(part), "{form:?}, {part}: {cited}");
            }
        }
    }

    #[test]
    fn a_plain_citation_is_one_line_and_tex_takes_what_it_gets() {
        assert!(!cite(&claim(), Form::Plain, "").contains('\n'));
        let bibtex = cite(&claim(), Form::BibTeX, "2026-11-22T00:00:00Z");
        assert!(
            bibtex.contains("C \\& D") && bibtex.contains("100 \\% as") && bibtex.contains("year = {2026}"),
            "{bibtex}"
        );
        assert_eq!(bibtex.matches('{').count(), bibtex.matches('}').count());
    }
}
