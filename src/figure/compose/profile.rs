//! Values at the last iteration against the layer.

use super::scale::hues;
use super::sweep::{at_end, is_beside, note_at_end, values_at_end};
use super::{
    EACH, around, axis_of, distinct, joined, label, named, repeats, repeats_in_words, spread,
};
use crate::condition::Condition;
use crate::figure::{Axis, Band, Hue, Mark, Panel, Point, Series};
use crate::measure::null::WeightNull;
use crate::quantity::Quantity;
use crate::run::Results;
use crate::spec::{Analysis, Figure as Spec, Scale};
use std::collections::BTreeSet;

/// A panel per quantity and, as the figure asks, per value of some parameters; a curve per
/// condition.
pub(super) fn panels(
    results: Results<'_>,
    analysis: &Analysis,
    spec: &Spec,
) -> (Vec<Panel>, String) {
    let panel_names = spec.panels.parameters();
    let names: Vec<&'static str> =
        spec.by.iter().copied().filter(|name| !panel_names.contains(name)).collect();
    let titles = distinct(analysis.conditions.iter().map(|c| label(c, panel_names)));
    let curves = distinct(analysis.conditions.iter().map(|c| label(c, &names)));
    let hue = hues(&analysis.conditions, &names);
    let mut panels = Vec::new();
    for &quantity in spec.quantities.iter().filter(|&&q| !is_beside(q, &spec.quantities)) {
        for title in &titles {
            let of_panel = |c: &&Condition| {
                label(c, panel_names) == *title && !spec.layers_of(c, quantity).is_empty()
            };
            let conditions: Vec<&Condition> = analysis.conditions.iter().filter(of_panel).collect();
            if conditions.is_empty() {
                continue;
            }
            let what = quantity.info().label;
            let title = match (title.is_empty(), spec.quantities.len()) {
                (true, _) => what.to_string(),
                (false, 1) => title.clone(),
                (false, _) => format!("{what}, {title}"),
            };
            let mut panel = Panel::new(
                title,
                layer_axis(&conditions, spec, quantity),
                Axis { log: spec.scale == Scale::Log, ..axis_of(quantity) },
            );
            for condition in &conditions {
                let name = label(condition, &names);
                let colour =
                    hue(curves.iter().position(|known| *known == name).unwrap_or_default());
                panel.series.extend(curve(
                    results,
                    (analysis, spec),
                    condition,
                    quantity,
                    name,
                    colour,
                ));
            }
            if quantity == Quantity::WeightAlignment {
                panel.bands.extend(null_band(&conditions, repeats(results, analysis)[0]));
            }
            panels.push(panel);
        }
    }
    let repeats = repeats_in_words(results, analysis);
    (panels, note_at_end(&repeats, spec))
}

/// Layers as whole numbers.
fn layer_axis(conditions: &[&Condition], spec: &Spec, quantity: Quantity) -> Axis {
    let layers: BTreeSet<usize> =
        conditions.iter().flat_map(|c| spec.layers_of(c, quantity)).flatten().collect();
    let names = layers.iter().map(|&l| (l as f64, l.to_string())).collect();
    Axis { names, ..Axis::new("layer") }
}

fn curve(
    results: Results<'_>,
    (analysis, spec): (&Analysis, &Spec),
    condition: &Condition,
    quantity: Quantity,
    name: String,
    colour: Hue,
) -> Vec<Series> {
    let last = |quantity: Quantity, layer: Option<usize>| {
        at_end(results, analysis, condition, quantity, layer)
    };
    let point = |layer: Option<usize>| {
        let summary = last(quantity, layer);
        let y = summary.and_then(|s| s.mean);
        Some(Point {
            x: layer? as f64,
            y,
            band: summary.and_then(|s| around(&s, spread(spec))),
            n: summary.map(|s| s.n),
        })
    };
    let points: Vec<Point> =
        spec.layers_of(condition, quantity).into_iter().filter_map(point).collect();
    // What theory says of the same repeats.
    let predicted = |layer: &Option<usize>| {
        let y = last(quantity.predicted_by()?, *layer)?.mean?;
        Some(Point::at((*layer)? as f64, Some(y)))
    };
    let predicted: Vec<Point> =
        spec.layers_of(condition, quantity).iter().filter_map(predicted).collect();
    let mut series = Vec::new();
    if spec.repeats {
        let each = |layer: &Option<usize>| {
            let values =
                values_at_end(results, analysis, condition, quantity, *layer).into_iter().flatten();
            let x = layer.map(|layer| layer as f64);
            values.filter_map(|y| Some(Point::at(x?, Some(y)))).collect::<Vec<_>>()
        };
        let points = spec.layers_of(condition, quantity).iter().flat_map(each).collect();
        series.push(Series { label: joined(&name, ", ", EACH), colour, mark: Mark::Dots, points });
    }
    let label = joined(&name, ": ", "predicted");
    series.push(Series { label: named(&name, "measured"), colour, mark: Mark::Joined, points });
    if !predicted.is_empty() {
        series.push(Series {
            label,
            colour: colour.again(),
            mark: Mark::Dashes,
            points: predicted,
        });
    }
    series
}

/// 95 % of the means over repeats of the angles of the smallest independent pair.
fn null_band(conditions: &[&Condition], repeats: usize) -> Option<Band> {
    let entries = conditions.iter().flat_map(|condition| condition.weights_above_input());
    // Of what no repeat has a result yet nothing is known of means.
    let repeats = (repeats > 0).then_some(repeats)?;
    let half = 1.96 * WeightNull::new(entries.min()?)?.angle_sd() / (repeats as f64).sqrt();
    let [low, high] = [WeightNull::MEAN - half, WeightNull::MEAN + half];
    Some(Band { label: "means of independent W and B, 95 %".into(), low, high })
}
