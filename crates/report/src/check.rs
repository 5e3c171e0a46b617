//! Whether what is claimed holds here.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::claims::{claims_of, shown};
use crate::results::{Claim, Error, Kind, Part};

/// What has become of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The interval measured here and the claimed one overlap.
    Holds(Box<Claim>),
    /// They have nothing in common.
    Differs(Box<Claim>),
    /// Why it cannot be said.
    Unknown(String),
}

/// Reads claims: a `results.json`, an object with a list `claims`, a list of claims, or one claim.
///
/// # Errors
/// One line: the file cannot be read, or is none of these.
pub fn read_claims(path: &Path) -> Result<Vec<Claim>, Error> {
    let of = |why: String| Error::new(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| of(error.to_string()))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| of(format!("not JSON: {error}")))?;
    let kind: Option<Kind> = value.get("kind").and_then(|kind| Kind::deserialize(kind).ok());
    let list = match value.get("claims") {
        Some(list) => list.clone(),
        None if value.is_array() => value,
        None => Value::Array(vec![value]),
    };
    let mut claims: Vec<Claim> =
        serde_json::from_value(list).map_err(|error| of(format!("not claims: {error}")))?;
    // Older reports say it once for all claims.
    claims.iter_mut().for_each(|claim| claim.report = claim.report.or(kind));
    if claims.is_empty() { Err(of("it has no claims".to_owned())) } else { Ok(claims) }
}

/// Options that a claim's command may have. None of them names a file: a list of claims that
/// somebody sent must not be able to write one.
const OPTIONS: [&str; 14] = [
    "--rounds",
    "--milliseconds",
    "--operation",
    "--count",
    "--threads",
    "--objects",
    "--mode",
    "--strategy",
    "--server",
    "--spinners",
    "--percent",
    "--budget",
    "--checkpoint-every",
    "--json",
];

/// What a claim's command gives the lab, and the part that it belongs to.
fn arguments(command: &str) -> Result<(Part, Vec<String>), String> {
    let refused = |why: &str| Err(format!("its command is not run: {why}"));
    let mut words = command.split_whitespace().map(str::to_owned);
    if (words.next().as_deref(), words.next().as_deref()) != (Some("cargo"), Some("lab")) {
        return refused("it is not one of cargo lab");
    }
    let experiment = words.next().unwrap_or_default();
    let Some(part) = Part::ALL.into_iter().find(|part| part.experiment() == experiment) else {
        return refused("it is not one of the report's experiments");
    };
    let words: Vec<String> = words.filter(|word| word != "--json").collect();
    let is_plain = |word: &String| word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    for pair in words.chunks(2) {
        let [name, value] = pair else { return refused("an option has no value") };
        if !OPTIONS.contains(&name.as_str()) || value.starts_with('-') || !is_plain(value) {
            return refused(&format!("it has {name} {value}"));
        }
    }
    Ok((part, [experiment].into_iter().chain(words).collect()))
}

/// Measures what these claims say, by `run`, which is given a command's arguments; each command
/// once.
pub fn check(
    claims: &[Claim],
    mut run: impl FnMut(&[String]) -> Result<Value, Error>,
) -> Vec<(Claim, Outcome)> {
    let mut measured: BTreeMap<Vec<String>, Result<Vec<Claim>, String>> = BTreeMap::new();
    let mut outcome = |claim: &Claim| {
        let (part, arguments) = match arguments(&claim.command) {
            Ok(found) => found,
            Err(why) => return Outcome::Unknown(why),
        };
        let here = measured.entry(arguments).or_insert_with_key(|arguments| {
            run(arguments).map(|document| claims_of(part, &document)).map_err(|error| error.to_string())
        });
        match here {
            Ok(here) => compared(claim, here),
            Err(why) => Outcome::Unknown(why.clone()),
        }
    };
    claims.iter().map(|claim| (claim.clone(), outcome(claim))).collect()
}

/// Compares claims with those of another report, without measuring anything.
pub fn compare(claims: &[Claim], others: &[Claim]) -> Vec<(Claim, Outcome)> {
    claims.iter().map(|claim| (claim.clone(), compared(claim, others))).collect()
}

