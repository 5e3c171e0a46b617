//! The sentences worth citing, made from the documents.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::results::{Claim, Figure, Kind, Machine, Part};

/// The factor by which a claim's interval is wider than the bootstrap interval of one run's median:
/// another run's median varies as much, and independently.
const REPEATED: f64 = std::f64::consts::SQRT_2;

/// The further difference between runs, each with its own pages and addresses; as a part of the
/// median, and for ratios on one thread. Rounds within one run do not show it.
const DRIFT: f64 = 0.03;

/// The same for recorded programs, of which some take half a millisecond.
const DRIFT_OF_RECORDINGS: f64 = 0.06;

/// The same for times, which the processor's clock moves, as it does not move ratios.
const DRIFT_OF_TIMES: f64 = 0.08;
/// The same for several threads.
const DRIFT_OF_THREADS: f64 = 0.10;

/// The drift of a figure of `threads` threads, in this unit, of a claim with this id.
fn drift(threads: usize, unit: &str, id: &str) -> f64 {
    match () {
        () if threads > 1 => DRIFT_OF_THREADS,
        () if matches!(unit, "ns" | "us" | "s") => DRIFT_OF_TIMES,
        () if id.starts_with("replay/") => DRIFT_OF_RECORDINGS,
        () => DRIFT,
    }
}

/// The strategy to which programs' times are compared.
const GLOBAL_LOCK: &str = "global-lock-interval";

/// The claims of these documents of one report, in the order of the report.
pub fn claims(parts: &BTreeMap<Part, Value>, kind: Kind) -> Vec<Claim> {
    let claims = parts_in_order(parts).flat_map(|(part, document)| claims_of(part, document));
    claims.map(|claim| Claim { report: Some(kind), ..claim }).collect()
}

fn parts_in_order(parts: &BTreeMap<Part, Value>) -> impl Iterator<Item = (Part, &Value)> {
    Part::ALL.into_iter().filter_map(|part| Some((part, parts.get(&part)?)))
}

/// The claims of one document.
pub(crate) fn claims_of(part: Part, document: &Value) -> Vec<Claim> {
    let context = Context::of(document);
    let rows = document.get("rows").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let of_row = |row: &Value| match part {
        Part::Cost => vec![cost(&context, row)],
        Part::Verdict => vec![one_thread(&context, row), io_bound(&context, row), memory(&context, row)],
        Part::Scaling => vec![throughput(&context, row), promptness(&context, row)],
        Part::Starvation => vec![latency(&context, row), round_trips(&context, row)],
        Part::Countdown => vec![countdown(&context, row)],
        Part::Replay => vec![replay(&context, row)],
        Part::Ledger => vec![],
    };
    let mut claims: Vec<Claim> = rows.iter().flat_map(of_row).flatten().collect();
    if part == Part::Ledger {
        claims.extend(ledger(&context, document));
    }
    claims
}

/// The ids of a part's claims.
pub(crate) fn ids_of(part: Part, document: Option<&Value>) -> Vec<String> {
    document
        .map_or(Vec::new(), |document| claims_of(part, document).into_iter().map(|claim| claim.id).collect())
}

/// What all claims of a document have in common.
struct Context {
    machine: String,
    commit: String,
    command: String,
    enough_cores: bool,
}

/// What is said of a row.
struct Said<'a> {
    id: String,
    value: Figure,
    unit: &'a str,
    threads: usize,
    /// What is added to the command, so that it measures little more than this.
    only: String,
    /// The sentence: `{}` stands for the figure with its interval.
    sentence: String,
}

impl Context {
    fn of(document: &Value) -> Context {
        let field = |name: &str| document.get(name).cloned().unwrap_or_default();
        let machine: Machine = serde_json::from_value(field("machine")).unwrap_or_default();
        let enough =
            machine.rest.get("free_cores").and_then(|cores| cores.get("enough")).and_then(Value::as_bool);
        let command = field("command").as_str().unwrap_or_default().to_owned();
        let commit = machine.commit();
        Context { machine: machine.name(), commit, command, enough_cores: enough != Some(false) }
    }

