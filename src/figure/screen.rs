//! Figures on pages of a browser: every panel as SVG that takes the colours of its page, and the
//! numbers behind it for a script that draws it anew.

use super::draw::{Alone, alone, drawable};
use super::legend::{Sample, labels, place};
use super::model::seven_digits;
use super::style::{Inks, shade};
use super::{Axis, Cell, Cells, Figure, FigureError, Hue, Mark, Panel, Series, Spread, Theme};
use plotters::style::RGBColor;
use serde_json::{Value as Json, json};

/// A figure for a page.
#[derive(Clone, Debug)]
pub struct Screen {
    /// Every panel by itself, as SVG.
    pub panels: Vec<String>,
    /// The legend: every label, with what stands before it as SVG.
    pub legend: Vec<(String, String)>,
    /// What a script draws it from.
    pub data: Json,
}

/// Colours of the SVGs of a page, which are of one theme or the other: `var(--f0)`, `var(--f1)`, in
/// the order in which they came up.
#[derive(Clone, Debug, Default)]
pub struct Tints(Vec<[String; 2]>);

impl Tints {
    /// The colours of a theme, as declarations of a style sheet.
    pub fn css(&self, theme: Theme) -> String {
        let which = usize::from(theme == Theme::Dark);
        let named = self.0.iter().enumerate().map(|(at, pair)| format!("--f{at}:{};", pair[which]));
        named.collect()
    }

    /// The name of a colour that is this one or that one.
    fn name(&mut self, pair: [&str; 2]) -> String {
        let known = self.0.iter().position(|known| *known == pair);
        let at = known.unwrap_or_else(|| {
            self.0.push(pair.map(String::from));
            self.0.len() - 1
        });
        format!("var(--f{at})")
    }

    /// A drawing in either theme, from the drawing in both: these differ in colours alone.
    fn in_either(&mut self, light: &str, dark: &str) -> Result<String, FigureError> {
        const DIGITS: usize = 6;
        let mut parts = light.split('#').zip(dark.split('#'));
        let mut both = parts.next().map(|(start, _)| start.to_string()).unwrap_or_default();
        for (light, dark) in parts {
            let colours = [light.get(..DIGITS), dark.get(..DIGITS)];
            match colours {
                _ if light == dark => both.extend(["#", light]),
                [Some(of_light), Some(of_dark)] if light[DIGITS..] == dark[DIGITS..] => {
                    let pair = [of_light, of_dark].map(|digits| format!("#{digits}"));
                    both.push_str(&self.name([&pair[0], &pair[1]]));
                    both.push_str(&light[DIGITS..]);
                }
                _ => return Err(FigureError::Drawing("themes differ in more than colours".into())),
            }
        }
        Ok(both)
    }
}

/// A figure for a page, in the colours of both themes.
///
/// # Errors
/// As of [`super::render()`].
pub fn screen(figure: &Figure, tints: &mut Tints) -> Result<Screen, FigureError> {
    let figure = &drawable(figure)?;
    let in_theme = |theme| alone(&Figure { theme, ..figure.clone() });
    let (light, dark) = (in_theme(Theme::Light)?, in_theme(Theme::Dark)?);
    let mut panels = Vec::new();
    for (index, (light, dark)) in light.iter().zip(&dark).enumerate() {
        let drawn = tints.in_either(&light.svg, &dark.svg)?;
        panels.push(on_page(&drawn, light.size, &alternative(&figure.panels[index])));
    }
    let entries = labels(figure);
    let legend = entries.iter().map(|(label, mark)| (label.to_string(), sample(*mark, tints)));
    Ok(Screen { panels, legend: legend.collect(), data: data(figure, &light) })
}

/// What a panel shows, in words.
fn alternative(panel: &Panel) -> String {
    let what = match &panel.cells {
        Some(cells) => format!("{} over {} and {}", cells.label, panel.x.label, panel.y.label),
        None => format!("{} against {}", panel.y.label, panel.x.label),
    };
    if panel.title.is_empty() { what } else { format!("{}: {what}", panel.title) }
}

/// A drawing as an element of a page, as large as there is room, without what says nothing there.
fn on_page(svg: &str, [width, height]: [i32; 2], alternative: &str) -> String {
    let inside = svg.split_once('>').map_or("", |(_, inside)| inside);
    let inside = inside
        .replace(" opacity=\"1\"", "")
        .replace(" fill-opacity=\"1\"", "")
        .replace(" shape-rendering=\"crispEdges\"", "")
        .replace(" font-family=\"Noto Sans\"", "")
        .replace(" stroke-linejoin=\"round\"", "")
        .replace('\n', "");
    let label = maud::html! { (alternative) }.into_string();
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\" \
         stroke-linejoin=\"round\">{inside}"
    )
}