fn compared(claim: &Claim, here: &[Claim]) -> Outcome {
    let Some(found) = here.iter().find(|found| found.id == claim.id) else {
        return Outcome::Unknown("this claim is not made here".to_owned());
    };
    if found.unit != claim.unit {
        return Outcome::Unknown(format!("it is in {} here, not in {}", found.unit, claim.unit));
    }
    let overlap = found.value.low <= claim.value.high && claim.value.low <= found.value.high;
    let found = Box::new(found.clone());
    if overlap { Outcome::Holds(found) } else { Outcome::Differs(found) }
}

/// What has become of a claim. The line below has the conditions of the claim; another line has
/// those of here, where they are others.
pub fn line(claim: &Claim, outcome: &Outcome) -> String {
    let Claim { id, value, unit, .. } = claim;
    let figures = |here: &Claim| format!("claimed {}, here {} {unit}", shown(*value), shown(here.value));
    let (line, here) = match outcome {
        Outcome::Holds(here) => (format!("holds    {id}: {}", figures(here)), Some(here)),
        Outcome::Differs(here) => (format!("DIFFERS  {id}: {}", figures(here)), Some(here)),
        Outcome::Unknown(why) => (format!("unknown  {id}: {why}"), None),
    };
    let claimed = format!("{line}\n         claimed: {}", conditions(claim));
    let compared =
        |claim: &Claim| (claim.conditions.clone(), claim.rounds().map(str::to_owned), claim.machine.clone());
    match here.filter(|here| compared(here) != compared(claim)) {
        Some(here) => format!("{claimed}\n         here:    {}", conditions(here)),
        None => claimed,
    }
}

