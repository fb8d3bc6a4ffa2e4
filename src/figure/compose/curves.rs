//! Means over repeats against iterations or epochs.

use super::{Results, axis_of, distinct, label, text};
use crate::analysis::{Analysis, Condition, Figure as Spec, Quantity, XAxis};
use crate::experiment::{Predictor, linear_limit};
use crate::figure::{Axis, Band, Mark, Panel, Point, Reference, Series};
use crate::measure::null::WeightNull;
use crate::measure::summary::Summary;
use std::collections::BTreeSet;

/// A panel per quantity, or, for a quantity of its own, per value of the second parameter.
pub(super) fn panels(results: Results<'_>, analysis: &Analysis, spec: &Spec) -> (Vec<Panel>, String) {
    let split = match (&spec.quantities[..], &spec.by[..]) {
        ([_], [_, second, ..]) if analysis.conditions.len() > 1 => Some(*second),
        _ => None,
    };
    let names = if split.is_some() { &spec.by[..1] } else { &spec.by[..] };
    let panel_values: Vec<Option<String>> = match split {
        None => vec![None],
        Some(name) => distinct(analysis.conditions.iter().map(|c| text(c, name))).into_iter().map(Some).collect(),
    };
    let mut panels = Vec::new();
    for &quantity in spec.quantities.iter().filter(|&&q| q != Quantity::ConditionalAlignment) {
        for value in &panel_values {
            let wanted = |c: &&Condition| match (split, value) {
                (Some(name), Some(value)) => text(c, name) == *value,
                _ => true,
            };
            let conditions: Vec<&Condition> = analysis.conditions.iter().filter(wanted).collect();
            let title = match (split, conditions.first()) {
                (Some(name), Some(condition)) => label(condition, &[name]),
                _ => quantity.info().label.to_string(),
            };
            panels.push(panel(results, analysis, spec, quantity, &conditions, names, title));
        }
    }
    let repeats = analysis.repeats;
    (panels, format!("Lines: mean over {repeats} repeats; shades: one standard deviation to each side."))
}