/// What stands before a label.
fn sample(sample: Sample, tints: &mut Tints) -> String {
    let mut name = |colour: fn(&Inks, Option<Hue>) -> RGBColor, hue| {
        let [light, dark] = pair(colour, hue);
        tints.name([&light, &dark])
    };
    let line = |ink: String, how: &str| format!("<path d=\"M0 6h30\" stroke=\"{ink}\" {how}/>");
    let disc = |ink: &str, radius: &str| {
        format!("<circle cx=\"15\" cy=\"6\" r=\"{radius}\" fill=\"{ink}\"/>")
    };
    let drawn = match sample {
        Sample::Band => {
            let ink = name(|inks, _| inks.pale, None);
            format!("<rect width=\"30\" height=\"12\" fill=\"{ink}\"/>")
        }
        Sample::Line(hue) => {
            line(name(curve, hue), "stroke-width=\"1.5\" stroke-dasharray=\"2 3\"")
        }
        Sample::Curve { hue, mark } => {
            let ink = name(curve, hue);
            match mark {
                Mark::Line => line(ink, "stroke-width=\"2\""),
                Mark::Thin => line(ink, "stroke-width=\"1\""),
                Mark::Dashes => line(ink, "stroke-width=\"2\" stroke-dasharray=\"6 4\""),
                Mark::Points => disc(&ink, "3.5"),
                Mark::Dots => disc(&ink, "2"),
                Mark::Joined => disc(&ink, "3.5") + &line(ink.clone(), "stroke-width=\"2\""),
            }
        }
    };
    format!(
        "<svg viewBox=\"0 0 30 12\" width=\"30\" height=\"12\" aria-hidden=\"true\">{drawn}</svg>"
    )
}

fn curve(inks: &Inks, hue: Option<Hue>) -> RGBColor {
    hue.map_or(inks.grey, |hue| inks.curve(hue))
}

/// A colour in both themes.
fn pair(colour: fn(&Inks, Option<Hue>) -> RGBColor, hue: Option<Hue>) -> [String; 2] {
    [Theme::Light, Theme::Dark].map(|theme| hexadecimal(colour(theme.inks(), hue)))
}

fn hexadecimal(RGBColor(r, g, b): RGBColor) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// What a script draws a figure from. A curve has its abscissas as a place among `xs` of its panel,
/// as many curves have the same, and `n` once where all of its points have the same. What does not
/// exist is null. `entry` is a place in the legend.
fn data(figure: &Figure, alone: &[Alone]) -> Json {
    let entries = labels(figure);
    let legend = entries.iter().map(|(label, sample)| {
        let (kind, colour) = match *sample {
            Sample::Band => ("band", pair(|inks, _| inks.pale, None)),
            Sample::Line(hue) => ("line", pair(curve, hue)),
            Sample::Curve { hue, mark } => (mark.name(), pair(curve, hue)),
        };
        json!({ "label": label, "sample": kind, "colour": colour })
    });
    let legend: Vec<Json> = legend.collect();
    let entry = |label: &str| place(&entries, label);
    let panels = figure.panels.iter().zip(alone);
    let panels: Vec<Json> = panels.map(|(panel, drawn)| of_panel(panel, drawn, &entry)).collect();
    let around = match figure.around {
        Spread::Sd => "mean ± SD",
        Spread::Ci => "95 % interval",
        Spread::None => "",
    };
    json!({ "around": around, "legend": legend, "panels": panels })
}

fn of_panel(panel: &Panel, drawn: &Alone, entry: &dyn Fn(&str) -> Option<usize>) -> Json {
    let mut xs: Vec<Vec<Json>> = Vec::new();
    let curves = panel.series.iter().filter(|series| !series.points.is_empty());
    let curves: Vec<Json> = curves.map(|series| of_curve(series, &mut xs, entry)).collect();
    let lines = panel.references.iter().filter(|line| line.y.is_finite()).map(|line| {
        let colour = pair(curve, line.colour);
        json!({ "label": line.label, "entry": entry(&line.label), "y": rounded(Some(line.y)), "colour": colour })
    });
    let lines: Vec<Json> = lines.collect();
    let bands = panel.bands.iter().filter(|band| band.low.is_finite() && band.high.is_finite());
    let bands = bands.map(|band| {
        let ends = [band.low, band.high].map(|end| rounded(Some(end)));
        json!({ "label": band.label, "entry": entry(&band.label), "ends": ends })
    });
    let bands: Vec<Json> = bands.collect();
    json!({
        "title": panel.title,
        "x": of_axis(&panel.x, drawn.ends[0]),
        "y": of_axis(&panel.y, drawn.ends[1]),
        "xs": xs,
        "curves": curves,
        "lines": lines,
        "bands": bands,
        "map": panel.cells.as_ref().map(of_map),
    })
}

