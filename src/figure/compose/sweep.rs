//! Values at the last iteration against one parameter, or over two.

use super::scale::{Scale, hues};
use super::{axis_named, axis_of, distinct, label, text};
use crate::condition::Condition;
use crate::experiment::Predictor;
use crate::figure::{Axis, Cells, Colours, Mark, Panel, Point, Reference, Series};
use crate::measure::summary::Summary;
use crate::quantity::Quantity;
use crate::run::Results;
use crate::signal::Form;
use crate::spec::{Analysis, Figure as Spec, Panels, XAxis};
use std::collections::BTreeSet;

/// Mean and 95 % interval over repeats at the end.
pub(super) fn at_end(
    results: Results<'_>,
    analysis: &Analysis,
    condition: &Condition,
    quantity: Quantity,
    layer: Option<usize>,
) -> Option<Summary> {
    let values = results.values(analysis, condition, quantity, [layer, None]).remove(&condition.last_iteration())?;
    Some(Summary::of(values))
}

/// What the panels of a sweep share.
struct Shown<'a> {
    results: Results<'a>,
    analysis: &'a Analysis,
    spec: &'a Spec,
    /// The parameter of the axis.
    name: &'static str,
    /// Parameters that tell the curves apart.
    by: Vec<&'static str>,
    labels: Vec<String>,
    scale: Scale<'a>,
    predictor: Predictor,
}

/// A panel per quantity; a curve per combination of the other parameters.
pub(super) fn panels(results: Results<'_>, analysis: &Analysis, spec: &Spec) -> (Vec<Panel>, String) {
    let XAxis::Parameter(name) = spec.x else { return (Vec::new(), String::new()) };
    let panel_names = spec.panels.parameters();
    let is_of_curves = |other: &&'static str| **other != *name && !panel_names.contains(other);
    let by: Vec<_> = spec.by.iter().copied().filter(is_of_curves).collect();
    let labels = distinct(analysis.conditions.iter().map(|c| label(c, &by)));
    let titles = distinct(analysis.conditions.iter().map(|c| label(c, panel_names)));
    let scale = Scale::new(&analysis.conditions, name);
    let shown = Shown { results, analysis, spec, name, by, labels, scale, predictor: Predictor::default() };
    let mut panels = Vec::new();
    for &quantity in &spec.quantities {
        let layers: BTreeSet<Option<usize>> =
            analysis.conditions.iter().flat_map(|c| spec.layers_of(c, quantity)).collect();
        let count = if spec.panels == Panels::Layer { layers.len() } else { 1 };
        for &layer in layers.iter().take(count) {
            let place = layer.filter(|_| layers.len() > 1 || !spec.layers.is_empty());
            panels.extend(titles.iter().map(|of| {
                let what = quantity.info().label;
                let title = match (of.is_empty(), place, spec.quantities.len()) {
                    (true, Some(l), _) => format!("{what}, layer {l}"),
                    (true, None, _) => what.into(),
                    (false, _, 1) => of.clone(),
                    (false, _, _) => format!("{what}, {of}"),
                };
                panel(&shown, quantity, layer, of, title)
            }));
        }
    }
    let repeats = analysis.settings.repeats;
    let note =
        format!("Discs: mean over {repeats} repeats at the last iteration; whiskers: 95 % interval of the mean.");
    (panels, note)
}

/// Curves of one quantity and layer over the conditions whose panel is `of`.
fn panel(shown: &Shown<'_>, quantity: Quantity, layer: Option<usize>, of: &str, title: String) -> Panel {
    let Shown { results, analysis, spec, name, ref by, ref labels, ref scale, ref predictor } = *shown;
    let hue = hues(&analysis.conditions, by);
    let mut panel = Panel::new(title, scale.axis(), Axis { log: spec.log, ..axis_of(quantity) });
    for (place, curve) in labels.iter().enumerate() {
        let colour = hue(place);
        let is_shown = |c: &&Condition| label(c, by) == *curve && label(c, spec.panels.parameters()) == of;
        let of_curve = analysis.conditions.iter().filter(is_shown);
        let (mut measured, mut predicted) = (Vec::new(), Vec::new());
        for condition in of_curve.filter(|c| spec.layers_of(c, quantity).contains(&layer)) {
            let summary = at_end(results, analysis, condition, quantity, layer);
            let y = summary.and_then(|s| s.mean);
            let Some(x) = scale.coordinate(condition) else {
                // What has no place on the axis, such as no weight normalisation at all, is a line across.
                let label = format!("{curve}, {}", label(condition, &[name]));
                panel.references.extend(y.map(|y| Reference { label, y, colour: Some(colour) }));
                continue;
            };
            measured.push(Point { x, y, band: summary.and_then(|s| s.ci95) });
            let last = condition.last_iteration();
            if let Some(y) = predictor.predict(condition, quantity, layer, last, analysis.settings.predict) {
                predicted.push(Point { x, y: Some(y), band: None });
            }
        }
        let mut add = |label, colour, mark, points| panel.series.push(Series { label, colour, mark, points });
        let line = measured.iter().map(|p| Point { band: None, ..*p }).collect();
        add(curve.clone(), colour, Mark::Line, line);
        add(String::new(), colour, Mark::Points, measured);
        if analysis.settings.predict && predicted.len() > 1 {
            add(format!("{curve}: predicted"), colour.again(), Mark::Dashes, predicted);
        }
    }
    panel
}