fn panel(
    results: Results<'_>,
    analysis: &Analysis,
    spec: &Spec,
    quantity: Quantity,
    conditions: &[&Condition],
    names: &[&'static str],
    title: String,
) -> Panel {
    let x = Axis::new(if spec.x == XAxis::Epoch { "epoch" } else { "iteration" });
    let mut panel = Panel::new(title, x, Axis { log: spec.log, ..axis_of(quantity) });
    // The first parameter has the colours, the second the style of the lines.
    let colours = distinct(analysis.conditions.iter().map(|c| names.first().map_or(String::new(), |n| text(c, n))));
    let styles = distinct(analysis.conditions.iter().map(|c| names.get(1).map_or(String::new(), |n| text(c, n))));
    let several = several_layers(analysis, spec);
    let predictor = Predictor::default();
    for condition in conditions {
        let name = label(condition, names);
        let place = |known: &[String], index: usize| {
            let value = names.get(index).map_or(String::new(), |n| text(condition, n));
            known.iter().position(|v| *v == value).unwrap_or_default()
        };
        let (hue, style) = (place(&colours, 0), place(&styles, 1));
        for layer in quantity.layers(condition) {
            let (label, colour, dashed) = match layer {
                // Layers are told apart by colour where there are several, conditions otherwise.
                Some(l) if several => {
                    (joined(&name, ", ", &format!("layer {l}")), colours.len() + l, hue == 0 && colours.len() > 1)
                }
                // A third style takes the darker tones.
                _ if name.is_empty() => ("measured".into(), hue, false),
                _ => (name.clone(), hue + 7 * style.saturating_sub(1), style == 0 && styles.len() > 1),
            };
            let points = points(results, analysis, condition, spec.x, quantity, layer);
            // An update compared with itself is a flat zero that says nothing.
            let trivial = quantity == Quantity::UpdateAlignment && points.iter().all(|p| p.y.is_none_or(|y| y == 0.0));
            if !trivial {
                let mark = if dashed { Mark::Dashes } else { Mark::Line };
                panel.series.push(Series { label, colour, mark, points });
            }
            if analysis.predict {
                let colour = colour + 7;
                let series = predicted(results, analysis, condition, quantity, layer, &predictor, colour, &name);
                panel.series.extend(series);
            }
        }
        if let (Quantity::WeightAlignment, Condition::Isolate(isolated)) = (quantity, condition)
            && let Some(limit) = linear_limit(isolated)
            && !isolated.output_mask
            && isolated.weight_norm.is_none()
        {
            panel.references.push(Reference {
                label: joined(&name, ": ", "linear limit"),
                y: limit.value,
                colour: Some(hue),
            });
        }
    }
    if quantity == Quantity::WeightAlignment {
        panel.bands.extend(null_band(conditions));
    }
    panel
}

/// A name and what is said of it, or that alone where there is no name.
fn joined(name: &str, between: &str, said: &str) -> String {
    if name.is_empty() { said.into() } else { format!("{name}{between}{said}") }
}

/// What theory says along a curve: averaged over signals, and given those of the repeats.
#[allow(clippy::too_many_arguments)]
fn predicted(
    results: Results<'_>,
    analysis: &Analysis,
    condition: &Condition,
    quantity: Quantity,
    layer: Option<usize>,
    predictor: &Predictor,
    colour: usize,
    name: &str,
) -> Vec<Series> {
    let recorded = points(results, analysis, condition, XAxis::Iteration, quantity, layer);
    let averaged: Vec<Point> = spaced(recorded.iter().map(|p| p.x as usize).collect())
        .into_iter()
        .filter_map(|k| {
            let y = predictor.predict(condition, quantity, layer, k, true)?;
            Some(Point { x: k as f64, y: Some(y), band: None })
        })
        .collect();
    let mut series = Vec::new();
    if averaged.len() > 1 {
        let label = joined(name, ": ", "predicted");
        series.push(Series { label, colour, mark: Mark::Dashes, points: averaged });
    }
    if quantity == Quantity::WeightAlignment && Quantity::ConditionalAlignment.layers(condition).contains(&layer) {
        let mut given = points(results, analysis, condition, XAxis::Iteration, Quantity::ConditionalAlignment, layer);
        given.iter_mut().for_each(|p| p.band = None);
        let kept = spaced(given.iter().map(|p| p.x as usize).collect());
        given.retain(|p| kept.contains(&(p.x as usize)));
        let label = joined(name, ": ", "predicted given the signals");
        series.push(Series { label, colour, mark: Mark::Points, points: given });
    }
    series
}

/// Up to about sixteen of the recorded iterations, evenly spaced: exact moments are dear.
fn spaced(recorded: Vec<usize>) -> Vec<usize> {
    let step = recorded.len().div_ceil(16).max(1);
    let last = recorded.last().copied();
    let mut kept: Vec<usize> = recorded.into_iter().step_by(step).collect();
    kept.extend(last);
    kept.dedup();
    kept
}

/// Whether the figure shows several layers, which then have colours of their own.
fn several_layers(analysis: &Analysis, spec: &Spec) -> bool {
    let layers = |condition: &Condition| {
        let all = spec.quantities.iter().flat_map(|q| q.layers(condition)).collect::<BTreeSet<_>>();
        // One layer of weights and one of updates need no telling apart: they stand in panels of their own.
        spec.quantities.iter().map(|q| q.layers(condition).len()).max().unwrap_or(0).min(all.len())
    };
    analysis.conditions.iter().map(layers).max().unwrap_or(0) > 1
}

/// 95 % of the angles of one independent pair, if all weights with a `B` have the same number of entries, and of the
/// smallest, which has the widest, otherwise.
fn null_band(conditions: &[&Condition]) -> Option<Band> {
    let entries = conditions.iter().flat_map(|condition| {
        let sizes = condition.sizes();
        sizes.windows(2).skip(1).map(|n| n[0] * n[1]).collect::<Vec<_>>()
    });
    let [low, high] = WeightNull::new(entries.min()?)?.interval(0.95);
    Some(Band { label: "independent W and B, 95 %".into(), low, high })
}

/// Mean over repeats with one standard deviation to each side.
fn points(
    results: Results<'_>,
    analysis: &Analysis,
    condition: &Condition,
    x: XAxis,
    quantity: Quantity,
    layer: Option<usize>,
) -> Vec<Point> {
    let per_unit = if x == XAxis::Epoch { condition.iterations_per_epoch() } else { 1 };
    // What was recorded for the summary alone may belong to another phase of the signals.
    let (last, per_epoch) = (condition.last_iteration(), condition.iterations_per_epoch());
    let own = analysis.observers.iter().find(|observer| observer.quantity == quantity).and_then(|o| o.recording);
    let recording = own.unwrap_or(analysis.recording);
    let changes = condition.label_changes();
    let scheduled: BTreeSet<usize> = recording.iterations(last, per_epoch, &changes).into_iter().collect();
    let point = |(iteration, values): (usize, Vec<Option<f64>>)| {
        let summary = Summary::of(values);
        let band = summary.mean.zip(summary.sd).map(|(mean, sd)| [mean - sd, mean + sd]);
        Point { x: iteration as f64 / per_unit as f64, y: summary.mean, band }
    };
    let values = results.values(analysis, condition, quantity, layer).into_iter();
    values.filter(|(iteration, _)| scheduled.contains(iteration)).map(point).collect()
}
