//! Figures inside pages that people write: between two markers stands what a command has written
//! from `results.json`.

use crate::claims::shown;
use crate::decision::{self, COLUMNS};
use crate::published;
use crate::results::{Error, Part, Results};

/// `<!-- figures: NAME -->` opens a block, on a line of its own.
const OPENS: &str = "<!-- figures: ";

/// What closes it.
const CLOSES: &str = "<!-- end of figures -->";

/// What a block holds while there is no report.
const NOTHING: &str = "No report is kept here yet: `cargo lab report` measures this machine.\n";

/// A page with all its blocks written anew; the same text if they were as they should be.
///
/// # Errors
/// One line: a block is not closed, or its name is not known.
pub fn refreshed(page: &str, results: Option<&Results>) -> Result<String, Error> {
    let mut text = String::new();
    let mut lines = page.split_inclusive('\n').enumerate();
    while let Some((number, line)) = lines.next() {
        text += line;
        let Some(name) = line.trim_end().strip_prefix(OPENS).and_then(|rest| rest.strip_suffix(" -->"))
        else {
            continue;
        };
        let of = |why: &str| Error::new(format!("line {}: the block `{name}` {why}", number + 1));
        text += &block(name, results).ok_or_else(|| of("has a name that is not known"))?;
        let closes = lines.find(|(_, line)| line.trim_end() == CLOSES).ok_or_else(|| of("is not closed"))?;
        text += closes.1;
    }
    Ok(text)
}

/// The text of a block, which ends in a line end.
fn block(name: &str, results: Option<&Results>) -> Option<String> {
    let prefix = name.strip_prefix("claims ").filter(|prefix| !prefix.is_empty());
    let written: &dyn Fn(&Results) -> String = match (name, prefix) {
        ("decision", _) => &decision_table,
        ("in-short", _) => &in_short,
        ("machine", _) => &|results| format!("{}\n", results.provenance.in_short()),
        ("ledger", _) => &ledger,
        ("published", _) => &published::table,
        (_, Some(prefix)) => &|results| claims(results, prefix),
        (_, None) => return None,
    };
    Some(results.map_or_else(|| NOTHING.to_owned(), written))
}

/// The decision table, in Markdown, and where it was measured.
pub fn decision_table(results: &Results) -> String {
    let heading = COLUMNS.iter().map(|column| format!(" {} ({}) |", column.heading, column.unit));
    let mut text =
        format!("| strategy |{}\n| --- |{}\n", heading.collect::<String>(), " ---: |".repeat(COLUMNS.len()));
    for row in decision::rows(results) {
        let cells = row.cells.iter().map(|cell| match cell.row.as_str() {
            "" => " - |".to_owned(),
            _ => format!(" {} ({}) |", cell.median, cell.interval),
        });
        text += &format!("| {} |{}\n", row.strategy, cells.collect::<String>());
    }
    format!("{text}\n{}\n", results.provenance.in_short())
}

/// The decision table for a reader in a hurry: five columns, in words that need no key.
///
/// The column of seeded bugs is there if some run of them is known.
fn in_short(results: &Results) -> String {
    let strategies = decision::strategies(results);
    let are_bugs_known = strategies.iter().any(|id| decision::seeded_bugs(results, id).is_some());
    let bugs = |cell: &str| if are_bugs_known { format!(" {cell} |") } else { String::new() };
    let mut text = format!(
        "| strategy | one thread: time, over the global lock's | two threads: work done, over one \
         thread's | round trip beside a busy thread |{}\n| --- | ---: | ---: | ---: |{}\n",
        bugs("seeded bugs found by the models"),
        bugs("---:")
    );
    let claim = |id: String| results.claim(&id).map_or_else(|| "-".to_owned(), |claim| shown(claim.value));
    for strategy in strategies {
        let is_reference =
            results.parts.get(&Part::Verdict).is_some_and(|part| part["reference"] == strategy);
        let one = if is_reference { "1".to_owned() } else { claim(format!("one-thread/{strategy}")) };
        let two = claim(format!("scaling/alloc-free-each/{strategy}/2"));
        let trip = results.claim(&format!("io-latency/{strategy}/after-200us/1"));
        let trip = trip.map_or_else(|| "-".to_owned(), |claim| format!("{} us", shown(claim.value)));
        let found = decision::seeded_bugs(results, &strategy).unwrap_or_else(|| "-".to_owned());
        let found = found.trim_start_matches("seeded bugs ").split(',').next().unwrap_or_default();
        text += &format!("| `{strategy}` | {one} | {two} | {trip} |{}\n", bugs(found));
    }
    let ledger = results.kept_ledger.as_ref();
    let ledger = ledger.map(|kept| format!(" Seeded bugs: commit {}.", kept.commit()));
    format!("{text}\n{}.{}\n", results.provenance.in_short(), ledger.unwrap_or_default())
}

/// The claims whose ids begin so, in Markdown.
fn claims(results: &Results, prefix: &str) -> String {
    let mut text = "| claim | figure | of what |\n| --- | ---: | --- |\n".to_owned();
    for claim in results.claims.iter().filter(|claim| claim.id.starts_with(prefix)) {
        text += &format!("| `{}` | {} | {} |\n", claim.id, shown(claim.value), claim.unit);
    }
    format!("{text}\n{}\n", results.provenance.in_short())
}

/// What the models and mutants of each strategy took and found, in Markdown.
fn ledger(results: &Results) -> String {
    let document = results.parts.get(&Part::Ledger).cloned().unwrap_or_default();
    let mut text = "| strategy | models that hold | interleavings | seconds | mutants found |\n| --- | ---: | ---: | ---: | ---: |\n".to_owned();
    for strategy in decision::strategies(results) {
        let models =
            decision::list(results, "models").iter().filter(|row| row["strategy"] == strategy.as_str());
        let of = |field: &str| models.clone().filter_map(|row| row[field].as_f64()).sum::<f64>();
        let Some(cell) = decision::checked(results, &strategy) else { continue };
        let mutants = decision::seeded_bugs(results, &strategy);
        let mutants = mutants.as_deref().map_or("none run", |found| found.trim_start_matches("seeded bugs "));
        text += &format!(
            "| {strategy} | {} | {:.0} | {:.0} | {mutants} |\n",
            cell.median,
            of("iterations"),
            of("seconds")
        );
    }
    let command = document["command"].as_str().unwrap_or("cargo lab verify").trim_end_matches(" --json");
    format!("{text}\n`{command}`; seconds on one core; {}\n", results.provenance.in_short())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_markers_is_written_anew_and_nothing_else() {
        let page = "before\n<!-- figures: decision -->\ntyped by hand\n<!-- end of figures -->\nafter";
        let fresh = refreshed(page, None).expect("it is closed");
        assert!(
            fresh.starts_with("before\n<!-- figures: decision -->\nNo report")
                && fresh.ends_with("figures -->\nafter"),
            "{fresh}"
        );
        assert_eq!(refreshed(&fresh, None).expect("it is closed"), fresh);
        assert_eq!(refreshed("no block", None).expect("there is none"), "no block");
    }

    #[test]
    fn a_block_that_is_open_or_unknown_is_refused_with_its_line() {
        for page in
            ["a\n<!-- figures: decision -->\n", "a\n<!-- figures: prices -->\n<!-- end of figures -->\n"]
        {
            let error = refreshed(page, None).expect_err(page).to_string();
            assert!(error.starts_with("line 2"), "{error}");
        }
    }
}