    fn claim(&self, said: Said<'_>) -> Claim {
        let value = repeated(said.value, drift(said.threads, said.unit, &said.id));
        let threads =
            if said.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", said.threads) };
        let cores =
            if self.enough_cores { "cores free" } else { "cores NOT free, so this shows other programs too" };
        let command = match self.command.strip_suffix(" --json") {
            Some(rest) => format!("{rest}{} --json", said.only),
            None => format!("{}{} --json", self.command, said.only),
        };
        Claim {
            id: said.id,
            sentence: said.sentence.replace("{}", &shown(value)),
            value,
            unit: said.unit.to_owned(),
            conditions: format!("{threads}, {cores}"),
            threads: said.threads,
            machine: self.machine.clone(),
            commit: self.commit.clone(),
            command,
            report: None,
        }
    }

    /// `--name value`, unless the command has a choice of its own.
    fn only(&self, name: &str, value: &str) -> String {
        if self.command.contains(name) { String::new() } else { format!(" {name} {value}") }
    }
}

/// The interval in which the median of another run on the same machine is expected. A figure that
/// does not vary at all stays exact.
fn repeated(figure: Figure, drift: f64) -> Figure {
    let Figure { median, low, high } = figure;
    let drift = median.abs() * drift;
    let below = median - drift.max((median - low) * REPEATED);
    // Times and ratios are above zero, whatever a few wild rounds would have.
    let low = if low >= 0.0 { below.max(0.0) } else { below };
    Figure { median, low, high: median + drift.max((high - median) * REPEATED) }
}

/// `1.12 [1.10, 1.15]`, with as many digits as say something; an exact number alone.
pub fn shown(figure: Figure) -> String {
    let Figure { median, low, high } = figure;
    if low == high {
        return number(median);
    }
    format!("{} [{}, {}]", number(median), number(low), number(high))
}

/// Three digits that count, without a power of ten.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if size >= 100.0 || value == value.trunc() => format!("{value:.0}"),
        _ if size >= 10.0 => format!("{value:.1}"),
        _ if size >= 0.1 => format!("{value:.2}"),
        _ if size >= 0.01 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

fn text<'r>(row: &'r Value, field: &str) -> Option<&'r str> {
    row.get(field)?.as_str()
}

fn count(row: &Value, field: &str) -> Option<usize> {
    usize::try_from(row.get(field)?.as_u64()?).ok()
}

/// What an operation is compared with: the same operation on the first of these subjects that was
/// measured in the same run.
const REFERENCES: [(&str, &str); 4] =
    [("rc", "Rc"), ("arc", "Arc"), ("parking-lot-raw", "a bare lock"), ("box", "Box")];

/// The reference that fits an operation.
pub(crate) fn reference(operation: &str) -> &'static str {
    match operation {
        "owner-pair" | "owner-pair-by-drop" | "alloc-free" => "rc",
        "chain" | "tree" | "fan" => "box",
        "section"
        | "section-below-the-face"
        | "section-pair"
        | "section-nested"
        | "blocking-region"
        | "hand-over" => "parking-lot-raw",
        _ => "arc",
    }
}

fn cost(context: &Context, row: &Value) -> Option<Claim> {
    let (operation, subject) = (text(row, "operation")?, text(row, "subject")?);
    let reference = reference(operation);
    if subject.ends_with("-again") || subject == reference {
        return None;
    }
    let ratio = row.get("ratio").and_then(|ratios| Figure::of(ratios, reference));
    let name = REFERENCES.iter().find(|(id, _)| *id == reference).map_or(reference, |(_, name)| name);
    let (value, unit, sentence) = match ratio {
        Some(ratio) => (
            ratio,
            format!("times {reference}"),
            format!("The operation {operation} takes {{}} times as long under {subject} as with {name}."),
        ),
        None => (
            Figure::of(row, "ns")?,
            "ns".to_owned(),
            format!("The operation {operation} takes {{}} ns under {subject}."),
        ),
    };
    Some(context.claim(Said {
        id: format!("{operation}/{subject}"),
        value,
        unit: &unit,
        threads: count(row, "threads")?,
        only: context.only("--operation", operation),
        sentence,
    }))
}

