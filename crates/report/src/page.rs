//! The page, and the same as Markdown.

use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;
use serde_json::Value;

use crate::charts;
use crate::claims::shown;
use crate::decision::{self, COLUMNS, id};
use crate::results::{Claim, Error, Figure, Machine, Part, Results};

/// One part of the page.
#[derive(Debug, Serialize)]
struct Section {
    part: Part,
    title: &'static str,
    /// What its figures are.
    definition: &'static str,
    /// The page of the documentation that says it in full.
    documentation: &'static str,
    command: String,
    /// Where and when; empty if the part is missing.
    machine: String,
    /// Other programs were in the way.
    busy: bool,
    plots: Vec<Drawn>,
    tables: Vec<Table>,
    claims: Vec<Cited>,
}

#[derive(Clone, Debug, Serialize)]
struct Drawn {
    name: String,
    title: String,
    svg: String,
}

/// Raw numbers.
#[derive(Debug, Serialize)]
struct Table {
    name: String,
    heading: Vec<String>,
    rows: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    id: String,
    cells: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Cited {
    #[serde(flatten)]
    claim: Claim,
    shown: String,
}

/// Title, definition and documentation of a part.
fn words(part: Part) -> (&'static str, &'static str, &'static str) {
    match part {
        Part::Cost => (
            "What single operations cost",
            "Nanoseconds an operation, and the ratio to the same operation with Rc, Arc, Box or a bare lock in the same round.",
            "docs/cost.md",
        ),
        Part::Verdict => (
            "What programs cost",
            "Times by those under global-lock-interval: the geometric mean of all workloads on one thread, and threads that mostly wait for \
             input and output.",
            "docs/lab.md#verdict",
        ),
        Part::Scaling => (
            "What threads get done together, and how promptly objects die",
            "Operations a second of all threads together while they meet at one object or in the allocator; and nanoseconds from an object's \
             last release by another thread to its destruction, while its maker passes checkpoints.",
            "docs/cost.md#scaling",
        ),
        Part::Starvation => (
            "Input and output beside threads that compute",
            "A client sends 16 bytes to a server in another process and waits for the answer, beside threads that compute. A round trip's time in \
             microseconds, and how many there are by those without such threads.",
            "docs/lab.md#starvation",
        ),
        Part::Countdown => (
            "The article's countdown",
            "A loop as an interpreter runs it, shared out between two: the time by that of one thread. 0.5 is all that two cores can give, 1 is no \
             gain, more is a loss.",
            "docs/lab.md#countdown",
        ),
        Part::Replay => (
            "Recorded programs, replayed",
            "The reference-count traffic of CPython programs, replayed through the object model: the time by that under global-lock-interval, and \
             which path each count operation took under biased-counts.",
            "docs/traces.md",
        ),
        Part::Ledger => (
            "What is model-checked",
            "Each model is explored in every interleaving up to a number of preemptions, in loom's memory model. A seeded bug (mutant) is found if a \
             model fails for the stated reason.",
            "docs/checking.md",
        ),
    }
}

fn section(results: &Results, part: Part) -> Section {
    let (title, definition, documentation) = words(part);
    let document = results.parts.get(&part);
    let field = |name: &str| document.and_then(|document| document.get(name)).cloned().unwrap_or_default();
    let machine: Machine = serde_json::from_value(field("machine")).unwrap_or_default();
    let busy = machine.rest.get("free_cores").is_some_and(|cores| cores["enough"] == false);
    let claims = crate::claims::ids_of(part, document);
    let cited = |id: &String| {
        let claim = results.claim(id)?.clone();
        Some(Cited { shown: shown(claim.value), claim })
    };
    Section {
        part,
        title,
        definition,
        documentation,
        command: field("command").as_str().unwrap_or_default().trim_end_matches(" --json").to_owned(),
        machine: document.map_or(String::new(), |_| machine.in_short()),
        // Models are not timed.
        busy: busy && part != Part::Ledger,
        plots: charts::plots(results, part).into_iter().map(|(name, plot)| Drawn::of(name, &plot)).collect(),
        tables: ["rows", "models", "mutants"]
            .iter()
            .filter_map(|name| table(part, name, &field(name)))
            .collect(),
        claims: claims.iter().filter_map(cited).collect(),
    }
}

impl Drawn {
    fn timeline(number: usize, title: &str, svg: &str) -> Drawn {
        Drawn { name: format!("timeline-{}", number + 1), title: title.to_owned(), svg: svg.to_owned() }
    }

