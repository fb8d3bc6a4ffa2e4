//! Values at the last iteration over two parameters.

use super::scale::Scale;
use super::sweep::at_end;
use super::{axis_named, axis_of, distinct, text};
use crate::condition::Condition;
use crate::experiment::Predictor;
use crate::figure::{Axis, Cells, Colours, Panel};
use crate::quantity::Quantity;
use crate::run::Results;
use crate::signal::Form;
use crate::spec::{Analysis, Figure as Spec, XAxis};

/// For every quantity a map of what was measured and, where theory says it, of what was predicted and of the difference.
pub(super) fn panels(results: Results<'_>, analysis: &Analysis, spec: &Spec) -> (Vec<Panel>, String) {
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
