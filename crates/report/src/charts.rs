//! The plots of a report.

use serde_json::Value;

use crate::claims::is_complete;
use crate::decision::{list, strategies};
use crate::plot::{Axis, Bar, Line, Panel, Plot, Row, Shapes};
use crate::results::{Figure, Part, Results};

/// Operations that are drawn as bars, and what they are.
const OPERATIONS: [(&str, &str); 7] = [
    ("owner-pair", "retain and release by the thread that made the object"),
    ("non-owner-pair", "retain and release by another thread"),
    ("alloc-free", "an object made and released"),
    ("remote-free", "an object made here and released by another thread"),
    ("section", "a section entered and left"),
    ("blocking-region", "a blocking region"),
    ("chain", "each object of a chain, destroyed"),
];

/// The plots of a part, with the names of their files.
pub(crate) fn plots(results: &Results, part: Part) -> Vec<(&'static str, Plot)> {
    let plots = match part {
        Part::Cost => vec![("cost", cost(results))],
        Part::Scaling => vec![("scaling", scaling(results)), ("promptness", promptness(results))],
        Part::Starvation => vec![("latency", latency(results)), ("starvation", starvation(results))],
        Part::Countdown => vec![("countdown", countdown(results))],
        Part::Verdict => vec![("verdict", verdict(results))],
        Part::Replay => vec![("replay-paths", paths(results)), ("replay", replayed(results))],
        Part::Ledger => vec![("ledger", ledger(results))],
    };
    plots.into_iter().filter(|(_, plot)| !plot.panels.is_empty()).collect()
}

/// What a strategy costs one thread, against what two threads gain: the picture next to the short
/// table.
pub fn price_and_gain(results: &Results) -> Plot {
    let of = |claim: fn(&str) -> String| {
        let rows = strategies(results).into_iter();
        rows.filter_map(move |id| bar(&id, results.claim(&claim(&id)).map(|claim| claim.value)))
    };
    let price = of(|id| format!("one-thread/{id}"));
    let gain = of(|id| format!("scaling/alloc-free-each/{id}/2"));
    plot(
        "What running in parallel costs, and what it gains",
        [
            bars(
                "the price: one thread's programs, by their time under the global lock",
                "times as long",
                &[],
                price,
            ),
            bars(
                "the gain: two threads with objects of their own, by one thread's work",
                "times as much done",
                &[],
                gain,
            ),
        ],
    )
}

fn text<'r>(row: &'r Value, field: &str) -> &'r str {
    row[field].as_str().unwrap_or_default()
}

fn plot(title: &str, panels: impl IntoIterator<Item = Panel>) -> Plot {
    let is_empty = |panel: &Panel| match &panel.shapes {
        Shapes::Lines { lines, .. } => lines.iter().all(|line| line.points.is_empty()),
        Shapes::Bars { rows, .. } => rows.iter().all(|row| row.bars.is_empty()),
    };
    Plot { title: title.to_owned(), panels: panels.into_iter().filter(|panel| !is_empty(panel)).collect() }
}

fn bars(heading: &str, x: &str, kinds: &[&str], rows: impl Iterator<Item = Row>) -> Panel {
    let kinds = kinds.iter().map(|&kind| kind.to_owned()).collect();
    Panel {
        heading: heading.to_owned(),
        x: Axis::linear(x),
        shapes: Shapes::Bars { kinds, rows: rows.collect() },
    }
}

fn bar(name: &str, figure: Option<Figure>) -> Option<Row> {
    Some(Row { name: name.to_owned(), bars: vec![Bar::of(figure?, 0)] })
}

fn cost(results: &Results) -> Plot {
    let panel = |(operation, heading): (&str, &str)| {
        let rows = results.rows(Part::Cost).iter().filter(|row| row["operation"] == operation);
        let rows = rows.filter(|row| !text(row, "subject").ends_with("-again"));
        bars(heading, "ns", &[], rows.filter_map(|row| bar(text(row, "subject"), Figure::of(row, "ns"))))
    };
    plot("What an operation costs", OPERATIONS.map(panel))
}

