//! Scenes as a picture: a lane for each thread, over time.

use std::fmt::Write as _;
use std::ops::Range;

use keyway_timeline::Thread;

use super::lane::{Lane, Shares};
use super::{Kind, Runtimes, Scene};
use crate::plot::{DARK, colour_in_svg, escaped, frame_colours};

/// What is drawn.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    pub(super) command: &'a str,
    pub(super) scenes: &'a [Scene],
    pub(super) runtimes: &'a Runtimes,
    /// The part of each scene, in nanoseconds; all of it if none.
    pub(super) window: Option<Range<u64>>,
    pub(super) notes: &'a [String],
}

const WIDTH: f64 = 1280.0;
/// Where lanes begin, how wide and high they are, and how far one is below the other.
const LEFT: f64 = 170.0;
const LANE: f64 = 840.0;
const HEIGHT: f64 = 24.0;
const STEP: f64 = 32.0;
/// Columns of a lane: a pixel each, so that neighbours leave no seam.
const COLUMNS: usize = 840;

/// More threads than this are too many for a scene's picture.
const LANES: usize = 40;

impl Kind {
    fn colour(self) -> String {
        let number = match self {
            Kind::HoldsLock => 2,
            Kind::Runs => 0,
            Kind::Waits => 6,
            Kind::WaitsForSection => 1,
            Kind::Blocks => 7,
        };
        colour_in_svg(number)
    }
}

impl Picture<'_> {
    /// The picture as the text of an SVG file.
    pub(super) fn svg(&self) -> String {
        let mut body = String::new();
        let mut y = self.legend(&mut body);
        for scene in self.scenes {
            y = self.scene(scene, y, &mut body);
        }
        let height = y + 10.0;
        format!(
            "<svg width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
             xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\" font-size=\"14\">\n\
             <title>Who holds the lock, runs, waits, blocks</title>\n{DARK}\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"{}\"/>\n{body}</svg>\n",
            paper()
        )
    }

    /// The title, what the colours mean, and how it is made. Returns where the next line may begin.
    fn legend(&self, body: &mut String) -> f64 {
        text(body, 16.0, 30.0, 22, "start", "Who holds the lock, runs, waits, blocks");
        let mut y = 40.0;
        for made_by in wrapped(&format!("One lane a thread. Made by: {}", self.command), 170) {
            y += 16.0;
            text(body, 16.0, y, 13, "start", &made_by);
        }
        let threads = self.scenes.iter().flat_map(|scene| &scene.recording.threads);
        let seen: Vec<Kind> = threads.flat_map(|it| &it.spans).map(|span| self.runtimes.kind(span)).collect();
        y += 8.0;
        for kind in Kind::ALL.into_iter().filter(|kind| seen.contains(kind)) {
            rectangle(body, (16.0, y, 14.0, 14.0), kind);
            text(body, 38.0, y + 12.0, 14, "start", &format!("{}: {}", kind.name(), kind.meaning()));
            y += 20.0;
        }
        text(body, 38.0, y + 12.0, 14, "start", "nothing drawn: not attached");
        let fast = "Where a thread changes faster than can be drawn, a column shows how much of each there was, and a thin line what was short.";
        text(body, 16.0, y + 34.0, 13, "start", fast);
        y += 42.0;
        for note in self.notes {
            text(body, 16.0, y + 12.0, 13, "start", note);
            y += 20.0;
        }
        y
    }

    /// One scene: its name, its lanes, the axis. Returns where the next may begin.
    fn scene(&self, scene: &Scene, top: f64, body: &mut String) -> f64 {
        let window = self.window.clone().unwrap_or(0..scene.recording.length.max(1));
        text(body, 16.0, top + 28.0, 17, "start", &scene.name);
        let lanes_top = top + 42.0;
        let mut threads: Vec<&Thread> = scene.recording.threads.iter().collect();
        threads.sort_by_key(|thread| by_number(&thread.name));
        let drawn = threads.len().min(LANES);
        let bottom = lanes_top + STEP * drawn as f64;
        grid(&window, lanes_top, bottom, body);
        for (number, thread) in threads.iter().take(LANES).enumerate() {
            self.lane(thread, &window, lanes_top + STEP * number as f64, body);
        }
        if drawn < threads.len() {
            let more = format!("and {} more threads, which the trace has", threads.len() - drawn);
            text(body, LEFT, bottom + 54.0, 13, "start", &more);
        }
        bottom + 66.0
    }

    fn lane(&self, thread: &Thread, window: &Range<u64>, top: f64, body: &mut String) {
        text(body, LEFT - 10.0, top + 17.0, 14, "end", &thread.name);
        let lane = Lane::new(&thread.spans, self.runtimes, window, COLUMNS);
        let width = LANE / COLUMNS as f64;
        for (columns, heights, kind) in lane.rectangles() {
            let x = LEFT + columns.start as f64 * width;
            let (y, height) = (top + heights.start * HEIGHT, (heights.end - heights.start) * HEIGHT);
            let area = (x, y, columns.len() as f64 * width, height);
            rectangle(body, area, kind);
        }
        text(body, LEFT + LANE + 12.0, top + 17.0, 12, "start", &summary(&lane.total));
    }
}

fn paper() -> String {
    let [paper, _, _] = frame_colours();
    paper
}

fn ink() -> String {
    let [_, ink, _] = frame_colours();
    ink
}

fn rule() -> String {
    let [_, _, rule] = frame_colours();
    rule
}

