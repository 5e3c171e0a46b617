//! Plots, as SVG: panels one below the other, of lines over a scale or of bars in rows (figures
//! side by side, timelines).
//!
//! A plot has a white background in light surroundings and a dark one in dark surroundings; the
//! colours of lines and bars are readable on both. Text is left as text, so no font is needed here.

use std::io;
use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::Figure;

/// A plot with its title.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Above all panels.
    pub title: String,
    /// From top to bottom.
    pub panels: Vec<Panel>,
}

/// One pair of axes and what is drawn over it.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What this panel shows; empty if the plot's title says it.
    pub heading: String,
    /// The axis below.
    pub x: Axis,
    /// What is drawn over it.
    pub shapes: Shapes,
}

/// What stands at an axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What is shown, with its unit: `threads`, `time of a pair, ns`.
    pub label: String,
    /// Each step multiplies. All values are then greater than zero; others are left out.
    pub logarithmic: bool,
}

impl Axis {
    /// An axis whose steps add; it begins at zero if no value is less.
    pub fn linear(label: &str) -> Self {
        Axis { label: label.to_owned(), logarithmic: false }
    }

    /// An axis whose steps multiply.
    pub fn logarithmic(label: &str) -> Self {
        Axis { label: label.to_owned(), logarithmic: true }
    }
}

/// What is drawn.
#[derive(Clone, Debug)]
pub enum Shapes {
    /// Figures over a scale, with their intervals.
    Lines {
        /// The axis at the left.
        y: Axis,
        /// Each in its own colour.
        lines: Vec<Line>,
    },
    /// Bars in rows, the first row on top. Each bar is of a kind, by its number in `kinds`, the
    /// names in the legend; without names there is no legend. The x axis is linear.
    Bars {
        /// The legend.
        kinds: Vec<String>,
        /// From top to bottom.
        rows: Vec<Row>,
    },
}

/// Figures that belong together.
#[derive(Clone, Debug)]
pub struct Line {
    /// In the legend.
    pub name: String,
    /// Each with the place at which it stands.
    pub points: Vec<(f64, Figure)>,
}

