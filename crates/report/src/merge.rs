//! Several reports in one: a run that was split over machines put together, and different machines
//! side by side.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::claims::{claims, shown};
use crate::results::{Claim, Error, Machine, Part, Results, UNKNOWN};

/// The version of a file that holds several machines.
pub const MERGED: &str = "keyway-merged/1";

/// Figures that are in a row, but do not tell it from others.
const NOT_OF_THE_NAME: [&str; 4] = ["at_once", "cores_were_free", "header_bytes", "allocated_bytes"];

/// What `merge` lets pass.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allowed {
    /// Reports of different commits.
    pub different_commits: bool,
    /// Two reports of one machine stand side by side; otherwise they are parts of one.
    pub apart: bool,
}

/// A report and the file that it is from.
#[derive(Clone, Debug)]
pub struct Source {
    /// For errors.
    pub file: String,
    /// What it holds.
    pub results: Results,
}

/// One report a machine, in the order in which the machines come first.
///
/// # Errors
/// One line: nothing to merge, different commits, or a row that was measured twice on one machine.
pub fn merge(sources: Vec<Source>, allowed: Allowed) -> Result<Vec<Results>, Error> {
    if !allowed.different_commits {
        of_one_commit(&sources)?;
    }
    let mut machines: Vec<Source> = Vec::new();
    for source in sources {
        let name = source.results.provenance.name();
        let known =
            machines.iter_mut().find(|known| !allowed.apart && known.results.provenance.name() == name);
        match known {
            Some(known) => put_together(known, source)?,
            None => machines.push(source),
        }
    }
    if machines.is_empty() {
        return Err(Error::new("nothing to merge".to_owned()));
    }
    let with_claims = |Source { mut results, .. }: Source| {
        results.claims = claims(&results.parts, results.kind);
        results
    };
    Ok(machines.into_iter().map(with_claims).collect())
}

/// Two commits that are not known are not the same commit.
fn is_unknown(commit: &str) -> bool {
    commit.is_empty() || commit == UNKNOWN
}

