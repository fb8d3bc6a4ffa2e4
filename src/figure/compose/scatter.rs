//! One quantity against another at the last iteration, both as means over layers.

use super::scale::hues;
use super::{around, axis_of, distinct, label, repeats_in_words, said, spread};
use crate::condition::Condition;
use crate::figure::{Axis, Mark, Panel, Point, Reference, Series};
use crate::measure::summary::{Summary, mean};
use crate::quantity::Quantity;
use crate::run::Results;
use crate::spec::{Analysis, Figure as Spec, Scale};
use std::collections::BTreeMap;

/// A panel per value of some parameters, as the figure asks; a disc per condition. A condition that
/// has no abscissa, as a rule without backward weights has no angle, is a horizontal line.
pub(super) fn panels(
    results: Results<'_>,
    analysis: &Analysis,
    spec: &Spec,
) -> (Vec<Panel>, String) {
    let &[across, up] = spec.quantities.as_slice() else { return (Vec::new(), String::new()) };
    let (panel_names, spread) = (spec.panels.parameters(), spread(spec));
    let names: Vec<&'static str> =
        spec.by.iter().copied().filter(|name| !panel_names.contains(name)).collect();
    let curves = distinct(analysis.conditions.iter().map(|c| label(c, &names)));
    let hue = hues(&analysis.conditions, &names);
    let of_panel = |title: String| {
        let y = Axis { log: spec.scale == Scale::Log, ..axis_of(up) };
        let mut panel = Panel::new(title.clone(), axis_of(across), y);
        let mut discs: BTreeMap<usize, Vec<Point>> = BTreeMap::new();
        for condition in analysis.conditions.iter().filter(|c| label(c, panel_names) == title) {
            let curve = label(condition, &names);
            let at = curves.iter().position(|known| *known == curve).unwrap_or_default();
            let [x, y] =
                [across, up].map(|quantity| overall(results, analysis, condition, quantity));
            match (x.mean, y.mean) {
                (Some(x), mean) => discs.entry(at).or_default().push(Point {
                    x,
                    y: mean,
                    band: around(&y, spread),
                    n: Some(y.n),
                }),
                (None, Some(y)) => {
                    panel.references.push(Reference { label: curve, y, colour: Some(hue(at)) })
                }
                (None, None) => {}
            }
        }
        panel.series.extend(discs.into_iter().map(|(at, points)| Series {
            label: curves[at].clone(),
            colour: hue(at),
            mark: Mark::Points,
            points,
        }));
        panel
    };
    let titles = distinct(analysis.conditions.iter().map(|c| label(c, panel_names)));
    let panels: Vec<Panel> = titles.into_iter().map(of_panel).collect();
    let repeats = repeats_in_words(results, analysis);
    let whiskers = said("whiskers", spread);
    let mut note =
        format!("Discs: mean over layers and {repeats} repeats at the last iteration{whiskers}.");
    if panels.iter().any(|panel| !panel.references.is_empty()) {
        note += &format!(" Lines: no {}.", across.info().label);
    }
    (panels, note)
}

/// Over repeats: the mean over layers at the last iteration, of repeats that have a value in every
/// layer.
fn overall(
    results: Results<'_>,
    analysis: &Analysis,
    condition: &Condition,
    quantity: Quantity,
) -> Summary {
    let at_end = |layer| {
        results
            .values(analysis, condition, quantity, [layer, None])
            .remove(&condition.last_iteration())
    };
    let layers: Vec<Vec<Option<f64>>> =
        quantity.layers(condition).into_iter().filter_map(at_end).collect();
    let repeats = layers.iter().map(Vec::len).max().unwrap_or(0);
    let over_layers = |repeat: usize| {
        let values: Option<Vec<f64>> = layers.iter().map(|values| *values.get(repeat)?).collect();
        values.map(|values| mean(&values))
    };
    Summary::of((0..repeats).map(over_layers))
}