/// What a thread did, in per cent.
fn summary(total: &Shares) -> String {
    let short = |kind: Kind| match kind {
        Kind::HoldsLock => "holds",
        Kind::Runs => "runs",
        Kind::Waits => "waits",
        Kind::WaitsForSection => "for sections",
        Kind::Blocks => "blocks",
    };
    let parts = Kind::ALL.into_iter().zip(total).filter(|(_, share)| **share > 0.0);
    let parts = parts.map(|(kind, share)| match share * 100.0 {
        share if share < 1.0 => format!("{} {share:.1} %", short(kind)),
        share => format!("{} {share:.0} %", short(kind)),
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The axis below the lanes, in milliseconds, and a line through them at each of its numbers.
fn grid(window: &Range<u64>, top: f64, bottom: f64, body: &mut String) {
    let (from, to) = (window.start as f64 / 1e6, window.end as f64 / 1e6);
    let step = nice((to - from) / 8.0);
    let first = (from / step).ceil() as u64;
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    for number in first..=(to / step + 1e-9) as u64 {
        let time = number as f64 * step;
        let x = LEFT + (time - from) / (to - from) * LANE;
        line(body, (x, top, x, bottom), &rule());
        text(body, x, bottom + 16.0, 13, "middle", &format!("{time:.decimals$}"));
    }
    line(body, (LEFT, bottom, LEFT + LANE, bottom), &ink());
    text(body, LEFT + LANE / 2.0, bottom + 34.0, 13, "middle", "time since the step began, ms");
}

/// The number of the form 1, 2 or 5 times a power of ten that is next above this one.
fn nice(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|it| *it >= value * 0.999)
        .unwrap_or(10.0 * power)
}

/// Lines of `width` characters at most, as far as words allow it.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut().filter(|line| line.chars().count() + 1 + word.chars().count() <= width) {
            Some(line) => *line += &format!(" {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// So that `thread 10` comes after `thread 2`.
fn by_number(name: &str) -> (String, u64) {
    let words = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (words.to_owned(), name[words.len()..].parse().unwrap_or(0))
}

fn text(body: &mut String, x: f64, y: f64, size: u32, anchor: &str, what: &str) {
    let (ink, what) = (ink(), escaped(what));
    let style = format!("font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{ink}\"");
    writeln!(body, "<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{what}</text>")
        .expect("a string takes everything");
}

/// A rectangle, with what it stands for under the pointer.
fn rectangle(body: &mut String, (x, y, width, height): (f64, f64, f64, f64), kind: Kind) {
    let (colour, means) = (kind.colour(), escaped(kind.name()));
    // Most of an I/O-bound thread's time is of this kind, and it is not the subject of the picture.
    let faint = if kind == Kind::Blocks { " fill-opacity=\"0.5\"" } else { "" };
    let area = format!("x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"");
    let rectangle = format!("<rect {area} fill=\"{colour}\"{faint} shape-rendering=\"crispEdges\">");
    writeln!(body, "{rectangle}<title>{means}</title></rect>").expect("a string takes everything");
}

fn line(body: &mut String, (x1, y1, x2, y2): (f64, f64, f64, f64), colour: &str) {
    let ends = format!("x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"");
    writeln!(body, "<line {ends} stroke=\"{colour}\"/>").expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use keyway_timeline::{Recording, Span, State};

    use super::*;

    fn thread(name: &str, state: State) -> Thread {
        let span = |from: u64| Span { from, to: from + 1_000_000, state, place: 1 };
        Thread { name: name.to_owned(), spans: vec![span(0), span(2_000_000)], lost: 0 }
    }

    fn svg(window: Option<Range<u64>>) -> String {
        let threads = vec![thread("spinner 10", State::Runs), thread("spinner <2>", State::Waits)];
        let recording = Recording { threads, length: 4_000_000 };
        let scenes = [Scene { name: "ticks & more".to_owned(), recording }];
        let runtimes = Runtimes(Vec::new());
        let notes = ["a note".to_owned()];
        Picture { command: "cargo lab", scenes: &scenes, runtimes: &runtimes, window, notes: &notes }.svg()
    }

    #[test]
    fn a_picture_says_what_it_shows_in_words() {
        let picture = svg(None);
        for shown in [
            "ticks &amp; more",
            "spinner 10",
            "spinner &lt;2&gt;",
            "holds the global lock: ",
            "waits to run: ",
            "holds 50 %",
            "time since the step began, ms",
            "Made by: cargo lab",
            "a note",
        ] {
            assert!(picture.contains(shown), "{shown}: {picture}");
        }
        assert!(!picture.contains("blocks: "), "what nobody does is not in the legend");
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    }

    #[test]
    fn a_window_shows_a_part_in_full_width() {
        let picture = svg(Some(0..1_000_000));
        assert!(picture.contains("holds 100 %"), "{picture}");
        assert!(picture.contains(&format!("width=\"{LANE:.1}\"")), "{picture}");
        assert!(svg(Some(5_000_000..6_000_000)).contains("</svg>"), "nothing is there to show");
    }

    #[test]
    fn numbers_at_the_axis_are_round() {
        for (value, expected) in [(0.3, 0.5), (1.0, 1.0), (37.5, 50.0), (0.011, 0.02), (6.0, 10.0)] {
            assert!((nice(value) - expected).abs() < expected * 1e-6, "{value}: {}", nice(value));
        }
    }

    #[test]
    fn a_long_command_is_wrapped_between_words() {
        assert_eq!(wrapped("one two three four", 9), ["one two", "three", "four"]);
    }

    #[test]
    fn the_tenth_comes_after_the_second() {
        assert!(by_number("thread 2") < by_number("thread 10"));
    }
}