fn one_thread(context: &Context, row: &Value) -> Option<Claim> {
    let strategy = text(row, "strategy")?;
    Some(context.claim(Said {
        id: format!("one-thread/{strategy}"),
        value: Figure::of(row.get("single_thread")?, "ratio")?,
        unit: "times global-lock-interval",
        threads: 1,
        only: context.only("--strategy", strategy),
        sentence: format!(
            "Programs with one thread take {{}} times as long under {strategy} as under {GLOBAL_LOCK}."
        ),
    }))
}

fn io_bound(context: &Context, row: &Value) -> Option<Claim> {
    let strategy = text(row, "strategy")?;
    let threads = count(row, "threads")?;
    Some(context.claim(Said {
        id: format!("io-bound/{strategy}"),
        value: Figure::of(row.get("io_bound")?, "ratio")?,
        unit: "times global-lock-interval",
        threads,
        only: context.only("--strategy", strategy),
        sentence: format!(
            "{threads} threads that mostly wait for input and output take {{}} times as long under {strategy} as under {GLOBAL_LOCK}."
        ),
    }))
}

/// A number that was counted, not measured.
fn exact(value: f64) -> Figure {
    Figure { median: value, low: value, high: value }
}

fn memory(context: &Context, row: &Value) -> Option<Claim> {
    let strategy = text(row, "strategy")?;
    let bytes = count(row.get("memory")?, "boxed_integer_bytes")? as f64;
    let mut claim = context.claim(Said {
        id: format!("memory/{strategy}"),
        value: exact(bytes),
        unit: "bytes",
        threads: 1,
        only: context.only("--strategy", strategy),
        sentence: format!("A boxed 64-bit integer takes {bytes:.0} bytes under {strategy}, header and all."),
    });
    claim.value = exact(bytes);
    claim.conditions = "counted, the same on every machine of 64 bits".to_owned();
    Some(claim)
}

fn throughput(context: &Context, row: &Value) -> Option<Claim> {
    let (operation, subject, threads) =
        (text(row, "operation")?, text(row, "subject")?, count(row, "threads")?);
    let value = Figure::of(row, "throughput_to_one_thread").filter(|_| threads > 1)?;
    Some(context.claim(Said {
        id: format!("scaling/{operation}/{subject}/{threads}"),
        value,
        unit: "times one thread",
        threads,
        only: context.only("--operation", operation),
        sentence: format!(
            "{threads} threads together get {{}} times as much done of {operation} under {subject} as one."
        ),
    }))
}

fn promptness(context: &Context, row: &Value) -> Option<Claim> {
    let (operation, subject) = (text(row, "operation")?, text(row, "subject")?);
    if !operation.ends_with("to-destruction") {
        return None;
    }
    Some(context.claim(Said {
        id: format!("{operation}/{subject}"),
        value: Figure::of(row.get("delay")?, "p50")?,
        unit: "ns",
        threads: 2,
        only: context.only("--operation", operation),
        sentence: format!("From the last {} by another thread to the destruction it takes {{}} ns under {subject}, in the median.",
            if operation.starts_with("drop") { "drop" } else { "release" }),
    }))
}

fn beside(spinners: usize) -> String {
    match spinners {
        0 => "alone".to_owned(),
        1 => "beside a thread that computes".to_owned(),
        many => format!("beside {many} threads that compute"),
    }
}