    fn of(name: &str, plot: &crate::plot::Plot) -> Drawn {
        Drawn { name: name.to_owned(), title: plot.title.clone(), svg: plot.svg() }
    }
}

/// A list of rows with one column for each of their fields, and of the fields of those.
fn table(part: Part, name: &str, rows: &Value) -> Option<Table> {
    let rows: Vec<Vec<(String, String)>> = rows.as_array()?.iter().map(|row| cells("", row)).collect();
    let mut heading: Vec<String> = Vec::new();
    for (column, _) in rows.iter().flatten() {
        if !heading.contains(column) {
            heading.push(column.clone());
        }
    }
    let line = |(place, row): (usize, &Vec<(String, String)>)| {
        let cell = |column: &String| {
            row.iter().find(|(name, _)| name == column).map_or(String::new(), |(_, cell)| cell.clone())
        };
        let suffix = if name == "mutants" { "mutant-" } else { "" };
        Line { id: format!("{suffix}{}", id(part, place)), cells: heading.iter().map(cell).collect() }
    };
    let lines = rows.iter().enumerate().map(line).collect::<Vec<_>>();
    (!lines.is_empty()).then(|| Table { name: name.to_owned(), rows: lines, heading: heading.clone() })
}

/// The fields of a value as named cells; a figure is one cell.
fn cells(name: &str, value: &Value) -> Vec<(String, String)> {
    let one = |text: String| vec![(name.to_owned(), text)];
    let within = |field: &str| if name.is_empty() { field.to_owned() } else { format!("{name} {field}") };
    match value {
        Value::Object(fields) => {
            let figure: Option<Figure> = serde_json::from_value(value.clone()).ok();
            if let Some(figure) = figure {
                return one(shown(figure));
            }
            fields.iter().flat_map(|(field, value)| cells(&within(field), value)).collect()
        }
        // Each with a name of its own, such as a workload's ratio.
        Value::Array(list) => {
            let named = |value: &Value| {
                let fields = value.as_object()?;
                let label = fields.values().find_map(Value::as_str)?;
                fields.values().find(|value| value.is_object()).map(|value| cells(label, value))
            };
            list.iter().filter_map(named).flatten().collect()
        }
        Value::Null => one(String::new()),
        Value::Bool(true) => one("yes".to_owned()),
        Value::Bool(false) => one("no".to_owned()),
        Value::Number(number) => one(number.as_f64().map_or(number.to_string(), crate::claims::number)),
        Value::String(text) => one(text.clone()),
    }
}

/// A file of the report, by its name in the folder.
pub type File = (String, String);

/// All files of a report but the parts: the page, the same as Markdown, the plots, and
/// `results.json`.
///
/// # Errors
/// One line, if a template does not work: a mistake in this crate.
pub fn files(results: &Results, missing: &[String]) -> Result<Vec<File>, Error> {
    files_with(results, missing, &[])
}

/// The same with timelines: titles and pictures.
///
/// # Errors
/// As [`files`].
pub fn files_with(
    results: &Results,
    missing: &[String],
    timelines: &[(String, String)],
) -> Result<Vec<File>, Error> {
    let mut sections: Vec<Section> = Part::ALL.iter().map(|&part| section(results, part)).collect();
    let timelines =
        timelines.iter().enumerate().map(|(number, (title, svg))| Drawn::timeline(number, title, svg));
    sections
        .iter_mut()
        .filter(|section| section.part == Part::Starvation)
        .for_each(|section| section.plots.extend(timelines.clone()));
    let render = |name: &str| {
        render(name, results, &sections, missing).map_err(|error| Error::new(format!("{name}: {error:#}")))
    };
    let plots = sections.iter().flat_map(|section| &section.plots);
    let mut files: Vec<File> =
        plots.map(|plot| (format!("plots/{}.svg", plot.name), plot.svg.clone())).collect();
    files.push(("report.md".to_owned(), render("report.md")?));
    files.push(("report.html".to_owned(), render("report.html")?));
    files.push(("results.json".to_owned(), results.to_json()));
    Ok(files)
}

fn render(
    name: &str,
    results: &Results,
    sections: &[Section],
    missing: &[String],
) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
    });
    environment.add_filter("labelled", labelled);
    environment.add_template("report.html", include_str!("../templates/report.html"))?;
    environment.add_template("report.md", include_str!("../templates/report.md"))?;
    environment.get_template(name)?.render(context! {
        kind => results.kind,
        machine => results.provenance.in_short(),
        name => results.provenance.name(),
        commit => results.provenance.commit(),
        dirty => results.provenance.dirty,
        date => results.provenance.date,
        columns => COLUMNS,
        decision => decision::rows(results),
        guide => decision::guide(results),
        sections => sections,
        missing => missing,
    })
}

/// A plot inside the page: an image with a name, for readers who cannot see it.
fn labelled(svg: String, title: String) -> String {
    let title = title.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{title}\" "), 1)
}
