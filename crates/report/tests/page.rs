//! The page as a reader's program sees it, made from documents of the lab whose figures mean nothing: one short run on a busy machine.

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
