//! Frames for the graphs, drawn with plotters into SVG that takes its colours from the page.
//!
//! Each graph is drawn twice, for a wide page and for a narrow one, because a graph that is only made
//! smaller has no legible numbers on a phone; the style sheet shows one of the two. Colours are numbers
//! that stand for those of the style sheet, so that one drawing serves light, dark and paper.

use super::axis::Axis;
use plotters::chart::{ChartBuilder, ChartContext, LabelAreaPosition};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{PathElement, Rectangle, Text};
use plotters::prelude::SVGBackend;
use plotters::series::{AreaSeries, LineSeries};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBAColor, RGBColor, ShapeStyle, TRANSPARENT, TextStyle};

/// A colour of the style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Text,
    Soft,
    Rule,
    One,
    Two,
    Three,
    Four,
    OneSoft,
}

impl Ink {
    /// For lines that must be told from each other.
    pub const LINES: [Ink; 4] = [Ink::One, Ink::Two, Ink::Three, Ink::Four];

    /// The number that the style sheet looks for.
    pub fn rgb(self) -> RGBColor {
        RGBColor(
            0,
            0,
            match self {
                Ink::Text => 0x01,
                Ink::Soft => 0x02,
                Ink::Rule => 0x03,
                Ink::One => 0x11,
                Ink::Two => 0x12,
                Ink::Three => 0x13,
                Ink::Four => 0x14,
                Ink::OneSoft => 0x21,
            },
        )
    }

    /// As the style sheet calls it.
    pub fn variable(self) -> &'static str {
        match self {
            Ink::Text => "--c:var(--ink)",
            Ink::Soft => "--c:var(--soft)",
            Ink::Rule => "--c:var(--rule)",
            Ink::One => "--c:var(--one)",
            Ink::Two => "--c:var(--two)",
            Ink::Three => "--c:var(--three)",
            Ink::Four => "--c:var(--four)",
            Ink::OneSoft => "--c:var(--one-soft)",
        }
    }
}

/// How large a graph is, in pixels of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Size {
    /// How many labels of so many pixels have room beside each other.
    pub fn room(self, pixels: u32) -> usize {
        usize::try_from(self.width.saturating_sub(GUTTER) / pixels.max(1)).unwrap_or(1).max(2)
    }
}

/// plotters knows whole pixels only, so everything is drawn larger.
const SCALE: u32 = 2;

/// Where the numbers beside the graph stand, and those below it.
const GUTTER: u32 = 46;
const FOOT: u32 = 24;

/// The size of letters; plotters divides it by 1.24.
const LETTERS: f64 = 12.0 * 1.24 * SCALE as f64;

/// What has been drawn.
#[derive(Debug, Default)]
pub struct Drawing(String);

impl Drawing {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// A frame with its axes, to draw into.
pub struct Frame<'f, 'b> {
    chart: ChartContext<'f, SVGBackend<'b>, Cartesian2d<Axis, Axis>>,
    pub size: Size,
    x: Axis,
    y: Axis,
}

/// Draws a graph in both sizes: the height, the axes for a size, and what is in the frame.
pub fn draw(
    label: &'static str,
    height: u32,
    axes: impl Fn(Size) -> (Axis, Axis),
    paint: impl Fn(&mut Frame) -> Drawn,
) -> Drawing {
    let wide = Size { width: 960, height: height * 6 / 5 };
    let narrow = Size { width: 350, height: height.min(260) };
    let mut out = String::new();
    for (size, class) in [(wide, "wide"), (narrow, "narrow")] {
        let mut svg = String::new();
        // Drawing into a string fails only where an axis is impossible: then there is no graph.
        if one(&mut svg, size, &axes, &paint).is_ok() {
            let head = format!("<svg class=\"{class}\" role=\"img\" aria-label=\"{label}\" ");
            out.push_str(&svg.replacen("<svg ", &head, 1));
        }
    }
    Drawing(out)
}

fn one(
    svg: &mut String,
    size: Size,
    axes: impl Fn(Size) -> (Axis, Axis),
    paint: impl Fn(&mut Frame) -> Drawn,
) -> Drawn {
    let root: Area =
        SVGBackend::with_string(svg, (size.width * SCALE, size.height * SCALE)).into_drawing_area();
    let (x, y) = axes(size);
    let mut builder = ChartBuilder::on(&root);
    builder
        .margin_top(8 * SCALE)
        .margin_right(24 * SCALE)
        .x_label_area_size(FOOT * SCALE)
        .y_label_area_size(GUTTER * SCALE);
    let chart = builder.build_cartesian_2d(x.clone(), y.clone())?;
    let mut frame = Frame { chart, size, x, y };
    frame.mesh()?;
    paint(&mut frame)?;
    drop(frame);
    root.present()?;
    Ok(())
}

fn letters(ink: Ink) -> TextStyle<'static> {
    ("sans-serif", LETTERS).into_font().color(&ink.rgb())
}