/// All that a claim says of its conditions: threads, free cores, rounds, the report, the machine,
/// the commit.
fn conditions(claim: &Claim) -> String {
    let Claim { conditions, machine, commit, report, .. } = claim;
    let parts = [
        Some(conditions.clone()),
        claim
            .rounds()
            .map(|rounds| if rounds == "1" { "1 round".to_owned() } else { format!("{rounds} rounds") }),
        report.map(|kind| format!("{} report", kind.name())),
        Some(machine.clone()),
        Some(format!("commit {commit}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// How one report repeats another: what part of the second's medians lies in the first's intervals,
/// and how wide those are.
pub fn in_short(outcomes: &[(Claim, Outcome)]) -> String {
    let (mut inside, mut both, mut one, mut more) = (0, 0, Vec::new(), Vec::new());
    for (claim, outcome) in outcomes {
        let (Outcome::Holds(here) | Outcome::Differs(here)) = outcome else { continue };
        both += 1;
        inside += usize::from(claim.value.holds(here.value.median));
        if claim.value.low < claim.value.high && claim.value.median != 0.0 {
            if claim.threads > 1 { &mut more } else { &mut one }.push(claim.value.half_width());
        }
    }
    let median = |widths: &mut Vec<f64>| {
        widths.sort_by(f64::total_cmp);
        widths.get(widths.len() / 2).map_or("-".to_owned(), |width| format!("{:.1} %", width * 100.0))
    };
    format!(
        "{inside} of {both} medians ({:.1} %) lie in the claimed intervals, whose half-width is in the median {} with one thread and {} with more",
        100.0 * f64::from(u32::try_from(inside).unwrap_or(0))
            / f64::from(u32::try_from(both.max(1)).unwrap_or(1)),
        median(&mut one),
        median(&mut more)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(ratio: f64) -> Value {
        let figure = json!({ "median": ratio, "low": ratio, "high": ratio });
        let row = json!({ "operation": "owner-pair", "subject": "biased-counts", "threads": 1, "ratio": { "rc": figure } });
        json!({ "schema": "s", "command": "cargo lab cost --rounds 3 --json", "rows": [row] })
    }

    #[test]
    fn a_claim_holds_if_the_intervals_meet_and_each_command_runs_once() {
        let claims = claims_of(Part::Cost, &document(1.12));
        let twice = [claims.clone(), claims].concat();
        for (here, holds) in [(1.14, true), (1.5, false)] {
            let mut runs = Vec::new();
            let outcomes = check(&twice, |arguments| {
                runs.push(arguments.join(" "));
                Ok(document(here))
            });
            assert_eq!(runs, ["cost --rounds 3 --operation owner-pair"]);
            assert!(
                outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Holds(_)) == holds),
                "{outcomes:?}"
            );
        }
        let compared = compare(&twice, &claims_of(Part::Cost, &document(1.13)));
        assert!(in_short(&compared).starts_with("2 of 2 medians (100.0 %)"), "{}", in_short(&compared));
    }

    #[test]
    fn the_conditions_of_a_claim_are_repeated_and_those_of_here_if_they_are_others() {
        let on = |cpu: &str, rounds: u32, enough: bool| {
            let figure = json!({ "median": 1.0, "low": 1.0, "high": 1.0 });
            let row = json!({ "operation": "duel-owner", "subject": "brc", "threads": 2, "ratio": { "arc": figure } });
            let machine =
                json!({ "cpu": cpu, "cores": 2, "commit": "abc", "free_cores": { "enough": enough } });
            let command = format!("cargo lab cost --rounds {rounds} --json");
            claims_of(Part::Cost, &json!({ "command": command, "machine": machine, "rows": [row] })).remove(0)
        };
        let claimed = Claim { report: Some(Kind::Full), ..on("C", 101, false) };
        let said = |here: Claim| line(&claimed, &Outcome::Differs(Box::new(here)));
        let same = said(on("C", 101, false));
        for part in ["2 threads", "cores NOT free", "101 rounds", "full report", "C, 2 cores", "commit abc"] {
            assert!(same.contains(part), "{part}: {same}");
        }
        assert!(!same.contains("here: "), "{same}");
        for (here, part) in [
            (on("D", 101, false), "D, 2 cores"),
            (on("C", 1, false), "1 round;"),
            (on("C", 101, true), "cores free"),
        ] {
            let said = said(here);
            assert!(said.lines().any(|it| it.contains("here: ") && it.contains(part)), "{part}: {said}");
        }
        assert!(line(&claimed, &Outcome::Unknown("why".to_owned())).contains("cores NOT free"));
    }

    #[test]
    fn commands_that_are_not_ours_are_not_run() {
        for command in [
            "rm -rf /",
            "cargo build",
            "cargo lab",
            "cargo lab race leak",
            "cargo lab cost --docs /etc/passwd",
            "cargo lab cost --rounds",
            "cargo lab cost --rounds --docs",
            "cargo lab replay /etc/passwd x",
            "cargo lab cost --rounds 3;reboot",
        ] {
            assert!(arguments(command).is_err(), "{command}");
        }
        let (part, words) = arguments("cargo lab verify --budget quick --json").expect("it is one of ours");
        assert_eq!((part, words.join(" ").as_str()), (Part::Ledger, "verify --budget quick"));
    }

    #[test]
    fn claims_are_read_in_every_form_and_anything_else_is_refused_in_one_line() {
        let place = tempfile::tempdir().expect("a folder");
        let claims = json!(claims_of(Part::Cost, &document(1.0)));
        let file = place.path().join("claims.json");
        for (text, good) in [
            (claims.to_string(), true),
            (claims[0].to_string(), true),
            (json!({ "claims": claims }).to_string(), true),
            (json!({ "claims": claims, "kind": "full" }).to_string(), true),
            ("[]".to_owned(), false),
            ("{}".to_owned(), false),
            ("{".to_owned(), false),
            ("[1]".to_owned(), false),
        ] {
            std::fs::write(&file, &text).expect("it can be written");
            let read = read_claims(&file);
            let of_a_report = text.contains("\"kind\"").then_some(Kind::Full);
            assert!(read.iter().flatten().all(|claim| claim.report == of_a_report), "{text}");
            assert_eq!(read.is_ok(), good, "{text}");
            assert!(read.err().is_none_or(|error| !error.to_string().contains('\n')), "{text}");
        }
        assert!(read_claims(&place.path().join("none")).is_err());
    }
}