fn of_axis(axis: &Axis, ends: [f64; 2]) -> Json {
    let value = |position: f64| if axis.log { 10f64.powf(position) } else { position };
    let names: Vec<Json> =
        axis.names.iter().map(|(at, name)| json!([rounded(Some(*at)), name])).collect();
    json!({
        "label": axis.label,
        "log": axis.log,
        "degrees": axis.degrees,
        "ends": ends.map(value),
        "names": names,
    })
}

fn of_curve(
    series: &Series,
    xs: &mut Vec<Vec<Json>>,
    entry: &dyn Fn(&str) -> Option<usize>,
) -> Json {
    let points = &series.points;
    let x: Vec<Json> = points.iter().map(|point| rounded(Some(point.x))).collect();
    let x = xs.iter().position(|known| *known == x).unwrap_or_else(|| {
        xs.push(x);
        xs.len() - 1
    });
    let y: Vec<Json> = points.iter().map(|point| rounded(point.y)).collect();
    let end = |which: usize| -> Vec<Json> {
        points.iter().map(|point| rounded(point.band.map(|band| band[which]))).collect()
    };
    let n: Vec<Option<usize>> = points.iter().map(|point| point.n).collect();
    let first = n.first().copied().flatten();
    let mut curve = json!({
        "label": series.label,
        // A curve of a single repeat belongs to that of their mean.
        "entry": entry(&series.label).or_else(|| entry(series.label.rsplit_once(", ")?.0)),
        "mark": series.mark.name(),
        "colour": pair(curve, Some(series.colour)),
        "x": x,
        "y": y,
        "n": if n.iter().all(|n| *n == first) { json!(first) } else { json!(n) },
    });
    if points.iter().any(|point| point.band.is_some()) {
        curve["band"] = json!([end(0), end(1)]);
    }
    curve
}

/// Steps of a colour scale that lie between all stops of any: colours between two of them are mixed
/// in proportion.
const STEPS: usize = 12;

/// A heat map: edges of its columns and rows, what these stand for, values row after row from the
/// lowest, and the scale of its colours.
fn of_map(cells: &Cells) -> Json {
    let values: Vec<Json> = cells.values.iter().map(|cell| rounded(cell.value)).collect();
    let end = |which: usize| -> Vec<Json> {
        let band = |cell: &Cell| rounded(cell.band.map(|band| band[which]));
        cells.values.iter().map(band).collect()
    };
    let n: Vec<Option<usize>> = cells.values.iter().map(|cell| cell.n).collect();
    let colour = |step| hexadecimal(shade(cells.colours, step as f64 / STEPS as f64));
    let colours: Vec<String> = (0..=STEPS).map(colour).collect();
    let mut map = json!({
        "label": cells.label,
        "edges": [&cells.x, &cells.y],
        "names": cells.names,
        "values": values,
        "range": cells.range,
        "log": cells.log,
        "colours": colours,
        "digits": cells.written.then(|| cells.digits()),
    });
    if cells.values.iter().any(|cell| cell.band.is_some()) {
        map["band"] = json!([end(0), end(1)]);
    }
    if n.iter().any(Option::is_some) {
        map["n"] = json!(n);
    }
    map
}

/// A number as in the CSV, which has more digits than can be seen; null where there is none.
fn rounded(value: Option<f64>) -> Json {
    /// Largest whole number that is written as one.
    const LARGEST: f64 = 1e15;
    match value.filter(|value| value.is_finite()).map(seven_digits) {
        Some(value) if value.fract() == 0.0 && value.abs() < LARGEST => json!(value as i64),
        value => json!(value),
    }
}

impl Mark {
    /// What a script calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Line => "curve",
            Self::Dashes => "dashes",
            Self::Points => "discs",
            Self::Joined => "joined",
            Self::Thin => "thin",
            Self::Dots => "dots",
        }
    }
}