fn line(ink: Ink, width: u32) -> ShapeStyle {
    ink.rgb().stroke_width(width * SCALE / 2)
}

impl Frame<'_, '_> {
    fn mesh(&mut self) -> Drawn {
        let rule = if self.y.is_ruled() { line(Ink::Rule, 2) } else { TRANSPARENT.into() };
        self.chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(rule)
            .light_line_style(TRANSPARENT)
            .axis_style(line(Ink::Soft, 2))
            .label_style(letters(Ink::Soft))
            .x_labels(self.x.count())
            .y_labels(self.y.count())
            .set_tick_mark_size(LabelAreaPosition::Bottom, 4 * SCALE)
            .set_tick_mark_size(LabelAreaPosition::Left, 4 * SCALE)
            .draw()?;
        Ok(())
    }

    /// Fills everything from the bottom to the points.
    pub fn area(&mut self, ink: Ink, points: impl IntoIterator<Item = (f64, f64)>) -> Drawn {
        let bottom = self.y.from();
        self.chart.draw_series(AreaSeries::new(points, bottom, ink.rgb()).border_style(TRANSPARENT))?;
        Ok(())
    }

    /// Joins points. Widths are in half pixels.
    pub fn line(&mut self, ink: Ink, width: u32, points: impl IntoIterator<Item = (f64, f64)>) -> Drawn {
        self.chart.draw_series(LineSeries::new(points, line(ink, width)))?;
        Ok(())
    }

    pub fn dots(&mut self, ink: Ink, points: impl IntoIterator<Item = (f64, f64)>) -> Drawn {
        let radius = 2 * SCALE;
        let style = ink.rgb().filled();
        self.chart
            .draw_series(points.into_iter().map(|at| plotters::element::Circle::new(at, radius, style)))?;
        Ok(())
    }

    /// A box from corner to corner; `strength` is from 0 to 1.
    pub fn block(&mut self, ink: Ink, strength: f64, corners: [(f64, f64); 2]) -> Drawn {
        let colour: RGBAColor = ink.rgb().mix(strength);
        self.chart.draw_series([Rectangle::new(corners, colour.filled())])?;
        Ok(())
    }

    /// A level all across, named at its right end.
    pub fn level(&mut self, ink: Ink, at: f64, name: &str) -> Drawn {
        let (from, to) = (self.x.from(), self.x.to());
        self.chart.draw_series([PathElement::new([(from, at), (to, at)], line(ink, 2))])?;
        let style = letters(ink).pos(Pos::new(HPos::Right, VPos::Bottom));
        self.chart.draw_series([Text::new(name.to_owned(), (to, at), style)])?;
        Ok(())
    }

    /// A number or a word above a point.
    pub fn note(&mut self, ink: Ink, at: (f64, f64), text: String) -> Drawn {
        let style = letters(ink).pos(Pos::new(HPos::Center, VPos::Bottom));
        self.chart.draw_series([Text::new(text, at, style)])?;
        Ok(())
    }
}
