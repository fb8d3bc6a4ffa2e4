//! Values at the last iteration against one parameter, or over two.

use super::{Results, axis_of, distinct, label, text};
use crate::analysis::{Analysis, Condition, Figure as Spec, Panels, Quantity, Value, XAxis};
use crate::experiment::Predictor;
use crate::figure::{Axis, Cells, Colours, Mark, Panel, Point, Reference, Series};
use crate::measure::summary::Summary;
use crate::signal::{Cross, Form};
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

/// A number that stands for the value of a parameter: itself, or the coefficient of a form.
fn coordinate(condition: &Condition, name: &str) -> Option<f64> {
    match condition.values().get(name)? {
        Value::Number(number) => Some(*number),
        Value::Count(count) => Some(*count as f64),
        Value::Text(text) if name == "cross" => Some(Cross::parse(text)?.coefficient()),
        Value::Text(text) => Form::parse(text).ok()?.coefficient(),
        // Of hidden layers, how many.
        Value::Sizes(sizes) => Some(sizes.len() as f64),
        _ => None,
    }
}

/// How the axis of a parameter is called.
fn axis_name(name: &str) -> String {
    match name {
        "error" => "autocorrelation coefficient of the error".into(),
        "activity" => "autocorrelation coefficient of the activity".into(),
        "cross" => "correlation of activity and error".into(),
        "hidden" => "hidden layers".into(),
        "wn" => "γ of weight normalisation".into(),
        "wrong-labels" => "share of wrong labels".into(),
        _ => name.into(),
    }
}

/// A panel per quantity; a curve per combination of the other parameters.
pub(super) fn panels(results: Results<'_>, analysis: &Analysis, spec: &Spec) -> (Vec<Panel>, String) {
    let XAxis::Parameter(name) = spec.x else { return (Vec::new(), String::new()) };
    let panel_names: &[&'static str] = match &spec.panels {
        Panels::By(names) => names,
        Panels::Quantity | Panels::Layer => &[],
    };
    let is_of_curves = |other: &&'static str| **other != *name && !panel_names.contains(other);
    let by: Vec<&'static str> = spec.by.iter().copied().filter(is_of_curves).collect();
    let labels = distinct(analysis.conditions.iter().map(|c| label(c, &by)));
    let titles = distinct(analysis.conditions.iter().map(|c| label(c, panel_names)));
    let predictor = Predictor::default();
    let panel = |quantity: Quantity, layer: Option<usize>, of: &str, title: String| {
        let y = Axis { log: spec.log, ..axis_of(quantity) };
        let mut panel = Panel::new(title, Axis::new(axis_name(name)), y);
        for (colour, curve) in labels.iter().enumerate() {
            let is_shown = |c: &&Condition| label(c, &by) == *curve && label(c, panel_names) == of;
            let of_curve = analysis.conditions.iter().filter(is_shown);
            let (mut measured, mut predicted) = (Vec::new(), Vec::new());
            for condition in of_curve.filter(|c| quantity.layers(c).contains(&layer)) {
                let summary = at_end(results, analysis, condition, quantity, layer);
                let y = summary.and_then(|s| s.mean);
                let Some(x) = coordinate(condition, name) else {
                    // What has no place on the axis, such as no weight normalisation at all, is a line across.
                    let label = format!("{curve}, {}", label(condition, &[name]));
                    panel.references.extend(y.map(|y| Reference { label, y, colour: Some(colour) }));
                    continue;
                };
                measured.push(Point { x, y, band: summary.and_then(|s| s.ci95) });
                let last = condition.last_iteration();
                if let Some(y) = predictor.predict(condition, quantity, layer, last, analysis.predict) {
                    predicted.push(Point { x, y: Some(y), band: None });
                }
            }
            let mut add = |label, mark, points| panel.series.push(Series { label, colour, mark, points });
            let line = measured.iter().map(|p| Point { band: None, ..*p }).collect();
            add(curve.clone(), Mark::Line, line);
            add(String::new(), Mark::Points, measured);
            if analysis.predict && predicted.len() > 1 {
                add(format!("{curve}: predicted"), Mark::Dashes, predicted);
            }
        }
        panel
    };
    let mut panels = Vec::new();
    for &quantity in &spec.quantities {
        let layers: BTreeSet<Option<usize>> = analysis.conditions.iter().flat_map(|c| quantity.layers(c)).collect();
        let shown = if spec.panels == Panels::Layer { layers.len() } else { 1 };
        for &layer in layers.iter().take(shown) {
            for of in &titles {
                let what = quantity.info().label;
                let title = match (of.is_empty(), layer.filter(|_| layers.len() > 1), spec.quantities.len()) {
                    (true, Some(l), _) => format!("{what}, layer {l}"),
                    (true, None, _) => what.into(),
                    (false, _, 1) => of.clone(),
                    (false, _, _) => format!("{what}, {of}"),
                };
                panels.push(panel(quantity, layer, of, title));
            }
        }
    }
    let repeats = analysis.repeats;
    let note =
        format!("Discs: mean over {repeats} repeats at the last iteration; whiskers: 95 % interval of the mean.");
    (panels, note)
}

