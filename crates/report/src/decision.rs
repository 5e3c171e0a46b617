//! The answer with which the page opens: one line a strategy, one column a question.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::claims::{is_complete, number, shown};
use crate::kept::KeptLedger;
use crate::results::{Figure, Part, Results};

/// The columns, in their order: heading, what it shows, the part that has it.
pub(crate) const COLUMNS: [Column; 7] = [
    Column { id: "one-thread", heading: "one thread", unit: "times global lock", part: Part::Verdict },
    Column { id: "owner-pair", heading: "retain + release", unit: "times Rc", part: Part::Cost },
    Column { id: "scaling", heading: "scaling", unit: "own objects; one object", part: Part::Scaling },
    Column {
        id: "io-latency",
        heading: "I/O latency",
        unit: "us, beside a busy thread",
        part: Part::Starvation,
    },
    Column { id: "memory", heading: "memory", unit: "bytes, boxed integer", part: Part::Verdict },
    Column {
        id: "promptness",
        heading: "destruction",
        unit: "us after release, p50; p99",
        part: Part::Scaling,
    },
    Column { id: "checked", heading: "model-checked", unit: "models; seeded bugs found", part: Part::Ledger },
];

/// A question.
#[derive(Debug, Serialize)]
pub(crate) struct Column {
    pub(crate) id: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) part: Part,
}

/// A strategy's answers.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) strategy: String,
    pub(crate) cells: Vec<Cell>,
}

/// An answer: a figure, its interval, and where it comes from.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Cell {
    pub(crate) median: String,
    pub(crate) interval: String,
    /// The id of the row of raw numbers; empty if there is none.
    pub(crate) row: String,
}

/// One line for each strategy that any part has, in their order.
pub(crate) fn rows(results: &Results) -> Vec<Row> {
    let most =
        results.rows(Part::Scaling).iter().filter_map(|row| row["threads"].as_u64()).max().unwrap_or(2);
    let row = |strategy: String| {
        let cells = COLUMNS.iter().map(|column| cell(results, column, &strategy, most).unwrap_or_default());
        Row { cells: cells.collect(), strategy }
    };
    strategies(results).into_iter().map(row).collect()
}

/// The table for a terminal: a heading, what its columns count in, and a line for each strategy,
/// without intervals.
pub fn lines(results: &Results) -> Vec<Vec<String>> {
    let line = |first: &'static str, rest: &dyn Fn(&Column) -> &'static str| {
        [first].into_iter().chain(COLUMNS.iter().map(rest)).map(str::to_owned).collect()
    };
    let strategies = rows(results).into_iter().map(|row| {
        let cells =
            row.cells.into_iter().map(|cell| if cell.row.is_empty() { "-".to_owned() } else { cell.median });
        [row.strategy].into_iter().chain(cells).collect()
    });
    let head: [Vec<String>; 2] =
        [line("strategy", &|column| column.heading), line("", &|column| column.unit)];
    head.into_iter().chain(strategies).collect()
}

/// The strategies of these results: those of the countdown without its floor, or of whatever part
/// there is.
pub(crate) fn strategies(results: &Results) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for part in [Part::Starvation, Part::Countdown, Part::Replay, Part::Verdict, Part::Ledger] {
        let rows = match part {
            Part::Ledger => list(results, "models"),
            part => results.rows(part),
        };
        for id in rows
            .iter()
            .filter_map(|row| row["strategy"].as_str())
            .filter(|id| *id != "floor" && !id.is_empty())
        {
            if !ids.iter().any(|known| known == id) {
                ids.push(id.to_owned());
            }
        }
        if part != Part::Replay && !ids.is_empty() && ids.len() > 1 {
            break;
        }
    }
    ids
}

/// A list of the ledger.
pub(crate) fn list<'r>(results: &'r Results, name: &str) -> &'r [Value] {
    let list =
        results.parts.get(&Part::Ledger).and_then(|document| document.get(name)).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

fn found<'r>(results: &'r Results, part: Part, fields: &[(&str, Value)]) -> Option<(usize, &'r Value)> {
    let fits = |row: &Value| fields.iter().all(|(name, value)| row[*name] == *value);
    results.rows(part).iter().enumerate().find(|(_, row)| fits(row))
}

