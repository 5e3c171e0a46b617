//! The results as tables, as a page and as a plot, with CPython's figures next to them.

use super::cpython::{HOW, INTERPRETERS, Interpreter};
use super::plan::{Mode, Subject};
use super::{Arguments, BASE, Row};
use crate::markdown;
use crate::output::{not_measured, shown, table};
use crate::plot::{Axis, Bar, Panel, Plot, Row as PlotRow, Shapes};
use crate::rounds::Figure;

/// What there is to show.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    arguments: &'a Arguments,
    subjects: &'a [Subject],
    rows: &'a [Row],
    /// The ways in which several were measured.
    modes: Vec<Mode>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(arguments: &'a Arguments, subjects: &'a [Subject], rows: &'a [Row]) -> Self {
        let modes = Mode::ALL.into_iter().filter(|mode| rows.iter().any(|row| row.is_several(*mode)));
        Shown { arguments, subjects, rows, modes: modes.collect() }
    }

    /// The tables for people.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}\n\n{}", self.headline(), table(&self.times()));
        if !self.modes.is_empty() {
            text += &format!("\n{}\n\n{}", self.of_ratios(), table(&self.ratios()));
        }
        if !self.interpreters().is_empty() {
            text += &format!("\n{HOW}\n");
        }
        text
    }

    /// The same as a page of the documentation, without what every page begins with.
    pub(super) fn page(&self) -> String {
        let mut page = format!("{}\n\n{}", self.headline(), markdown::table(&self.times(), 1));
        if !self.modes.is_empty() {
            page += &format!("\n{}\n\n{}", self.of_ratios(), markdown::table(&self.ratios(), 1));
        }
        if !self.interpreters().is_empty() {
            page += &format!("\n{HOW}\n");
        }
        page
    }

    /// A panel for each way, with a bar for each line of the second table.
    pub(super) fn plot(&self) -> Plot {
        let threads = self.arguments.threads;
        let panel = |&mode: &Mode| {
            let ours = self.subjects.iter().map(|subject| (subject.id, self.ratio(subject, mode), 0));
            let theirs = self.interpreters().iter().map(|theirs| (theirs.name, theirs.ratio(mode), 1));
            let bars = ours.chain(theirs).filter_map(|(name, ratio, kind)| {
                Some(PlotRow { name: name.to_owned(), bars: vec![Bar::of(ratio?, kind)] })
            });
            Panel {
                heading: format!("{threads} {}", mode.plural()),
                x: Axis::linear("time, as a ratio to that of one thread"),
                shapes: Shapes::Bars {
                    kinds: vec!["Keyway".to_owned(), "CPython".to_owned()],
                    rows: bars.collect(),
                },
            }
        };
        Plot { title: "Countdown".to_owned(), panels: self.modes.iter().map(panel).collect() }
    }

    fn headline(&self) -> String {
        let Arguments { count, rounds, .. } = self.arguments;
        format!("Countdown from {count}. Medians over {rounds} rounds, with their 95 % bootstrap intervals.")
    }

    fn of_ratios(&self) -> String {
        let threads = self.arguments.threads;
        format!(
            "An iteration with one thread; and the time of {threads} that share the iterations, as a ratio to one thread of \
             the same:"
        )
    }

    /// The first table: one thread, and several threads of one runtime.
    fn times(&self) -> Vec<Vec<String>> {
        let milliseconds = |row: &Row| {
            let Figure { median, low, high } = row.seconds;
            shown(Figure { median: median * 1e3, low: low * 1e3, high: high * 1e3 }, 1)
        };
        let line = |subject: &Subject| {
            let one = self.row(subject, None);
            let all = self.row(subject, Some(Mode::Threads));
            let ratio =
                |ratio: Option<Figure>, digits| ratio.map_or_else(not_measured, |it| shown(it, digits));
            vec![
                subject.id.to_owned(),
                one.map_or_else(not_measured, milliseconds),
                ratio(one.and_then(|row| row.ratio_to_single_thread), 2),
                all.map_or_else(not_measured, milliseconds),
                ratio(all.map(|row| row.ratio_to_one_thread), 3),
                ratio(all.and_then(|row| row.ratio_to_floor), 3),
            ]
        };
        let threads = self.arguments.threads;
        let heading = [
            "strategy".to_owned(),
            "1 thread, ms".to_owned(),
            format!("to {BASE}"),
            format!("{threads} threads, ms"),
            format!("{threads} threads to 1"),
            "to floor's".to_owned(),
        ];
        [heading.to_vec()].into_iter().chain(self.subjects.iter().map(line)).collect()
    }

    /// The second table: several in each way, and CPython's.
    fn ratios(&self) -> Vec<Vec<String>> {
        let line = |name: &str, ns: String, ratio: &dyn Fn(Mode) -> Option<Figure>, digits: usize| {
            let cell = |mode: &Mode| match ratio(*mode) {
                Some(figure) if figure.low == figure.high => format!("{:.digits$}", figure.median),
                Some(figure) => shown(figure, digits),
                None => not_measured(),
            };
            [name.to_owned(), ns].into_iter().chain(self.modes.iter().map(cell)).collect()
        };
        let threads = self.arguments.threads;
        let heading = self.modes.iter().map(|mode| format!("{threads} {}", mode.plural()));
        let heading = ["strategy".to_owned(), "1 thread, ns".to_owned()].into_iter().chain(heading).collect();
        let ours = self.subjects.iter().map(|subject| {
            line(subject.id, self.ns_with_one_thread(subject), &|mode| self.ratio(subject, mode), 3)
        });
        let theirs = self
            .interpreters()
            .iter()
            .map(|theirs| line(theirs.name, format!("{:.1}", theirs.ns()), &|mode| theirs.ratio(mode), 2));
        [heading].into_iter().chain(ours).chain(theirs).collect()
    }

    /// The time of an iteration.
    fn ns_with_one_thread(&self, subject: &Subject) -> String {
        let iteration = |row: &Row| format!("{:.1}", row.seconds.median * 1e9 / self.arguments.count as f64);
        self.row(subject, None).map_or_else(not_measured, iteration)
    }

    fn ratio(&self, subject: &Subject, mode: Mode) -> Option<Figure> {
        self.row(subject, Some(mode)).map(|row| row.ratio_to_one_thread)
    }

    /// The row of one thread, or of several in this way.
    fn row(&self, subject: &Subject, mode: Option<Mode>) -> Option<&'a Row> {
        let is_it = |row: &&Row| match mode {
            None => row.threads == 1,
            Some(mode) => row.is_several(mode),
        };
        self.rows.iter().filter(|row| row.strategy == subject.id).find(is_it)
    }

    /// CPython's figures are of two, and of all strategies at once.
    fn interpreters(&self) -> &'static [Interpreter] {
        if self.arguments.threads == 2 && self.arguments.strategies.is_empty() { &INTERPRETERS } else { &[] }
    }
}

impl Row {
    fn is_several(&self, mode: Mode) -> bool {
        self.mode == mode && self.threads > 1
    }
}