fn verdict(results: &Results) -> Plot {
    let panel = |heading: &str, field: &str| {
        let rows = results.rows(Part::Verdict).iter();
        let rows = rows.filter_map(|row| bar(text(row, "strategy"), Figure::of(&row[field], "ratio")));
        bars(heading, "time, as a ratio to that of global-lock-interval", &[], rows)
    };
    let panels =
        [panel("one thread, all workloads", "single_thread"), panel("I/O-bound threads", "io_bound")];
    plot("Programs, by those under the global lock", panels)
}

/// Figures over threads, a line for each subject of an operation.
fn over_threads(results: &Results, operation: &str, figure: &dyn Fn(&Value) -> Option<Figure>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for row in results.rows(Part::Scaling).iter().filter(|row| row["operation"] == operation) {
        let (Some(threads), Some(figure)) = (row["threads"].as_f64(), figure(row)) else { continue };
        match lines.iter_mut().find(|line| line.name == text(row, "subject")) {
            Some(line) => line.points.push((threads, figure)),
            None => {
                lines.push(Line { name: text(row, "subject").to_owned(), points: vec![(threads, figure)] })
            }
        }
    }
    lines
}

fn scaling(results: &Results) -> Plot {
    let panel = |(operation, heading): (&str, &str)| Panel {
        heading: heading.to_owned(),
        x: Axis::linear("threads"),
        shapes: Shapes::Lines {
            y: Axis::logarithmic("operations a second"),
            lines: over_threads(results, operation, &|row| Figure::of(row, "throughput")),
        },
    };
    let panels = [
        ("alloc-free-each", "objects of their own, made and released"),
        ("pair-at-one-object", "retain and release at one object"),
        ("section-at-one-object", "sections of one object"),
    ];
    plot("What threads get done together", panels.map(panel))
}

/// The points of the picture: one in N takes longer than the figure; for the median N is two.
fn tail(figures: [Option<Figure>; 3], scale: f64) -> Vec<(f64, Figure)> {
    let scaled = |figure: Figure| Figure {
        median: figure.median * scale,
        low: figure.low * scale,
        high: figure.high * scale,
    };
    let points = [2.0, 100.0, 1000.0].into_iter().zip(figures);
    points.filter_map(|(one_in, figure)| Some((one_in, scaled(figure?)))).collect()
}

fn tails(heading: &str, unit: &str, lines: Vec<Line>) -> Panel {
    Panel {
        heading: heading.to_owned(),
        x: Axis::logarithmic("one in so many takes longer"),
        shapes: Shapes::Lines { y: Axis::logarithmic(unit), lines },
    }
}

fn promptness(results: &Results) -> Plot {
    let panel = |(operation, heading): (&str, &str)| {
        let rows = results.rows(Part::Scaling).iter().filter(|row| row["operation"] == operation);
        let line = |row: &Value| Line {
            name: text(row, "subject").to_owned(),
            points: tail(["p50", "p99", "p999"].map(|name| Figure::of(&row["delay"], name)), 1.0),
        };
        tails(heading, "ns", rows.map(line).collect())
    };
    let panels = [
        ("release-to-destruction", "released by another attached thread"),
        ("drop-to-destruction", "dropped by a thread that is not attached"),
    ];
    plot("From the last release to the destruction", panels.map(panel))
}

fn latency(results: &Results) -> Plot {
    let of_spinners = |spinners: u64| {
        let rows = results.rows(Part::Starvation).iter();
        let rows = rows.filter(move |row| row["server"] == "after-200us" && row["spinners"] == spinners);
        let line = |row: &Value| Line {
            name: text(row, "strategy").to_owned(),
            points: tail(["p50_us", "p99_us", "p999_us"].map(|name| Figure::of(row, name)), 1.0),
        };
        tails(&format!("beside {spinners} threads that compute"), "us", rows.map(line).collect())
    };
    plot("How long a round trip takes", [0, 1, 2].map(of_spinners))
}