fn cell(results: &Results, column: &Column, strategy: &str, threads: u64) -> Option<Cell> {
    let find = |part: Part, fields: &[(&str, Value)]| found(results, part, fields);
    let strategy_is = ("strategy", Value::from(strategy));
    match column.id {
        "one-thread" => one_thread(results, strategy),
        "owner-pair" => {
            let (number, row) =
                find(Part::Cost, &[("operation", "owner-pair".into()), ("subject", strategy.into())])?;
            let figure = claimed(results, &format!("owner-pair/{strategy}"));
            Some(Cell::of(figure.or(Figure::of(&row["ratio"], "rc")), Part::Cost, number))
        }
        "scaling" => {
            let of = |operation: &str| {
                let fields = [
                    ("operation", operation.into()),
                    ("subject", strategy.into()),
                    ("threads", threads.into()),
                ];
                find(Part::Scaling, &fields)
            };
            let (own, row) = of("alloc-free-each")?;
            let first = Figure::of(row, "throughput_to_one_thread")?;
            let second =
                of("pair-at-one-object").and_then(|(_, row)| Figure::of(row, "throughput_to_one_thread"))?;
            let median = format!("{}; {}", number(first.median), number(second.median));
            Some(Cell {
                median,
                interval: format!("{threads} threads, times one"),
                row: id(Part::Scaling, own),
            })
        }
        "io-latency" => {
            let fields = [strategy_is, ("server", "after-200us".into()), ("spinners", 1.into())];
            let (number, row) = find(Part::Starvation, &fields)?;
            let figure = claimed(results, &format!("io-latency/{strategy}/after-200us/1"));
            Some(Cell::of(figure.or(Figure::of(row, "p50_us")), Part::Starvation, number))
        }
        "memory" => memory(results, strategy),
        "promptness" => promptness(results, strategy),
        _ => checked(results, strategy),
    }
}

/// How long an object outlives its last reference, which another thread gives up: one that is
/// attached, where two can be.
fn promptness(results: &Results, strategy: &str) -> Option<Cell> {
    let of = |operation: &str| {
        found(results, Part::Scaling, &[("operation", operation.into()), ("subject", strategy.into())])
    };
    let attached = of("release-to-destruction").map(|row| (row, "by another thread"));
    let (place, row, interval) = match attached {
        Some(((place, row), how)) => (place, row, how),
        None => of("drop-to-destruction").map(|(place, row)| (place, row, "dropped, not attached"))?,
    };
    let (p50, p99) = (Figure::of(&row["delay"], "p50")?, Figure::of(&row["delay"], "p99")?);
    let median = format!("{}; {}", number(p50.median / 1e3), number(p99.median / 1e3));
    Some(Cell { median, interval: interval.to_owned(), row: id(Part::Scaling, place) })
}

impl Cell {
    /// The figure of a row: that of its claim, so that the table and the sentence to cite have one
    /// interval.
    fn of(figure: Option<Figure>, part: Part, place: usize) -> Cell {
        figure.map_or_else(Cell::default, |figure| Cell {
            median: number(figure.median),
            interval: format!("[{}, {}]", number(figure.low), number(figure.high)),
            row: id(part, place),
        })
    }
}

/// The id of a row in the page: its part and its place in the document.
pub(crate) fn id(part: Part, place: usize) -> String {
    format!("{}-{}", part.name(), place + 1)
}

fn verdict<'r>(results: &'r Results, strategy: &str) -> Option<(usize, &'r Value)> {
    found(results, Part::Verdict, &[("strategy", strategy.into())])
}

/// The strategy that the others' times are compared with is named next to the rows.
fn is_reference(results: &Results, strategy: &str) -> Option<Value> {
    let document = results.parts.get(&Part::Verdict)?;
    (document["reference"] == strategy).then(|| document["again"].clone())
}

fn one_thread(results: &Results, strategy: &str) -> Option<Cell> {
    if is_reference(results, strategy).is_some() {
        return Some(Cell {
            median: "1".to_owned(),
            interval: "the reference".to_owned(),
            row: id(Part::Verdict, 0),
        });
    }
    let (number, row) = verdict(results, strategy)?;
    let figure = claimed(results, &format!("one-thread/{strategy}"));
    Some(Cell::of(figure.or(Figure::of(&row["single_thread"], "ratio")), Part::Verdict, number))
}

fn memory(results: &Results, strategy: &str) -> Option<Cell> {
    let again = is_reference(results, strategy);
    let (place, memory) = match (&again, verdict(results, strategy)) {
        (Some(again), _) => (0, &again["memory"]),
        (None, Some((place, row))) => (place, &row["memory"]),
        (None, None) => return None,
    };
    let header = memory["header_bytes"].as_u64()?;
    let bytes = memory["boxed_integer_bytes"].as_u64()?;
    Some(Cell {
        median: bytes.to_string(),
        interval: format!("header {header}"),
        row: id(Part::Verdict, place),
    })
}

/// How many models of a strategy are complete, and how many mutants of its code were found: here,
/// or else in the ledger that the repository keeps.
pub(crate) fn checked(results: &Results, strategy: &str) -> Option<Cell> {
    let (complete, models) = models_of(list(results, "models"), strategy);
    let place = list(results, "models").iter().position(|row| row["strategy"] == strategy)?;
    Some(Cell {
        median: format!("{complete}/{models}"),
        interval: seeded_bugs(results, strategy).unwrap_or_else(|| "no seeded bugs run".to_owned()),
        row: id(Part::Ledger, place),
    })
}

