//! Our claims next to the figures that others have published: `data/published.json`.

use serde::Deserialize;

use crate::claims::{number, shown};
use crate::results::{Figure, Results};

/// The table.
#[derive(Debug, Deserialize)]
struct Published {
    rows: Vec<Row>,
}

/// One published figure.
#[derive(Debug, Deserialize)]
struct Row {
    work: String,
    published: String,
    /// Theirs as a number, if ours can be compared with it.
    value: Option<f64>,
    ours: Option<Ours>,
    why: String,
    source: String,
    /// Whether the source was read for the table.
    read: String,
    second_hand: bool,
}

/// A claim of ours, or the ratio of two.
#[derive(Debug, Deserialize)]
struct Ours {
    claim: String,
    by: Option<String>,
}

fn published() -> Published {
    serde_json::from_str(include_str!("../data/published.json")).expect("a test reads it")
}

/// The table in Markdown: for each row theirs, ours, the ratio, and why they differ.
pub(crate) fn table(results: &Results) -> String {
    let mut text = "| work | published | ours | ours by theirs | why they differ | source |\n| --- | --- | ---: | ---: | --- | --- |\n".to_owned();
    for row in published().rows {
        let ours = row.ours.as_ref().and_then(|ours| ours.figure(results));
        let ratio = ours.zip(row.value).map_or("-".to_owned(), |(ours, theirs)| number(ours.median / theirs));
        let figure = match (&row.ours, ours) {
            (None, _) => "-".to_owned(),
            (Some(_), None) => "not measured".to_owned(),
            (Some(of), Some(figure)) => format!("{} ({})", shown(figure), of.name()),
        };
        let cells = [row.work.clone(), row.published.clone(), figure, ratio, row.why.clone(), row.source()];
        text += &format!("| {} |\n", cells.map(|cell| cell.replace('|', r"\|")).join(" | "));
    }
    text
}

impl Row {
    fn source(&self) -> String {
        let link =
            if self.source.starts_with("http") { format!("<{}>", self.source) } else { self.source.clone() };
        match (self.second_hand, self.read.as_str()) {
            (true, _) | (_, "yes") => link,
            (false, "no") => format!("{link}, figure not read again"),
            (false, "measured") => format!("{link}; the figure is an earlier measurement of this project"),
            (false, part) => format!("{link}, read: {part}"),
        }
    }
}

impl Ours {
    fn name(&self) -> String {
        match &self.by {
            None => format!("`{}`", self.claim),
            Some(by) => format!("`{}` by `{by}`", self.claim),
        }
    }

    /// Of a ratio, the ends are those of both intervals against each other: wider than need be,
    /// since the two vary together.
    fn figure(&self, results: &Results) -> Option<Figure> {
        let one = results.claim(&self.claim)?;
        let Some(by) = &self.by else { return Some(one.value) };
        let other = results.claim(by)?;
        if one.unit != other.unit {
            return None;
        }
        let (a, b) = (one.value, other.value);
        Some(Figure { median: a.median / b.median, low: a.low / b.high, high: a.high / b.low })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn results(claims: &[(&str, f64, &str)]) -> Results {
        let claim = |&(id, median, unit): &(&str, f64, &str)| {
            json!({ "id": id, "sentence": "s", "value": { "median": median, "low": median * 0.9, "high": median * 1.1 }, "unit": unit,
                    "conditions": "", "threads": 1, "machine": "m", "commit": "c", "command": "x" })
        };
        let claims: Vec<_> = claims.iter().map(claim).collect();
        let text = json!({ "schema": "keyway-report/1", "kind": "full", "provenance": {}, "parts": {}, "claims": claims });
        Results::parse(&text.to_string()).expect("it is a report")
    }

    #[test]
    fn every_row_says_whose_figure_it_is_why_it_differs_and_from_where() {
        let table = published();
        assert!(table.rows.len() >= 15);
        for row in table.rows {
            assert!(!row.work.is_empty() && !row.published.is_empty() && row.why.ends_with('.'), "{row:?}");
            assert!(row.source.starts_with("https://") || row.second_hand, "{row:?}");
            assert_eq!(row.value.is_some(), row.ours.is_some(), "{row:?}");
            assert!(["yes", "no", "abstract", "in part", "measured"].contains(&row.read.as_str()), "{row:?}");
        }
    }

    #[test]
    fn ours_theirs_and_the_ratio_stand_side_by_side() {
        let report = results(&[
            ("owner-pair/atomic-counts", 20.0, "times rc"),
            ("owner-pair/biased-counts", 1.25, "times rc"),
            ("one-thread/biased-counts", 1.59, "times global-lock-interval"),
        ]);
        let text = table(&report);
        let line = |words: &str| {
            text.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {text}"))
        };
        assert!(
            line("more than twice as fast").contains(
                "| 16 [13.1, 19.6] (`owner-pair/atomic-counts` by `owner-pair/biased-counts`) | 8 |"
            ),
            "{}",
            line("more than twice")
        );
        assert!(line("| PEP 703 |").contains("| 1.50 |"), "{}", line("| PEP 703 |"));
        assert!(line("Gilectomy").contains("not measured"));
        assert!(line("JEP 374").contains("| - | - |"), "negative results stay in");
    }

    #[test]
    fn claims_of_different_units_are_not_divided() {
        let report = results(&[
            ("owner-pair/atomic-counts", 12.0, "ns"),
            ("owner-pair/biased-counts", 1.1, "times rc"),
        ]);
        assert!(
            table(&report)
                .lines()
                .any(|line| line.contains("more than twice as fast") && line.contains("not measured"))
        );
    }
}
