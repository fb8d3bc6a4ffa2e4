//! Values at the last iteration against one parameter, or over two.

use super::{Results, axis_of, distinct, label, text};
use crate::analysis::{Analysis, Condition, Figure as Spec, Quantity, Value, XAxis};
use crate::experiment::Predictor;
use crate::figure::{Axis, Cells, Colours, Mark, Panel, Point, Series};
use crate::measure::summary::Summary;
use crate::signal::Form;

/// Mean and 95 % interval over repeats at the end, of the first layer that has the quantity.
fn at_end(results: Results<'_>, analysis: &Analysis, condition: &Condition, quantity: Quantity) -> Option<Summary> {
    let layer = *quantity.layers(condition).first()?;
    let values = results.values(analysis, condition, quantity, layer).remove(&condition.last_iteration())?;
    Some(Summary::of(values))
}

/// A number that stands for the value of a parameter: itself, or the coefficient of a form.
fn coordinate(condition: &Condition, name: &str) -> Option<f64> {
    match condition.values().get(name)? {
        Value::Number(number) => Some(*number),
        Value::Count(count) => Some(*count as f64),
        Value::Text(text) => Form::parse(text).ok()?.coefficient(),
        _ => None,
    }
}

/// How the axis of a parameter is called.
fn axis_name(name: &str) -> String {
    match name {
        "error" => "autocorrelation coefficient of the error".into(),
        "activity" => "autocorrelation coefficient of the activity".into(),
        _ => name.into(),
    }
}

/// A panel per quantity; a curve per combination of the other parameters.
pub(super) fn panels(results: Results<'_>, analysis: &Analysis, spec: &Spec) -> (Vec<Panel>, String) {
    let XAxis::Parameter(name) = spec.x else { return (Vec::new(), String::new()) };
    let by: Vec<&'static str> = spec.by.iter().copied().filter(|other| *other != name).collect();
    let labels = distinct(analysis.conditions.iter().map(|c| label(c, &by)));
    let predictor = Predictor::default();
    let panel = |&quantity: &Quantity| {
        let y = Axis { log: spec.log, ..axis_of(quantity) };
        let mut panel = Panel::new(quantity.info().label, Axis::new(axis_name(name)), y);
        for (colour, curve) in labels.iter().enumerate() {
            let of_curve = analysis.conditions.iter().filter(|c| label(c, &by) == *curve);
            let (mut measured, mut predicted) = (Vec::new(), Vec::new());
            for condition in of_curve {
                let Some(x) = coordinate(condition, name) else { continue };
                let summary = at_end(results, analysis, condition, quantity);
                measured.push(Point { x, y: summary.and_then(|s| s.mean), band: summary.and_then(|s| s.ci95) });
                let layer = quantity.layers(condition).first().copied().flatten();
                let last = condition.last_iteration();
                if let Some(y) = predictor.predict(condition, quantity, layer, last, analysis.predict) {
                    predicted.push(Point { x, y: Some(y), band: None });
                }
            }
            let mut add = |label: String, mark: Mark, mut points: Vec<Point>| {
                points.sort_by(|a, b| a.x.total_cmp(&b.x));
                panel.series.push(Series { label, colour, mark, points });
            };
            let line = measured.iter().map(|p| Point { band: None, ..*p }).collect();
            add(curve.clone(), Mark::Line, line);
            add(String::new(), Mark::Points, measured);
            if analysis.predict && predicted.len() > 1 {
                add(format!("{curve}: predicted"), Mark::Dashes, predicted);
            }
        }
        panel
    };
    let repeats = analysis.repeats;
    let note =
        format!("Discs: mean over {repeats} repeats at the last iteration; whiskers: 95 % interval of the mean.");
    (spec.quantities.iter().map(panel).collect(), note)
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
            measured[cell] = at_end(results, analysis, condition, quantity).and_then(|s| s.mean);
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
