//! The page as a reader's program sees it, made from documents of the lab whose figures mean
//! nothing: one short run on a busy machine.

use std::collections::BTreeMap;

use keyway_report::{Kind, Part, Results, SCHEMA};
use serde_json::Value;

/// A report of these documents, without those parts.
fn results(without: &[Part]) -> Results {
    let text = include_str!("data/parts.json");
    let mut parts: BTreeMap<Part, Value> = serde_json::from_str(text).expect("documents by their parts");
    parts.retain(|part, _| !without.contains(part));
    let machine = parts.values().next().map(|document| document["machine"].clone()).unwrap_or_default();
    Results {
        schema: SCHEMA.to_owned(),
        kind: Kind::Quick,
        provenance: serde_json::from_value(machine).unwrap_or_default(),
        claims: keyway_report::claims(&parts, Kind::Quick),
        kept_ledger: None,
        parts,
    }
}

fn files(results: &Results) -> BTreeMap<String, String> {
    keyway_report::files(results, &[]).expect("the templates work").into_iter().collect()
}

#[test]
fn a_report_is_one_page_that_needs_no_network_and_files_beside_it() {
    let results = results(&[]);
    let files = files(&results);
    let page = &files["report.html"];
    assert!(page.len() < 3 << 20, "{} bytes", page.len());
    for elsewhere in ["src=", "<link", "url(", "@import", "fetch("] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
    assert!(files.contains_key("report.md") && files.contains_key("plots/cost.svg"), "{:?}", files.keys());
    // Not told in full if it fails: it is large.
    assert!(
        Results::parse(&files["results.json"]).expect("it is a report") == results,
        "it reads back as another"
    );
    if let Some(folder) = std::env::var_os("KEYWAY_REPORT_PAGE") {
        for (name, text) in &files {
            keyway_report::Folder::open(folder.as_ref())
                .and_then(|folder| folder.write(name, text))
                .expect("it can be written");
        }
    }
}

#[test]
fn every_link_within_the_page_leads_somewhere() {
    let page = &files(&results(&[]))["report.html"];
    let ids: Vec<&str> = page.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let links: Vec<&str> = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.len() > 50, "{}", links.len());
    for link in links {
        assert!(ids.contains(&link), "#{link} leads nowhere");
    }
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "an id stands twice");
}

#[test]
fn the_page_opens_with_one_line_for_each_strategy_and_no_question_is_left_open() {
    let page = &files(&results(&[]))["report.html"];
    let table = page.split("<tbody>").nth(1).and_then(|rest| rest.split("</tbody>").next()).expect("a table");
    for strategy in
        ["single-thread", "global-lock-interval", "object-locks", "atomic-counts", "biased-counts"]
    {
        let line = table.split("<tr>").find(|line| line.contains(&format!(">{strategy}<"))).expect(strategy);
        let open = line.matches("<td>-</td>").count();
        assert!(open == 0 || (strategy == "single-thread" && open <= 3), "{strategy}: {line}");
    }
}

#[test]
fn claims_have_ids_of_their_own_and_every_figure_lies_in_its_interval() {
    let claims = results(&[]).claims;
    for id in [
        "owner-pair/biased-counts",
        "one-thread/biased-counts",
        "checked/biased-counts",
        "memory/biased-counts",
    ] {
        assert!(claims.iter().any(|claim| claim.id == id), "{id}");
    }
    let mut ids: Vec<&str> = claims.iter().map(|claim| claim.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), claims.len(), "an id stands twice");
    for claim in &claims {
        assert!(claim.value.holds(claim.value.median), "{claim:?}");
        assert!(claim.command.starts_with("cargo lab ") && claim.command.ends_with(" --json"), "{claim:?}");
    }
}

#[test]
fn a_report_without_some_parts_says_so() {
    for without in [&[Part::Ledger][..], &[Part::Cost, Part::Verdict], &Part::ALL] {
        let results = results(without);
        let files = files(&results);
        for name in ["report.html", "report.md"] {
            assert_eq!(files[name].matches("This part was not measured").count(), without.len(), "{name}");
        }
    }
}

/// The line of a strategy in a block.
fn line_of(results: &Results, block: &str, strategy: &str) -> String {
    let page = format!("<!-- figures: {block} -->\n<!-- end of figures -->\n");
    let fresh = keyway_report::refreshed(&page, Some(results)).expect("a block that is known");
    let line = fresh.lines().find(|line| line.trim_start_matches(['|', ' ', '`']).starts_with(strategy));
    line.expect(strategy).to_owned()
}

#[test]
fn a_figure_has_one_interval_in_every_table() {
    let results = results(&[]);
    for id in
        ["owner-pair/atomic-counts", "one-thread/atomic-counts", "io-latency/atomic-counts/after-200us/1"]
    {
        let claim = results.claims.iter().find(|claim| claim.id == id).expect(id);
        let shown = keyway_report::shown(claim.value);
        let (median, interval) = shown.split_once(' ').expect("an interval");
        let line = line_of(&results, "decision", "atomic-counts");
        assert!(line.contains(&format!("{median} ({interval})")), "{id}: {shown} is not in {line}");
    }
    let claim =
        results.claims.iter().find(|claim| claim.id == "one-thread/atomic-counts").expect("it is there");
    let line = line_of(&results, "in-short", "atomic-counts");
    assert!(line.contains(&keyway_report::shown(claim.value)), "{line}");
}

#[test]
fn seeded_bugs_that_a_report_has_not_run_are_those_of_the_ledger_that_is_kept() {
    let mut results = results(&[]);
    let ledger = results.parts.get_mut(&Part::Ledger).expect("a part").as_object_mut().expect("a document");
    let mut mutants = ledger.insert("mutants".to_owned(), Value::Array(vec![])).expect("it has some");
    let strategy = mutants[0]["strategy"].as_str().expect("an id").to_owned();
    mutants.as_array_mut().expect("rows").retain(|row| row["strategy"] == strategy.as_str());
    for row in mutants.as_array_mut().expect("rows") {
        row["killed"] = true.into();
    }
    let mut document = Value::Object(ledger.clone());
    assert!(line_of(&results, "decision", &strategy).contains("no seeded bugs run"));
    document["mutants"] = mutants;
    document["machine"] = serde_json::json!({ "commit": "0123456789" });
    results.kept_ledger = Some(keyway_report::KeptLedger::of(&document));
    let line = line_of(&results, "decision", &strategy);
    assert!(line.contains("seeded bugs ") && line.contains("ledger of 0123456"), "{line}");
    assert!(!line_of(&results, "in-short", &strategy).contains("not run"));
}