fn starvation(results: &Results) -> Plot {
    let rows = || {
        results
            .rows(Part::Starvation)
            .iter()
            .filter(|row| row["server"] == "after-200us" && row["spinners"] == 1)
    };
    let panel = |heading: &str, field: &str, x: &str| {
        bars(heading, x, &[], rows().filter_map(|row| bar(text(row, "strategy"), Figure::of(row, field))))
    };
    plot(
        "An echo client beside one thread that computes",
        [
            panel("round trips", "ratio_to_no_spinner", "times as many as alone"),
            panel("the computing thread", "spinner_share", "its speed, times that without a client"),
        ],
    )
}

fn countdown(results: &Results) -> Plot {
    let mut modes: Vec<&str> = Vec::new();
    for row in results.rows(Part::Countdown) {
        if !modes.contains(&text(row, "mode")) {
            modes.push(text(row, "mode"));
        }
    }
    let panel = |mode: &str| {
        let rows = results.rows(Part::Countdown).iter().filter(|row| row["mode"] == mode);
        let rows = rows.filter(|row| row["threads"].as_u64().is_some_and(|threads| threads > 1));
        let rows = rows.filter_map(|row| bar(text(row, "strategy"), Figure::of(row, "ratio_to_one_thread")));
        bars(mode, "time of two, times that of one thread", &[], rows)
    };
    plot("The article's countdown", modes.into_iter().map(panel))
}

/// Where each trace spends its counts under biased counts.
fn paths(results: &Results) -> Plot {
    const PATHS: [(&str, &str); 4] = [
        ("owner_share", "the owner"),
        ("remote_share", "another, at the shared word"),
        ("queued_share", "queued"),
        ("merged_share", "merged"),
    ];
    let row = |row: &Value| {
        let mut end = 0.0;
        let bars = PATHS.iter().enumerate().filter_map(|(kind, (field, _))| {
            let from = end;
            end += Figure::of(row, field)?.median * 100.0;
            Some(Bar { from, to: end, kind, interval: None })
        });
        let bars: Vec<Bar> = bars.collect();
        (!bars.is_empty()).then(|| Row { name: text(row, "trace").to_owned(), bars })
    };
    // One strategy: the other layout's counts go the same ways.
    let is_it = |row: &&Value| text(row, "strategy") == "biased-counts";
    let rows = results.rows(Part::Replay).iter().filter(is_it).filter_map(row);
    let kinds = PATHS.map(|(_, name)| name);
    plot(
        "Where recorded programs spend their counts",
        [bars("biased-counts", "% of the count operations", &kinds, rows)],
    )
}

fn replayed(results: &Results) -> Plot {
    let mut traces: Vec<&str> = Vec::new();
    for row in results.rows(Part::Replay) {
        if !traces.contains(&text(row, "trace")) {
            traces.push(text(row, "trace"));
        }
    }
    let panel = |trace: &str| {
        let rows = results.rows(Part::Replay).iter().filter(|row| row["trace"] == trace);
        let rows = rows
            .filter_map(|row| bar(text(row, "strategy"), Figure::of(&row["ratio"], "global-lock-interval")));
        bars(trace, "time, times that under global-lock-interval", &[], rows)
    };
    plot("Recorded programs, replayed", traces.into_iter().map(panel))
}

fn ledger(results: &Results) -> Plot {
    let row = |strategy: String| {
        let of = |complete: bool| {
            let rows = list(results, "models").iter().filter(|row| row["strategy"] == strategy.as_str());
            rows.filter(|row| is_complete(row) == complete).count() as f64
        };
        let (complete, not) = (of(true), of(false));
        let bar = |from: f64, to: f64, kind| Bar { from, to, kind, interval: None };
        Row { bars: vec![bar(0.0, complete, 0), bar(complete, complete + not, 1)], name: strategy }
    };
    let known = strategies(results).into_iter();
    let rows = known.filter(|id| list(results, "models").iter().any(|row| row["strategy"] == id.as_str()));
    plot(
        "Models of each strategy",
        [bars("", "models", &["hold, explored to their end", "do not"], rows.map(row))],
    )
}