fn latency(context: &Context, row: &Value) -> Option<Claim> {
    let (strategy, server) = (text(row, "strategy")?, text(row, "server")?);
    let spinners = count(row, "spinners")?;
    Some(context.claim(Said {
        id: format!("io-latency/{strategy}/{server}/{spinners}"),
        value: Figure::of(row, "p50_us")?,
        unit: "us",
        threads: spinners + 1,
        only: context.only("--strategy", strategy),
        sentence: format!(
            "A round trip to a server that answers {} takes {{}} us under {strategy}, {}.",
            server.replace("after-200us", "after 200 us").replace('-', " "),
            beside(spinners)
        ),
    }))
}

fn round_trips(context: &Context, row: &Value) -> Option<Claim> {
    let (strategy, server) = (text(row, "strategy")?, text(row, "server")?);
    let spinners = count(row, "spinners").filter(|&spinners| spinners > 0)?;
    Some(context.claim(Said {
        id: format!("io-throughput/{strategy}/{server}/{spinners}"),
        value: Figure::of(row, "ratio_to_no_spinner")?,
        unit: "times as alone",
        threads: spinners + 1,
        only: context.only("--strategy", strategy),
        sentence: format!(
            "An echo client (server: {server}) does {{}} times as many round trips under {strategy} {} as alone.",
            beside(spinners)
        ),
    }))
}

fn countdown(context: &Context, row: &Value) -> Option<Claim> {
    let (strategy, mode, threads) = (text(row, "strategy")?, text(row, "mode")?, count(row, "threads")?);
    let (value, unit, sentence) = if threads == 1 {
        let sentence = format!(
            "The article's countdown takes {{}} times as long under {strategy} as under single-thread."
        );
        (Figure::of(row, "ratio_to_single_thread")?, "times single-thread", sentence)
    } else {
        let sentence = format!(
            "The article's countdown with {threads} {mode} takes {{}} times as long under {strategy} as with one thread."
        );
        (Figure::of(row, "ratio_to_one_thread")?, "times one thread", sentence)
    };
    if (strategy, threads) == ("single-thread", 1) {
        return None;
    }
    Some(context.claim(Said {
        id: format!("countdown/{strategy}/{mode}/{threads}"),
        value,
        unit,
        threads,
        only: String::new(),
        sentence,
    }))
}

fn replay(context: &Context, row: &Value) -> Option<Claim> {
    let (trace, strategy) = (text(row, "trace")?, text(row, "strategy")?);
    let value = Figure::of(row.get("ratio")?, GLOBAL_LOCK).filter(|_| strategy != GLOBAL_LOCK)?;
    Some(context.claim(Said {
        id: format!("replay/{trace}/{strategy}"),
        value,
        unit: "times global-lock-interval",
        threads: count(row, "threads")?,
        only: String::new(),
        sentence: format!("The recorded program {trace}, replayed, takes {{}} times as long under {strategy} as under {GLOBAL_LOCK}."),
    }))
}

/// For each strategy, how many of its models are complete.
fn ledger(context: &Context, document: &Value) -> Vec<Claim> {
    let models = document.get("models").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut of: BTreeMap<&str, (usize, usize, u64, Option<u64>)> = BTreeMap::new();
    for model in models {
        let Some(strategy) = text(model, "strategy") else { continue };
        let (all, complete, iterations, bound) = of.entry(strategy).or_default();
        *all += 1;
        *complete += usize::from(is_complete(model));
        *iterations += model.get("iterations").and_then(Value::as_u64).unwrap_or(0);
        let its_bound = model.get("bound").and_then(Value::as_u64);
        *bound = its_bound.map_or(*bound, |its| Some(bound.map_or(its, |least| least.min(its))));
    }
    let claim = |(strategy, (all, complete, iterations, bound)): (&str, (usize, usize, u64, Option<u64>))| {
        let bound =
            bound.map_or("without a bound".to_owned(), |bound| format!("with at least {bound} preemptions"));
        let mut claim = context.claim(Said {
            id: format!("checked/{strategy}"),
            value: exact(complete as f64),
            unit: "models",
            threads: 1,
            only: context.only("--strategy", strategy),
            sentence: format!("{complete} of {all} models of {strategy} hold in every one of {iterations} interleavings {bound}."),
        });
        claim.value = exact(complete as f64);
        claim.conditions = "within loom's memory model; not measured, so no load disturbs it".to_owned();
        claim
    };
    of.into_iter().map(claim).collect()
}