/// One row of bars.
#[derive(Clone, Debug)]
pub struct Row {
    /// At the left.
    pub name: String,
    /// They may lie over each other: the last on top.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Clone, Copy, Debug)]
pub struct Bar {
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Its number in the legend.
    pub kind: usize,
    /// The interval in which its end lies, if it is a measured figure.
    pub interval: Option<(f64, f64)>,
}

impl Bar {
    /// A bar from zero to a figure's median.
    pub fn of(figure: Figure, kind: usize) -> Self {
        Bar { from: 0.0, to: figure.median, kind, interval: Some((figure.low, figure.high)) }
    }
}

const WIDTH: u32 = 860;
const TITLE: u32 = 44;
const PANEL_OF_LINES: u32 = 300;
/// The height of one row, and what a panel of rows needs besides.
const ROW: u32 = 26;
const BESIDE_ROWS: u32 = 96;

const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
const INK: RGBColor = RGBColor(0x1f, 0x24, 0x28);
const RULE: RGBColor = RGBColor(0xd9, 0xde, 0xe3);

/// Style of an SVG whose frame has these colours: others in dark surroundings. Style sheets win
/// over the attributes that plotters writes.
pub const DARK: &str = "<style>@media (prefers-color-scheme: dark) {
[fill=\"#FFFFFF\"] { fill: #0D1117 } [fill=\"#1F2428\"] { fill: #E6EDF3 } [stroke=\"#1F2428\"] { stroke: #E6EDF3 }
[stroke=\"#D9DEE3\"] { stroke: #30363D } }</style>\n";

/// Colours of lines and bars, one after the other: contrast of three to one or more with either
/// background.
const COLOURS: [RGBColor; 12] = [
    RGBColor(0x2f, 0x7f, 0xc8),
    RGBColor(0xd0, 0x62, 0x0a),
    RGBColor(0x0f, 0x92, 0x6e),
    RGBColor(0xbb, 0x4f, 0x93),
    RGBColor(0x8a, 0x69, 0xd0),
    RGBColor(0x99, 0x7a, 0x00),
    RGBColor(0xcc, 0x45, 0x45),
    RGBColor(0x6a, 0x7a, 0x8a),
    RGBColor(0x1f, 0x93, 0xa8),
    RGBColor(0xa0, 0x68, 0x48),
    RGBColor(0x5f, 0x8a, 0x1f),
    RGBColor(0xd6, 0x43, 0x7a),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

impl Plot {
    /// The plot as the text of an SVG file.
    pub fn svg(&self) -> String {
        let mut text = String::new();
        self.draw(&mut text).expect("drawing into a string needs nothing that could fail");
        // After the opening tag: a title for a reader who cannot see the picture, and the other
        // colours.
        let opened = text.find('>').map_or(0, |end| end + 1);
        text.insert_str(opened, &format!("\n<title>{}</title>\n{DARK}", escaped(&self.title)));
        text
    }

    fn draw(&self, text: &mut String) -> Drawn {
        let heights: Vec<u32> = self.panels.iter().map(Panel::height).collect();
        let root =
            SVGBackend::with_string(text, (WIDTH, TITLE + heights.iter().sum::<u32>())).into_drawing_area();
        root.fill(&PAPER)?;
        let title = ink(22);
        root.draw_text(&self.title, &title, (16, 14))?;
        let (_, mut rest) = root.split_vertically(TITLE);
        for (panel, height) in self.panels.iter().zip(heights) {
            let (here, below) = rest.split_vertically(height);
            panel.draw(&here)?;
            rest = below;
        }
        root.present()
    }
}

impl Panel {
    fn height(&self) -> u32 {
        match &self.shapes {
            Shapes::Lines { .. } => PANEL_OF_LINES,
            Shapes::Bars { kinds, rows } => {
                let legend = if kinds.is_empty() { 0 } else { ROW };
                BESIDE_ROWS + legend + ROW * u32::try_from(rows.len()).unwrap_or(1)
            }
        }
    }

    fn draw(&self, area: &Area<'_>) -> Drawn {
        match &self.shapes {
            Shapes::Lines { y, lines } => {
                let x_values = lines.iter().flat_map(|line| line.points.iter().map(|(x, _)| *x));
                let x_range = range(x_values, &self.x, false);
                let y_values = lines.iter().flat_map(|line| &line.points);
                let y_range = range(y_values.flat_map(|(_, y)| [y.low, y.median, y.high]), y, true);
                match (self.x.logarithmic, y.logarithmic) {
                    (false, false) => self.draw_lines(area, x_range, y_range, y, lines),
                    (false, true) => self.draw_lines(area, x_range, y_range.log_scale(), y, lines),
                    (true, false) => self.draw_lines(area, x_range.log_scale(), y_range, y, lines),
                    (true, true) => self.draw_lines(area, x_range.log_scale(), y_range.log_scale(), y, lines),
                }
            }
            Shapes::Bars { kinds, rows } => self.draw_bars(area, kinds, rows),
        }
    }

    fn draw_lines<X, Y>(&self, area: &Area<'_>, x_range: X, y_range: Y, y: &Axis, lines: &[Line]) -> Drawn
    where
        X: AsRangedCoord<Value = f64>,
        Y: AsRangedCoord<Value = f64>,
        X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
        Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let (area, legend) =
            area.split_horizontally(WIDTH - legend_width(lines.iter().map(|line| &line.name)));
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.heading, ink(17))
            .margin(10)
            .x_label_area_size(44)
            .y_label_area_size(70)
            .build_cartesian_2d(x_range, y_range)?;
        let (x_label, y_label) = (|value: &f64| number(*value), |value: &f64| number(*value));
        chart
            .configure_mesh()
            .x_desc(&self.x.label)
            .y_desc(&y.label)
            .x_label_formatter(&x_label)
            .y_label_formatter(&y_label)
            .x_labels(8)
            .y_labels(6)
            .label_style(ink(14))
            .axis_style(INK)
            .bold_line_style(RULE)
            .light_line_style(TRANSPARENT)
            .draw()?;
        for (number, line) in lines.iter().enumerate() {
            let colour = colour(number);
            let shows = |(x, figure): &&(f64, Figure)| {
                (!self.x.logarithmic || *x > 0.0) && (!y.logarithmic || figure.low > 0.0)
            };
            let points: Vec<_> = line.points.iter().filter(shows).collect();
            let medians = points.iter().map(|(x, figure)| (*x, figure.median));
            chart.draw_series(LineSeries::new(medians.clone(), colour.stroke_width(2)))?;
            chart.draw_series(medians.map(|point| Circle::new(point, 3, colour.filled())))?;
            let whisker = |(x, figure): &&(f64, Figure)| {
                PathElement::new([(*x, figure.low), (*x, figure.high)], colour.stroke_width(1))
            };
            chart.draw_series(points.iter().map(whisker))?;
        }
        draw_legend(&legend, lines.iter().map(|line| &line.name))
    }

    fn draw_bars(&self, area: &Area<'_>, kinds: &[String], rows: &[Row]) -> Drawn {
        let (area, legend) = area.split_horizontally(WIDTH - legend_width(kinds.iter()));
        let bars = rows.iter().flat_map(|row| &row.bars);
        let ends = |bar: &Bar| {
            let (low, high) = bar.interval.unwrap_or((bar.to, bar.to));
            [bar.from, bar.to, low, high]
        };
        let x_range = range(bars.flat_map(ends), &self.x, true);
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.heading, ink(17))
            .margin(10)
            .x_label_area_size(44)
            .y_label_area_size(8 * longest(rows.iter().map(|row| &row.name)) + 16)
            .build_cartesian_2d(x_range, rows.len() as f64..0.0)?;
        let x_label = |value: &f64| number(*value);
        chart
            .configure_mesh()
            .x_desc(&self.x.label)
            .x_label_formatter(&x_label)
            .label_style(ink(14))
            .axis_style(INK)
            .bold_line_style(RULE)
            .light_line_style(TRANSPARENT)
            .disable_y_mesh()
            .y_labels(0)
            .draw()?;
        for (number, row) in rows.iter().enumerate() {
            let (top, middle, bottom) = (number as f64 + 0.2, number as f64 + 0.5, number as f64 + 0.8);
            let bar =
                |bar: &Bar| Rectangle::new([(bar.from, top), (bar.to, bottom)], colour(bar.kind).filled());
            chart.draw_series(row.bars.iter().map(bar))?;
            let intervals = row.bars.iter().filter_map(|bar| bar.interval);
            let whisker = |(low, high)| PathElement::new([(low, middle), (high, middle)], INK);
            chart.draw_series(intervals.map(whisker))?;
            // The name stands left of the axis, outside the chart: from its coordinates to those of
            // the area around it.
            let (_, height) = chart.plotting_area().map_coordinate(&(0.0, middle));
            let (edge, _) = chart.plotting_area().get_pixel_range();
            let origin = area.get_base_pixel();
            let beside = ink(14).pos(Pos::new(HPos::Right, VPos::Center));
            area.draw_text(&row.name, &beside, (edge.start - origin.0 - 8, height - origin.1))?;
        }
        draw_legend(&legend, kinds.iter())
    }
}

/// The names next to their colours.
fn draw_legend<'n>(area: &Area<'_>, names: impl Iterator<Item = &'n String>) -> Drawn {
    for (number, name) in (0..).zip(names) {
        let y = 24 + 22 * number;
        area.draw(&Rectangle::new([(6, y - 6), (18, y + 6)], colour(number as usize).filled()))?;
        let style = ink(14);
        area.draw_text(name, &style, (26, y - 6))?;
    }
    Ok(())
}

fn legend_width<'n>(names: impl Iterator<Item = &'n String>) -> u32 {
    match longest(names) {
        0 => 1,
        characters => 8 * characters + 36,
    }
}

