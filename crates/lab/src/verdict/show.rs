//! The verdict as tables, as a page and as a plot.

use super::judge::Judged;
use super::{Again, Arguments, REFERENCE, Row, Verdict};
use crate::markdown;
use crate::output::{not_measured, shown, table, table_of_words};
use crate::plot::{Axis, Bar, Panel, Plot, Row as PlotRow, Shapes};

/// The tables for people.
pub(super) fn text(arguments: &Arguments, verdict: &Verdict) -> String {
    let (verdicts, ratios) = (verdicts(verdict), ratios(verdict));
    format!(
        "{}\n\n{}\n{}\n\n{}",
        headline(arguments),
        table_of_words(&verdicts, 1),
        OF_WORKLOADS,
        table(&ratios)
    )
}

/// The same as a page of the documentation, without what every page begins with.
pub(super) fn page(arguments: &Arguments, verdict: &Verdict) -> String {
    let (verdicts, ratios) = (verdicts(verdict), ratios(verdict));
    format!(
        "{}\n\n{}\n{}\n\n{}\n{}",
        headline(arguments),
        markdown::table(&verdicts, 1),
        OF_WORKLOADS,
        markdown::table(&ratios, 1),
        CRITERION
    )
}

const OF_WORKLOADS: &str = "One thread, workload by workload, as a ratio of times:";

const CRITERION: &str = "
The criterion is Guido van Rossum's: he would take a change that removes CPython's global lock only if a program with one thread does
not become slower, and neither does one with several threads that mostly wait for input and output
([\"It isn't Easy to Remove the GIL\"](https://www.artima.com/weblogs/viewpost.jsp?thread=214235), cited by
[the article](https://realpython.com/python-gil/)).
";

fn headline(arguments: &Arguments) -> String {
    let Arguments { rounds, threads, percent, .. } = arguments;
    let size = match percent {
        100 => String::new(),
        percent => format!(" Programs of {percent} % of their usual sizes."),
    };
    format!(
        "Times as ratios to {REFERENCE}: the geometric mean of all workloads on one thread, and {threads} clients of servers that \
         answer\nafter 200 us. Medians over {rounds} rounds, with their 95 % bootstrap intervals.{size}"
    )
}

/// One line for each strategy: the answers.
fn verdicts(verdict: &Verdict) -> Vec<Vec<String>> {
    let heading = [
        "strategy",
        "one thread",
        "not slower",
        "I/O-bound threads",
        "not slower",
        "criterion met",
        "integer, bytes",
        "list, bytes",
        "not larger",
    ];
    let line = |row: &Row| {
        let ratio =
            |judged: Option<Judged>| judged.map_or_else(not_measured, |judged| shown(judged.ratio, 3));
        let answer =
            |judged: Option<Judged>| judged.map_or_else(not_measured, |judged| judged.not_slower.to_string());
        vec![
            row.strategy.to_owned(),
            ratio(Some(row.single_thread)),
            answer(Some(row.single_thread)),
            ratio(row.io_bound),
            answer(row.io_bound),
            row.meets_criterion.map_or_else(not_measured, |met| met.to_string()),
            row.memory.boxed_integer_bytes.to_string(),
            row.memory.list_bytes.to_string(),
            if row.memory.not_larger { "yes" } else { "no" }.to_owned(),
        ]
    };
    let Again { single_thread, io_bound, memory } = verdict.again;
    let control = vec![
        format!("{REFERENCE}, again"),
        shown(single_thread, 3),
        not_measured(),
        shown(io_bound, 3),
        not_measured(),
        not_measured(),
        memory.boxed_integer_bytes.to_string(),
        memory.list_bytes.to_string(),
        not_measured(),
    ];
    let lines = verdict.rows.iter().map(line);
    [heading.map(str::to_owned).to_vec(), control].into_iter().chain(lines).collect()
}

/// One line for each workload, one column for each strategy.
fn ratios(verdict: &Verdict) -> Vec<Vec<String>> {
    let heading =
        ["workload".to_owned()].into_iter().chain(verdict.rows.iter().map(|row| row.strategy.to_owned()));
    let workloads = verdict.rows.first().map_or(&[][..], |row| &row.workloads);
    let line = |(number, workload): (usize, &super::WorkloadRatio)| {
        let ratios = verdict.rows.iter().map(|row| shown(row.workloads[number].ratio, 2));
        [workload.workload.to_owned()].into_iter().chain(ratios).collect()
    };
    [heading.collect()].into_iter().chain(workloads.iter().enumerate().map(line)).collect()
}

/// A panel for each half of the criterion.
pub(super) fn plot(verdict: &Verdict) -> Plot {
    let panel = |heading: &str, judged: &dyn Fn(&Row) -> Option<Judged>| {
        let bars = verdict.rows.iter().filter_map(|row| {
            let bars = vec![Bar::of(judged(row)?.ratio, 0)];
            Some(PlotRow { name: row.strategy.to_owned(), bars })
        });
        Panel {
            heading: heading.to_owned(),
            x: Axis::linear(&format!("time, as a ratio to that of {REFERENCE}")),
            shapes: Shapes::Bars { kinds: Vec::new(), rows: bars.collect() },
        }
    };
    let panels = vec![
        panel("one thread, all workloads", &|row| Some(row.single_thread)),
        panel("I/O-bound threads", &|row| row.io_bound),
    ];
    Plot { title: "The verdict".to_owned(), panels }
}