/// Whether a model was explored to its end and held.
pub(crate) fn is_complete(model: &Value) -> bool {
    model.get("complete").and_then(Value::as_bool) == Some(true)
        && model.get("failure").is_none()
        && model.get("iterations").and_then(Value::as_u64).is_some_and(|iterations| iterations > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(rows: Value) -> Value {
        let machine = json!({ "cpu": "C", "virtual": true, "cores": 2, "commit": "abc", "dirty": false });
        json!({ "schema": "s", "command": "cargo lab cost --rounds 41 --json", "machine": machine, "rows": rows })
    }

    #[test]
    fn intervals_are_as_wide_as_what_moves_the_figure() {
        let wide = |threads, unit, id| {
            let figure =
                repeated(Figure { median: 100.0, low: 100.0, high: 100.0 }, drift(threads, unit, id));
            (figure.high - 100.0).round()
        };
        assert_eq!(wide(1, "times rc", "owner-pair/brc"), 3.0);
        assert_eq!(wide(1, "times global-lock-interval", "replay/ft/fib/brc"), 6.0);
        assert_eq!(wide(1, "ns", "attach/brc"), 8.0);
        assert_eq!(wide(2, "ns", "attach/brc"), 10.0);
    }

    #[test]
    fn a_claim_has_all_that_is_needed_to_check_it() {
        let ratio = json!({ "rc": { "median": 1.12, "low": 1.10, "high": 1.20 } });
        let ns = json!({ "median": 0.6, "low": 0.5, "high": 0.7 });
        let row = json!({ "operation": "owner-pair", "subject": "biased-counts", "threads": 1, "ns": ns, "ratio": ratio });
        let claims = claims_of(Part::Cost, &document(json!([row])));
        let [claim] = &claims[..] else { panic!("{claims:?}") };
        assert_eq!(claim.id, "owner-pair/biased-counts");
        assert_eq!(claim.command, "cargo lab cost --rounds 41 --operation owner-pair --json");
        assert_eq!((claim.commit.as_str(), claim.machine.as_str()), ("abc", "C, virtual, 2 cores"));
        assert!(claim.sentence.contains("takes 1.12 [1.09, 1.23] times as long"), "{}", claim.sentence);
        // Never narrower than the difference between runs, never narrower than the spread of
        // another run's median.
        assert!(
            (claim.value.low - 1.12 * 0.97).abs() < 1e-9 && (claim.value.high - 1.2331).abs() < 1e-3,
            "{claim:?}"
        );
    }

    #[test]
    fn what_is_counted_is_exact() {
        let models = json!([
            { "strategy": "s", "name": "a", "iterations": 5, "complete": true, "bound": 2 },
            { "strategy": "s", "name": "b", "iterations": 0, "complete": true, "bound": 2 },
        ]);
        let mut document = document(json!([]));
        document["models"] = models;
        let claims = claims_of(Part::Ledger, &document);
        assert_eq!(
            claims[0].sentence,
            "1 of 2 models of s hold in every one of 5 interleavings with at least 2 preemptions."
        );
        assert_eq!(claims[0].value, exact(1.0));
    }

    #[test]
    fn what_a_row_does_not_have_makes_no_claim() {
        for part in Part::ALL {
            assert!(
                claims_of(part, &document(json!([{}, 1, null, { "strategy": "s" }]))).is_empty(),
                "{part:?}"
            );
            assert!(claims_of(part, &json!(null)).is_empty());
        }
    }

    #[test]
    fn numbers_have_three_digits() {
        let shown = [0.0, 1.0, 1234.5, 12.34, 1.234, 0.0123].map(number);
        assert_eq!(shown, ["0", "1", "1234", "12.3", "1.23", "0.012"]);
    }
}