fn longest<'n>(names: impl Iterator<Item = &'n String>) -> u32 {
    names.map(|name| u32::try_from(name.chars().count()).unwrap_or(0)).max().unwrap_or(0).min(40)
}

/// Text of this size.
fn ink(size: u32) -> TextStyle<'static> {
    TextStyle::from(("sans-serif", size)).color(&INK)
}

fn colour(number: usize) -> RGBColor {
    COLOURS[number % COLOURS.len()]
}

/// The part of an axis that shows all values, never empty.
fn range(values: impl Iterator<Item = f64>, axis: &Axis, from_zero: bool) -> Range<f64> {
    let shown = |value: &f64| value.is_finite() && (!axis.logarithmic || *value > 0.0);
    let ends = values.filter(shown).fold(None, |ends: Option<(f64, f64)>, value| {
        let (low, high) = ends.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    });
    let (low, high) = ends.unwrap_or((1.0, 1.0));
    if axis.logarithmic {
        return low / 1.3..high * 1.3;
    }
    let low = if from_zero { low.min(0.0) } else { low };
    let margin = if high > low { (high - low) * 0.05 } else { 0.5 };
    let below = if low == 0.0 && from_zero { 0.0 } else { margin };
    low - below..high + margin
}

/// A number at an axis: as many digits as tell it from its neighbours, large ones in thousands or
/// millions.
fn number(value: f64) -> String {
    let size = value.abs();
    let (value, suffix) = match size {
        _ if size >= 1e9 => (value / 1e9, " G"),
        _ if size >= 1e6 => (value / 1e6, " M"),
        _ if size >= 1e4 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{}{suffix}", if text == "-0" { "0" } else { text })
}

/// A colour of the frame, as SVG writes it: of the background, of text and axes, of lines behind
/// the rest.
pub fn frame_colours() -> [String; 3] {
    [PAPER, INK, RULE].map(hex)
}

/// A colour of lines and bars, as SVG writes it. They are the same everywhere, one after the other.
pub fn colour_in_svg(number: usize) -> String {
    hex(colour(number))
}

fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// Text as SVG writes it.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(median: f64) -> Figure {
        Figure { median, low: median * 0.9, high: median * 1.2 }
    }

    fn lines(x: Axis, y: Axis, values: &[f64]) -> Panel {
        let points: Vec<_> = (1..).map(f64::from).zip(values.iter().copied().map(figure)).collect();
        let line = |name: &str| Line { name: name.to_owned(), points: points.clone() };
        let shapes = Shapes::Lines { y, lines: vec![line("biased-counts"), line("arc & more")] };
        Panel { heading: "duel".to_owned(), x, shapes }
    }

    fn bars(rows: Vec<Row>) -> Panel {
        let kinds = vec!["holds the lock".to_owned(), "waits".to_owned()];
        Panel { heading: String::new(), x: Axis::linear("time, ms"), shapes: Shapes::Bars { kinds, rows } }
    }

    fn svg(panels: Vec<Panel>) -> String {
        Plot { title: "Pairs < of threads".to_owned(), panels }.svg()
    }

    #[test]
    fn a_plot_says_what_it_shows_in_words() {
        let (x, y) = (|| Axis::linear("threads"), || Axis::logarithmic("time of a pair, ns"));
        let row = |name: &str| Row { name: name.to_owned(), bars: vec![Bar::of(figure(2.0), 1)] };
        let text =
            svg(vec![lines(x(), y(), &[10.0, 20.0, 70.0]), bars(vec![row("thread 1"), row("thread 2")])]);
        for shown in [
            "Pairs &lt; of threads",
            "duel",
            "threads",
            "time of a pair, ns",
            "biased-counts",
            "arc &amp; more",
            "time, ms",
            "thread 1",
            "thread 2",
            "holds the lock",
            "waits",
        ] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
        assert_eq!(text.matches("<title>").count(), 1);
        assert!(text.ends_with("</svg>\n"), "{text}");
    }

    #[test]
    fn every_colour_of_the_frame_has_its_counterpart_in_the_dark() {
        let text = svg(vec![lines(Axis::linear("x"), Axis::linear("y"), &[1.0, 2.0])]);
        for colour in frame_colours() {
            assert!(DARK.contains(&colour), "{colour} stays as it is in the dark");
            assert!(text.matches(&colour).count() > DARK.matches(&colour).count(), "{colour} is not drawn");
        }
    }

    #[test]
    fn nothing_to_show_and_one_value_and_no_numbers_are_drawn_all_the_same() {
        let axes = [Axis::linear, Axis::logarithmic];
        for values in [&[][..], &[3.0], &[0.0, 0.0], &[f64::NAN, 1.0], &[f64::INFINITY], &[-1.0, 1.0]] {
            for (x, y) in axes.iter().flat_map(|x| axes.iter().map(move |y| (x, y))) {
                assert!(svg(vec![lines(x("x"), y("y"), values)]).contains("</svg>"), "{values:?}");
            }
        }
        svg(vec![bars(vec![]), bars(vec![Row { name: String::new(), bars: vec![] }])]);
        svg(vec![]);
    }

    #[test]
    fn numbers_at_an_axis_are_short() {
        let shown = [0.0, 0.5, 1.0, 12.25, 9_500.0, 20_000.0, 3_400_000.0, 2e9, -0.00001].map(number);
        assert_eq!(shown, ["0", "0.5", "1", "12.25", "9500", "20 k", "3.4 M", "2 G", "0"]);
    }

    #[test]
    fn an_axis_begins_at_zero_and_is_never_empty() {
        let of = |values: &[f64], axis: &Axis| range(values.iter().copied(), axis, true);
        let (linear, logarithmic) = (Axis::linear(""), Axis::logarithmic(""));
        assert_eq!(of(&[1.0, 100.0], &linear), 0.0..105.0);
        assert!(of(&[-2.0, 2.0], &linear).contains(&-2.1));
        assert!(of(&[5.0, 5.0], &logarithmic).contains(&5.0));
        for axis in [linear, logarithmic] {
            assert!(!of(&[], &axis).is_empty());
            assert!(!of(&[0.0], &axis).is_empty());
        }
    }
}
