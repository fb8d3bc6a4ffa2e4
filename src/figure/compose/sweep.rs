//! Values at the last iteration against one parameter.

use super::scale::{Scale as ParameterScale, hues};
use super::{axis_of, distinct, label};
use crate::condition::Condition;
use crate::experiment::Predictor;
use crate::figure::{Axis, Mark, Panel, Point, Reference, Series};
use crate::measure::summary::Summary;
use crate::quantity::Quantity;
use crate::run::Results;
use crate::spec::{Analysis, Figure as Spec, Panels, Scale, XAxis};
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

/// Whether a prediction is drawn beside what it is a prediction of.
pub(super) fn is_beside(quantity: Quantity, all: &[Quantity]) -> bool {
    quantity == Quantity::ConditionalAlignment || all.iter().any(|of| of.predicted_by() == Some(quantity))
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
    scale: ParameterScale<'a>,
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
    let scale = ParameterScale::new(&analysis.conditions, name);
    let shown = Shown { results, analysis, spec, name, by, labels, scale, predictor: Predictor::default() };
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
    let repeats = analysis.settings.repeats;
    let note =
        format!("Discs: mean over {repeats} repeats at the last iteration; whiskers: 95 % interval of the mean.");
    (panels, note)
}

/// Curves of one quantity and layer over the conditions whose panel has `shared` in common.
fn panel(shown: &Shown<'_>, quantity: Quantity, layer: Option<usize>, shared: &str, title: String) -> Panel {
    let Shown { results, analysis, spec, name, ref by, ref labels, ref scale, ref predictor } = *shown;
    let hue = hues(&analysis.conditions, by);
    let mut panel = Panel::new(title, scale.axis(), Axis { log: spec.scale == Scale::Log, ..axis_of(quantity) });
    for (place, curve) in labels.iter().enumerate() {
        let colour = hue(place);
        let is_shown = |c: &&Condition| label(c, by) == *curve && label(c, spec.panels.parameters()) == shared;
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
            let given = quantity.predicted_by().and_then(|q| at_end(results, analysis, condition, q, layer));
            let given = given.and_then(|summary| summary.mean);
            let averaged = || predictor.predict(condition, quantity, layer, last, analysis.settings.predict);
            if let Some(y) = given.or_else(averaged) {
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