/// For every quantity a map of what was measured and, where theory says it, of what was predicted and of the difference.
pub(super) fn maps(results: Results<'_>, analysis: &Analysis, spec: &Spec) -> (Vec<Panel>, String) {
    let (XAxis::Parameter(x), Some(y)) = (spec.x, spec.y) else { return (Vec::new(), String::new()) };
    let [columns, rows] = [x, y].map(|name| distinct(analysis.conditions.iter().map(|c| text(c, name))));
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
            predicted[cell] = predictor.predict(condition, quantity, layer, last, analysis.predict);
        }
        let all = measured.iter().chain(&predicted).copied().flatten();
        let range = if quantity.info().unit == "degrees" {
            [all.fold(90.0, f64::min), 90.0]
        } else {
            all.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)])
        };
        let colours = Colours::Sequential;
        let differences: Vec<Option<f64>> = measured.iter().zip(&predicted).map(|(m, p)| Some((*m)? - (*p)?)).collect();
        let largest = differences.iter().flatten().fold(0.0f64, |m, d| m.max(d.abs()));
        let known = predicted.iter().any(Option::is_some);
        let title = |what: &str| format!("{}, {what}", quantity.info().label);
        panels.push(map(title("measured"), [x, y], [&columns, &rows], measured, range, colours));
        if known {
            panels.push(map(title("predicted"), [x, y], [&columns, &rows], predicted, range, colours));
            let range = [-largest.max(1e-9), largest.max(1e-9)];
            let difference = title("measured minus predicted");
            panels.push(map(difference, [x, y], [&columns, &rows], differences, range, Colours::Diverging));
        }
    }
    let note =
        format!("Means over {} repeats at the last iteration; every row and column is one signal.", analysis.repeats);
    (panels, note)
}

/// Cells of equal size, one per pair of values.
fn map(
    title: String,
    [x, y]: [&str; 2],
    [columns, rows]: [&[String]; 2],
    values: Vec<Option<f64>>,
    range: [f64; 2],
    colours: Colours,
) -> Panel {
    let axis = |name: &str, values: &[String]| {
        let named = |(i, value): (usize, &String)| {
            let coefficient = Form::parse(value).ok().and_then(|form| form.coefficient());
            // Without the zero before the point, so that neighbours find room.
            let short = |c: f64| c.to_string().replacen("0.", ".", 1);
            (i as f64 + 0.5, coefficient.map_or_else(|| value.clone(), short))
        };
        Axis { names: values.iter().enumerate().map(named).collect(), ..Axis::new(axis_name(name)) }
    };
    let edges = |n: usize| (0..=n).map(|i| i as f64).collect::<Vec<_>>();
    let small = columns.len().max(rows.len()) <= 10;
    let span = range[1] - range[0];
    let cells =
        Cells { x: edges(columns.len()), y: edges(rows.len()), values, range, colours, written: small && span > 5.0 };
    Panel { cells: Some(cells), ..Panel::new(title, axis(x, columns), axis(y, rows)) }
}