/// How many seeded bugs in a strategy's code were found, and by which run; none if no run is known.
pub(crate) fn seeded_bugs(results: &Results, strategy: &str) -> Option<String> {
    let kept = results.kept_ledger.as_ref();
    match (mutants_of(list(results, "mutants"), strategy), kept.and_then(|kept| kept.line(strategy))) {
        ((_, 0), Some(line)) if line.mutants > 0 => {
            let commit = kept.map_or("", KeptLedger::commit);
            Some(format!("seeded bugs {}/{}, ledger of {commit}", line.killed, line.mutants))
        }
        ((_, 0), _) => None,
        ((killed, all), _) => Some(format!("seeded bugs {killed}/{all}")),
    }
}

/// How many of a strategy's models were run to their end without a failure, and how many there are.
pub(crate) fn models_of(models: &[Value], strategy: &str) -> (usize, usize) {
    let models: Vec<&Value> = models.iter().filter(|row| row["strategy"] == strategy).collect();
    (models.iter().filter(|model| is_complete(model)).count(), models.len())
}

/// How many of a strategy's mutants were found, and how many there are. The policies of one lock
/// share their crate, and so their mutants.
pub(crate) fn mutants_of(mutants: &[Value], strategy: &str) -> (usize, usize) {
    let mut found: BTreeMap<&str, bool> = BTreeMap::new();
    for row in mutants.iter().filter(|row| is_of(row, strategy)) {
        let all = found.entry(row["name"].as_str().unwrap_or_default()).or_insert(true);
        *all &= row["killed"].as_bool() == Some(true);
    }
    (found.values().filter(|killed| **killed).count(), found.len())
}

/// A line of the guide.
#[derive(Debug, Serialize)]
pub(crate) struct Advice {
    pub(crate) strategy: &'static str,
    /// "if ...", to follow "Choose ...".
    pub(crate) when: &'static str,
    /// The figures that speak for and against it.
    pub(crate) because: String,
}

/// When to choose a strategy, and which claims speak for and against it, each with the words around
/// its figure.
struct Rule(&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// A strategy that is not known here has no line.
const RULES: [Rule; 6] = [
    Rule(
        "biased-counts",
        "if threads compute, and objects are mostly used by the thread that made them",
        &[
            ("one-thread/biased-counts", "programs with one thread: {} times global-lock-interval"),
            ("scaling/alloc-free-each/biased-counts/", "all threads, objects of their own: {} times one"),
        ],
    ),
    Rule(
        "atomic-counts",
        "if threads compute, and objects are mostly passed around, or must die at their last release",
        &[
            ("owner-pair/atomic-counts", "a retain and release: {} times Rc"),
            ("non-owner-pair/atomic-counts", "by another thread: {} times Arc"),
        ],
    ),
    Rule(
        "global-lock-returning-first",
        "if threads mostly wait for input and output, and some compute",
        &[
            (
                "io-latency/global-lock-returning-first/after-200us/1",
                "a round trip beside a busy thread: {} us",
            ),
            ("io-latency/global-lock-interval/after-200us/1", "under CPython's lock: {} us"),
        ],
    ),
    Rule(
        "global-lock-interval",
        "if foreign code relies on one thread running, and nothing computes for long",
        &[("owner-pair/global-lock-interval", "a retain and release: {} times Rc")],
    ),
    Rule(
        "single-thread",
        "if there is one thread, ever",
        &[("one-thread/single-thread", "programs: {} times global-lock-interval")],
    ),
    Rule(
        "object-locks",
        "to compare with, never for speed: it is the textbook's first answer, as group-locks is its remedy where locks take room",
        &[("owner-pair/object-locks", "a retain and release: {} times Rc")],
    ),
];

/// When to choose what, with this machine's figures.
pub(crate) fn guide(results: &Results) -> Vec<Advice> {
    let known = strategies(results);
    let advice = |&Rule(strategy, when, because): &Rule| {
        let said =
            because.iter().filter_map(|(id, text)| Some(text.replace("{}", &shown(claimed(results, id)?))));
        Advice { strategy, when, because: said.collect::<Vec<_>>().join("; ") }
    };
    RULES.iter().filter(|Rule(strategy, ..)| known.iter().any(|id| id == strategy)).map(advice).collect()
}

/// The figure of a claim; of the last whose id begins so, if it ends in a slash: that of the most
/// threads.
fn claimed(results: &Results, id: &str) -> Option<Figure> {
    let found = if id.ends_with('/') {
        results.claims.iter().rfind(|claim| claim.id.starts_with(id))
    } else {
        results.claim(id)
    };
    Some(found?.value)
}

/// Whether a mutant is one of this strategy: those of a lock with several policies are of all of
/// them.
fn is_of(row: &Value, strategy: &str) -> bool {
    let of = row["strategy"].as_str().unwrap_or_default();
    strategy == of || (!of.is_empty() && strategy.strip_prefix(of).is_some_and(|rest| rest.starts_with('-')))
}
