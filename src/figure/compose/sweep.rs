//! Values at the last iteration against one parameter.

use super::scale::{Scale as ParameterScale, hues};
use super::{
    EACH, around, axis_of, distinct, joined, label, named, repeats_in_words, said, spread, text,
};
use crate::condition::Condition;
use crate::experiment::predict;
use crate::figure::{Axis, Mark, Panel, Point, Reference, Series};
use crate::measure::summary::Summary;
use crate::quantity::Quantity;
use crate::run::Results;
use crate::spec::{Analysis, Figure as Spec, Panels, Scale, XAxis};
use std::collections::BTreeSet;

/// Values of the repeats at the end.
pub(super) fn values_at_end(
    results: Results<'_>,
    analysis: &Analysis,
    condition: &Condition,
    quantity: Quantity,
    layer: Option<usize>,
) -> Vec<Option<f64>> {
    let mut values = results.values(analysis, condition, quantity, [layer, None]);
    values.remove(&condition.last_iteration()).unwrap_or_default()
}

/// What discs and whiskers of a figure of values at the end are.
pub(super) fn note_at_end(repeats: &str, spec: &Spec) -> String {
    let small = if spec.repeats { "; small ones: single repeats" } else { "" };
    format!(
        "Discs: mean over {repeats} repeats at the last iteration{small}{}.",
        said("whiskers", spread(spec))
    )
}

/// Mean and 95 % interval over repeats at the end.
pub(super) fn at_end(
    results: Results<'_>,
    analysis: &Analysis,
    condition: &Condition,
    quantity: Quantity,
    layer: Option<usize>,
) -> Option<Summary> {
    let values = results
        .values(analysis, condition, quantity, [layer, None])
        .remove(&condition.last_iteration())?;
    Some(Summary::of(values))
}

/// Whether a prediction is drawn beside what it is a prediction of.
pub(super) fn is_beside(quantity: Quantity, all: &[Quantity]) -> bool {
    quantity == Quantity::ConditionalAlignment
        || all.iter().any(|measured| measured.predicted_by() == Some(quantity))
}

/// What the panels of a sweep share.
struct Sweep<'a> {
    results: Results<'a>,
    analysis: &'a Analysis,
    spec: &'a Spec,
    /// The parameter of the axis.
    name: &'static str,
    /// Parameters that distinguish the curves.
    by: Vec<&'static str>,
    labels: Vec<String>,
    scale: ParameterScale<'a>,
}

/// A panel per quantity; a curve per combination of the other parameters.
pub(super) fn panels(
    results: Results<'_>,
    analysis: &Analysis,
    spec: &Spec,
) -> (Vec<Panel>, String) {
    let XAxis::Parameter(name) = spec.x else { return (Vec::new(), String::new()) };
    let panel_names = spec.panels.parameters();
    // What is the same everywhere distinguishes nothing.
    let varies = |name: &str| distinct(analysis.conditions.iter().map(|c| text(c, name))).len() > 1;
    let is_of_curves =
        |other: &&'static str| **other != *name && !panel_names.contains(other) && varies(other);
    let by: Vec<_> = spec.by.iter().copied().filter(is_of_curves).collect();
    let labels = distinct(analysis.conditions.iter().map(|c| label(c, &by)));
    let titles = distinct(analysis.conditions.iter().map(|c| label(c, panel_names)));
    let scale = ParameterScale::new(&analysis.conditions, name);
    let shown = Sweep { results, analysis, spec, name, by, labels, scale };
    let mut panels = Vec::new();
    for &quantity in spec.quantities.iter().filter(|&&q| !is_beside(q, &spec.quantities)) {
        let layers: BTreeSet<Option<usize>> =
            analysis.conditions.iter().flat_map(|c| spec.layers_of(c, quantity)).collect();
        let count = if spec.panels == Panels::Layer { layers.len() } else { 1 };
        for &layer in layers.iter().take(count) {
            let place = layer.filter(|_| layers.len() > 1 || !spec.layers.is_empty());
            panels.extend(titles.iter().map(|shared| {
                let what = quantity.info().label;
                let title = match (shared.is_empty(), place, spec.quantities.len()) {
                    (true, Some(l), _) => format!("{what}, layer {l}"),
                    (true, None, _) => what.into(),
                    (false, _, 1) => shared.clone(),
                    (false, _, _) => format!("{what}, {shared}"),
                };
                panel(&shown, quantity, layer, shared, title)
            }));
        }
    }
    let repeats = repeats_in_words(results, analysis);
    (panels, note_at_end(&repeats, spec))
}

/// Curves of one quantity and layer over the conditions whose panel has `shared` in common.
fn panel(
    shown: &Sweep<'_>,
    quantity: Quantity,
    layer: Option<usize>,
    shared: &str,
    title: String,
) -> Panel {
    let Sweep { results, analysis, spec, name, ref by, ref labels, ref scale } = *shown;
    let hue = hues(&analysis.conditions, by);
    let mut panel = Panel::new(
        title,
        scale.axis(),
        Axis { log: spec.scale == Scale::Log, ..axis_of(quantity) },
    );
    for (place, curve) in labels.iter().enumerate() {
        let colour = hue(place);
        let is_shown =
            |c: &&Condition| label(c, by) == *curve && label(c, spec.panels.parameters()) == shared;
        let of_curve = analysis.conditions.iter().filter(is_shown);
        let (mut measured, mut predicted, mut single) = (Vec::new(), Vec::new(), Vec::new());
        for condition in of_curve.filter(|c| spec.layers_of(c, quantity).contains(&layer)) {
            let summary = at_end(results, analysis, condition, quantity, layer);
            let y = summary.and_then(|s| s.mean);
            let Some(x) = scale.coordinate(condition) else {
                // What has no place on the axis, such as no weight normalisation at all, is a line
                // across.
                let label = joined(curve, ", ", &label(condition, &[name]));
                panel.references.extend(y.map(|y| Reference { label, y, colour: Some(colour) }));
                continue;
            };
            measured.push(Point {
                x,
                y,
                band: summary.and_then(|s| around(&s, spread(spec))),
                n: summary.map(|s| s.n),
            });
            if spec.repeats {
                let each = values_at_end(results, analysis, condition, quantity, layer);
                single.extend(each.into_iter().flatten().map(|y| Point::at(x, Some(y))));
            }
            let last = condition.last_iteration();
            let given = quantity
                .predicted_by()
                .and_then(|q| at_end(results, analysis, condition, q, layer));
            let given = given.and_then(|summary| summary.mean);
            let averaged = || predict(condition, quantity, layer, last, analysis.settings.predict);
            if let Some(y) = given.or_else(averaged) {
                predicted.push(Point::at(x, Some(y)));
            }
        }
        let mut add =
            |label, colour, mark, points| panel.series.push(Series { label, colour, mark, points });
        if !single.is_empty() {
            add(joined(curve, ", ", EACH), colour, Mark::Dots, single);
        }
        add(named(curve, "measured"), colour, Mark::Joined, measured);
        if analysis.settings.predict && predicted.len() > 1 {
            add(joined(curve, ": ", "predicted"), colour.again(), Mark::Dashes, predicted);
        }
    }
    panel
}