/// For every quantity a map of what was measured and, where theory says it, of what was predicted and of the difference.
pub(super) fn maps(results: Results<'_>, analysis: &Analysis, spec: &Spec) -> (Vec<Panel>, String) {
    let (XAxis::Parameter(x), Some(y)) = (spec.x, spec.y) else { return (Vec::new(), String::new()) };
    let [columns, rows] = [x, y].map(|name| distinct(analysis.conditions.iter().map(|c| text(c, name))));
    let axis = |name, values: &[String]| steps(&analysis.conditions, name, values);
    let (x_axis, y_axis) = (axis(x, &columns), axis(y, &rows));
    let predictor = Predictor::default();
    let mut panels = Vec::new();
    for &quantity in spec.quantities.iter().filter(|&&q| q != Quantity::ConditionalAlignment) {
        let (mut measured, mut predicted) = (vec![None; columns.len() * rows.len()], Vec::new());
        predicted.resize(measured.len(), None);
        for condition in &analysis.conditions {
            let place = |names: &[String], name| names.iter().position(|n| *n == text(condition, name)).unwrap_or(0);
            let cell = place(&rows, y) * columns.len() + place(&columns, x);
            let layer = quantity.layers(condition).first().copied().flatten();
            measured[cell] = at_end(results, analysis, condition, quantity, layer).and_then(|s| s.mean);
            let last = condition.last_iteration();
            predicted[cell] = predictor.predict(condition, quantity, layer, last, analysis.settings.predict);
        }
        let all = measured.iter().chain(&predicted).copied().flatten();
        let range = if quantity.info().unit == "degrees" {
            [all.fold(90.0, f64::min), 90.0]
        } else {
            all.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)])
        };
        let differences: Vec<Option<f64>> = measured.iter().zip(&predicted).map(|(m, p)| Some((*m)? - (*p)?)).collect();
        let largest = differences.iter().flatten().fold(0.0f64, |m, d| m.max(d.abs())).max(1e-9);
        let known = predicted.iter().any(Option::is_some);
        let map = |what: &str, bar: Axis, values, range, colours| {
            let title = match spec.quantities.len() {
                1 => what.into(),
                _ => format!("{}, {what}", quantity.info().label),
            };
            let cells = cells(bar.label, [columns.len(), rows.len()], values, range, colours);
            Panel { cells: Some(cells), ..Panel::new(title, x_axis.clone(), y_axis.clone()) }
        };
        panels.push(map("measured", axis_of(quantity), measured, range, Colours::Sequential));
        if known {
            panels.push(map("predicted", axis_of(quantity), predicted, range, Colours::Sequential));
            let difference = axis_named("difference", quantity.info().unit);
            panels.push(map(
                "measured minus predicted",
                difference,
                differences,
                [-largest, largest],
                Colours::Diverging,
            ));
        }
    }
    let note = format!(
        "Means over {} repeats at the last iteration; every row and column is one signal.",
        analysis.settings.repeats
    );
    (panels, note)
}

/// An axis with a step of 1 for every value of a parameter.
fn steps(conditions: &[Condition], name: &str, values: &[String]) -> Axis {
    let named = |(i, value): (usize, &String)| {
        let form = conditions.iter().find_map(|c| c.values().remove(name).filter(|known| known.to_text() == *value));
        let coefficient = form.and_then(|form| form.get::<Form>()?.coefficient());
        // Without the zero before the point, so that neighbours find room.
        let short = |c: f64| c.to_string().replacen("0.", ".", 1);
        (i as f64 + 0.5, coefficient.map_or_else(|| value.clone(), short))
    };
    Axis { names: values.iter().enumerate().map(named).collect(), ..Axis::new(Scale::new(conditions, name).label()) }
}

/// Cells of equal size, one per pair of values.
fn cells(
    label: String,
    [columns, rows]: [usize; 2],
    values: Vec<Option<f64>>,
    range: [f64; 2],
    colours: Colours,
) -> Cells {
    let edges = |n: usize| (0..=n).map(|i| i as f64).collect::<Vec<_>>();
    let written = columns.max(rows) <= 10 && range[1] - range[0] > 5.0;
    Cells { label, x: edges(columns), y: edges(rows), values, range, colours, written }
}