fn of_one_commit(sources: &[Source]) -> Result<(), Error> {
    let commits = |source: &Source| {
        let of_parts = source.results.parts.values().filter_map(|part| part["machine"]["commit"].as_str());
        let all: BTreeSet<String> =
            of_parts.map(str::to_owned).chain([source.results.provenance.commit.clone()]).collect();
        all
    };
    let mut first: Option<(&str, String)> = None;
    for source in sources {
        for commit in commits(source) {
            match &first {
                _ if sources.len() > 1 && is_unknown(&commit) => {
                    return Err(Error::new(format!(
                        "{} does not know its commit, so its sources may be others; --different-commits merges it all the same",
                        source.file
                    )));
                }
                None => first = Some((&source.file, commit)),
                Some((file, known)) if *known != commit => {
                    return Err(Error::new(format!(
                        "{file} is of commit {known}, {} of {commit}: figures of different sources; --different-commits merges them all the same",
                        source.file
                    )));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

/// Adds the parts of `source` to those of `known`, which is of the same machine.
fn put_together(known: &mut Source, source: Source) -> Result<(), Error> {
    if known.results.kind != source.results.kind {
        return Err(Error::new(format!(
            "{} is a {:?} report and {} a {:?} one: not parts of one run",
            known.file, known.results.kind, source.file, source.results.kind
        )));
    }
    for (part, document) in source.results.parts {
        match known.results.parts.get_mut(&part) {
            None => {
                known.results.parts.insert(part, document);
            }
            Some(there) => {
                for list in ["rows", "models", "mutants"] {
                    join(there, &document, list).map_err(|row| {
                        Error::new(format!(
                            "{} and {} have both measured {} {row} on {}; --apart sets them side by side",
                            known.file,
                            source.file,
                            part.name(),
                            known.results.provenance.name()
                        ))
                    })?;
                }
            }
        }
    }
    Ok(())
}

/// Adds the rows of one list; the same row, with the same figures, is there once.
fn join(there: &mut Value, other: &Value, list: &str) -> Result<(), String> {
    let Some(rows) = other.get(list).and_then(Value::as_array) else { return Ok(()) };
    let Some(known) = there.get_mut(list).and_then(Value::as_array_mut) else {
        there[list] = json!(rows);
        return Ok(());
    };
    for row in rows {
        if known.contains(row) {
            continue;
        }
        let name = name_of(row);
        if known.iter().any(|other| name_of(other) == name) {
            return Err(Value::Object(name).to_string());
        }
        known.push(row.clone());
    }
    Ok(())
}

/// What tells a row from others: its words, and its numbers of threads and the like, which are
/// whole.
fn name_of(row: &Value) -> Map<String, Value> {
    let is_name = |(field, value): &(&String, &Value)| {
        (value.is_string() || ["threads", "spinners", "runtimes", "processes"].contains(&field.as_str()))
            && !NOT_OF_THE_NAME.contains(&field.as_str())
    };
    let fields = row.as_object().into_iter().flatten();
    fields.filter(is_name).map(|(field, value)| (field.clone(), value.clone())).collect()
}

/// Several machines in one file.
#[derive(Serialize)]
struct Merged<'r> {
    schema: &'static str,
    machines: &'r [Results],
}

/// The text of the file: a report like any other if it is one machine's.
///
/// # Panics
/// Never: everything in it can be written as JSON.
pub fn to_json(machines: &[Results]) -> String {
    if let [one] = machines {
        return one.to_json();
    }
    let merged = Merged { schema: MERGED, machines };
    let mut text = serde_json::to_string_pretty(&merged).expect("keys are text and figures are finite");
    text.push('\n');
    text
}

/// Models and mutants that a batch job has run, a JSON object a line, the first of which says of
/// which commit and which part of how many.
#[derive(Clone, Debug)]
pub struct LedgerPart {
    /// For errors.
    pub file: String,
    /// Of the checkout.
    pub commit: String,
    part: u64,
    of: u64,
    rows: Vec<Value>,
}

impl LedgerPart {
    /// Reads what a job of `cargo lab plan` has written.
    ///
    /// # Errors
    /// One line: it is not such a file.
    pub fn parse(file: &str, text: &str) -> Result<LedgerPart, Error> {
        let wrong = |why: &str| Error::new(format!("{file}: {why}"));
        let line =
            |line: &str| serde_json::from_str::<Value>(line).map_err(|error| wrong(&error.to_string()));
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let head = line(lines.next().ok_or_else(|| wrong("it is empty"))?)?;
        let (Some(commit), Some(part), Some(of)) =
            (head["commit"].as_str(), head["keyway_ledger"].as_u64(), head["of"].as_u64())
        else {
            return Err(wrong(
                "its first line does not say which part of a ledger it is (`cargo lab plan` writes jobs that do)",
            ));
        };
        Ok(LedgerPart {
            file: file.to_owned(),
            commit: commit.to_owned(),
            part,
            of,
            rows: lines.map(line).collect::<Result<_, _>>()?,
        })
    }
}

/// The ledger of all its parts, as the document of `cargo lab verify`.
///
/// # Errors
/// One line: a part is missing or there twice, or they are of different commits.
pub fn ledger(parts: &[LedgerPart], machine: &Machine, allowed: Allowed) -> Result<Value, Error> {
    let Some(first) = parts.first() else { return Err(Error::new("no part of a ledger".to_owned())) };
    let mut missing: BTreeSet<u64> = (1..=first.of).collect();
    for part in parts {
        if part.of != first.of || !missing.remove(&part.part) {
            return Err(Error::new(format!(
                "{}: part {} of {} is there twice, or of another ledger",
                part.file, part.part, part.of
            )));
        }
        let same = [&part.commit, &machine.commit]
            .into_iter()
            .all(|commit| *commit == first.commit && !is_unknown(commit));
        if !same && !allowed.different_commits {
            return Err(Error::new(format!(
                "{} is of commit {}, not {}; --different-commits merges them all the same",
                part.file, part.commit, machine.commit
            )));
        }
    }
    if let Some(part) = missing.first() {
        return Err(Error::new(format!("part {part} of {} of the ledger is missing", first.of)));
    }
    let rows = parts.iter().flat_map(|part| &part.rows);
    let (mutants, models): (Vec<&Value>, Vec<&Value>) = rows.partition(|row| row.get("killed").is_some());
    let machine = serde_json::to_value(machine).expect("it can be written");
    Ok(json!({
        "schema": "keyway-lab/verify/1", "command": format!("the {} jobs of cargo lab plan", first.of),
        "machine": machine, "models": models, "mutants": mutants,
    }))
}

/// Every claim that any machine has, one line each, with what each machine's figure is.
pub fn side_by_side(machines: &[Results]) -> Vec<Vec<String>> {
    let mut ids: Vec<&Claim> = Vec::new();
    for claim in machines.iter().flat_map(|machine| &machine.claims) {
        if !ids.iter().any(|known| known.id == claim.id) {
            ids.push(claim);
        }
    }
    let heading = ["claim".to_owned(), "unit".to_owned()].into_iter().chain(names(machines));
    let line = |claim: &&Claim| {
        let of =
            |machine: &Results| machine.claim(&claim.id).map_or("-".to_owned(), |claim| shown(claim.value));
        [claim.id.clone(), claim.unit.clone()].into_iter().chain(machines.iter().map(of)).collect()
    };
    [heading.collect()].into_iter().chain(ids.iter().map(line)).collect()
}

/// The machines' names, with the time of the run where two are called the same.
fn names(machines: &[Results]) -> Vec<String> {
    let name = |machine: &Results| machine.provenance.name();
    let is_twice = |name: &str| machines.iter().filter(|other| other.provenance.name() == name).count() > 1;
    let distinct = |machine: &Results| {
        let name = name(machine);
        if is_twice(&name) { format!("{name}, {}", machine.provenance.date) } else { name }
    };
    machines.iter().map(distinct).collect()
}

/// The comparison as Markdown.
pub fn comparison(machines: &[Results]) -> String {
    let lines = side_by_side(machines);
    let mut text = format!("# {} machines, one report\n\nWritten by `cargo lab merge`.\n\n", machines.len());
    for machine in machines {
        let parts: Vec<_> = machine.parts.keys().map(|part: &Part| part.name()).collect();
        text += &format!("- {} ({})\n", machine.provenance.in_short(), parts.join(", "));
    }
    text += "\nMedians with the interval in which another run's median is expected. A dash: not measured there.\n\n";
    for (number, line) in lines.iter().enumerate() {
        let cells: Vec<_> = line.iter().map(|cell| cell.replace('|', r"\|")).collect();
        text += &format!("| {} |\n", cells.join(" | "));
        if number == 0 {
            text += &format!("| --- | --- |{}\n", " ---: |".repeat(machines.len()));
        }
    }
    text
}

/// The same as a page in one file.
pub fn comparison_page(machines: &[Results]) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let cells = |tag: &str, line: &[String]| {
        let scope = if tag == "th" { " scope=\"col\"" } else { "" };
        line.iter().map(|cell| format!("<{tag}{scope}>{}</{tag}>", escaped(cell))).collect::<String>()
    };
    let lines = side_by_side(machines);
    let Some((heading, rows)) = lines.split_first() else { return String::new() };
    let rows: String = rows.iter().map(|line| format!("<tr>{}</tr>\n", cells("td", line))).collect();
    let list: String = machines
        .iter()
        .map(|machine| format!("<li>{}</li>\n", escaped(&machine.provenance.in_short())))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Keyway: {count} machines</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{count} machines, one report</h1>\n\
         <ul>\n{list}</ul>\n<p>Medians with the interval in which another run's median is expected. A dash: not measured there.</p>\n\
         <div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Claims of all machines\">\n<table>\n<thead><tr>{heading}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n</main>\n</body>\n</html>\n",
        count = machines.len(),
        heading = cells("th", heading),
    )
}

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:80rem;padding:1rem}\
h1{font-size:1.5rem}.wide{overflow-x:auto}table{border-collapse:collapse}th,td{padding:.25rem .75rem;border-bottom:1px solid #8888;text-align:right;white-space:nowrap}\
th:nth-child(-n+2),td:nth-child(-n+2){text-align:left}";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn figure(median: f64) -> Value {
        json!({ "median": median, "low": median * 0.99, "high": median * 1.01, "min": median })
    }

    fn cost(operation: &str, ns: f64) -> Value {
        json!({ "operation": operation, "subject": "biased-counts", "threads": 1, "ns": figure(ns), "ratio": { "rc": figure(1.1) } })
    }

    fn report(file: &str, cpu: &str, commit: &str, part: &str, rows: &[Value]) -> Source {
        let machine = json!({ "cpu": cpu, "cores": 2, "commit": commit, "date": "now", "virtual": true, "dirty": false });
        let document = json!({ "schema": format!("keyway-lab/{part}/1"), "command": "c", "machine": machine, "rows": rows });
        let text = json!({ "schema": "keyway-report/1", "kind": "full", "provenance": machine, "parts": { part: document } });
        Source { file: file.to_owned(), results: Results::parse(&text.to_string()).expect("it is a report") }
    }

    fn strict() -> Allowed {
        Allowed::default()
    }

    #[test]
    fn a_split_run_is_put_together_and_its_sentences_are_there() {
        let one = report("a", "x", "c1", "cost", &[cost("owner-pair", 0.6)]);
        let two = report("b", "x", "c1", "cost", &[cost("alloc-free", 9.0), cost("owner-pair", 0.6)]);
        let three = report("c", "x", "c1", "scaling", &[]);
        let merged = merge(vec![one, two, three], strict()).expect("they are parts of one run");
        let [merged] = &merged[..] else { panic!("{merged:?}") };
        assert_eq!(merged.rows(Part::Cost).len(), 2, "the same row is there once");
        assert!(merged.parts.contains_key(&Part::Scaling));
        assert!(
            merged.claim("owner-pair/biased-counts").is_some()
                && merged.claim("alloc-free/biased-counts").is_some()
        );
        assert!(to_json(std::slice::from_ref(merged)).contains("keyway-report/1"));
    }

    #[test]
    fn different_commits_are_refused_unless_told() {
        let both = || vec![report("a", "x", "c1", "cost", &[]), report("b", "y", "c2", "cost", &[])];
        let refused = merge(both(), strict()).expect_err("the sources differ").to_string();
        assert!(refused.contains("a is of commit c1, b of c2") && !refused.contains('\n'), "{refused}");
        let told = Allowed { different_commits: true, apart: false };
        assert_eq!(merge(both(), told).expect("told").len(), 2);
        // Two commits that nobody knows need not be the same one.
        let unknown = |file| report(file, "A", "unknown", "cost", &[]);
        let refused = merge(vec![unknown("a"), unknown("b")], strict()).expect_err("unknown").to_string();
        assert!(refused.contains("does not know its commit") && !refused.contains('\n'), "{refused}");
        assert!(merge(vec![unknown("a")], strict()).is_ok(), "there is nothing to mix it with");
        // A part of another commit inside of one file, too.
        let mut mixed = report("a", "x", "c1", "cost", &[]);
        mixed.results.provenance.commit = "c0".to_owned();
        assert!(merge(vec![mixed], strict()).is_err());
    }

    #[test]
    fn a_row_measured_twice_is_refused_and_can_be_set_side_by_side() {
        let both = || {
            vec![
                report("a", "x", "c1", "cost", &[cost("owner-pair", 0.6)]),
                report("b", "x", "c1", "cost", &[cost("owner-pair", 0.7)]),
            ]
        };
        let refused = merge(both(), strict()).expect_err("it is there twice").to_string();
        assert!(refused.contains("owner-pair") && refused.contains("--apart"), "{refused}");
        let apart = merge(both(), Allowed { apart: true, ..strict() }).expect("side by side");
        assert_eq!(apart.len(), 2);
        let mut quick = report("b", "x", "c1", "scaling", &[]);
        quick.results.kind = crate::Kind::Quick;
        assert!(merge(vec![report("a", "x", "c1", "cost", &[]), quick], strict()).is_err());
        assert!(merge(Vec::new(), strict()).is_err());
    }

    #[test]
    fn machines_stand_side_by_side_claim_by_claim() {
        let arm = report("a", "arm", "c1", "cost", &[cost("owner-pair", 0.5)]);
        let x86 = report("b", "x86 <1>", "c1", "cost", &[cost("owner-pair", 0.6), cost("alloc-free", 9.0)]);
        let merged = merge(vec![arm, x86], strict()).expect("two machines");
        let lines = side_by_side(&merged);
        assert_eq!(lines[0][2..], ["arm, virtual, 2 cores", "x86 <1>, virtual, 2 cores"]);
        let alloc =
            lines.iter().find(|line| line[0].starts_with("alloc-free")).expect("a line for each claim");
        assert_eq!(alloc[2], "-");
        assert!(comparison(&merged).contains("| owner-pair/biased-counts |"));
        let page = comparison_page(&merged);
        assert!(
            page.contains("x86 &lt;1&gt;") && !page.contains("<script") && !page.contains("http"),
            "{page}"
        );
        assert!(to_json(&merged).contains(MERGED));
    }

    #[test]
    fn a_ledger_is_whole_or_refused() {
        let part = |number: u64, commit: &str| {
            let text = format!(
                "{{\"keyway_ledger\":{number},\"of\":2,\"commit\":\"{commit}\"}}\n{{\"name\":\"m{number}\",\"strategy\":\"s\"}}\n{{\"name\":\"k\",\"killed\":true}}\n"
            );
            LedgerPart::parse("l", &text).expect("as a job writes it")
        };
        let machine = Machine { commit: "c1".to_owned(), ..Machine::default() };
        let whole = ledger(&[part(1, "c1"), part(2, "c1")], &machine, strict()).expect("both are there");
        assert_eq!(whole["models"].as_array().map(Vec::len), Some(2));
        assert_eq!(whole["mutants"].as_array().map(Vec::len), Some(2));
        let refused =
            |parts: &[LedgerPart]| ledger(parts, &machine, strict()).expect_err("refused").to_string();
        assert!(refused(&[part(1, "c1")]).contains("part 2 of 2"));
        assert!(refused(&[part(1, "c1"), part(1, "c1")]).contains("twice"));
        assert!(refused(&[part(1, "c1"), part(2, "c2")]).contains("c2"));
        assert!(refused(&[]).contains("no part"));
        for broken in ["", "{}", "x", "{\"keyway_ledger\":1}"] {
            assert!(LedgerPart::parse("l", broken).is_err(), "{broken}");
        }
    }
}
