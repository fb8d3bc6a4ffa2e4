//! Values against the lag, at the iterations that are reported.

use super::{around, axis_of, distinct, repeats_in_words, said, spread};
use crate::condition::{Condition, label};
use crate::figure::{Axis, Hue, Mark, Panel, Point, Series};
use crate::measure::summary::Summary;
use crate::quantity::Quantity;
use crate::run::Results;
use crate::spec::{Analysis, Figure as Spec, Panels, Scale};
use std::collections::BTreeSet;

/// A panel per quantity and layer; a curve per condition and reported iteration.
pub(super) fn panels(
    results: Results<'_>,
    analysis: &Analysis,
    spec: &Spec,
) -> (Vec<Panel>, String) {
    let names = distinct(analysis.conditions.iter().map(|c| label(c, &spec.by)));
    let mut panels = Vec::new();
    for &quantity in &spec.quantities {
        let layers: BTreeSet<Option<usize>> =
            analysis.conditions.iter().flat_map(|c| spec.layers_of(c, quantity)).collect();
        for layer in layers {
            let what = quantity.info().label;
            let title = match (layer, spec.quantities.len(), &spec.panels) {
                (Some(l), 1, Panels::Layer | Panels::Quantity) => format!("layer {l}"),
                (Some(l), _, _) => format!("{what}, layer {l}"),
                (None, _, _) => what.into(),
            };
            let mut panel = Panel::new(
                title,
                Axis::new("lag (iterations)"),
                Axis { log: spec.scale == Scale::Log, ..axis_of(quantity) },
            );
            for condition in
                analysis.conditions.iter().filter(|c| spec.layers_of(c, quantity).contains(&layer))
            {
                let name = label(condition, &spec.by);
                let place = names.iter().position(|known| *known == name).unwrap_or_default();
                panel.series.extend(curves(
                    results,
                    analysis,
                    spec,
                    condition,
                    quantity,
                    layer,
                    (place, &name),
                ));
            }
            panels.push(panel);
        }
    }
    let repeats = repeats_in_words(results, analysis);
    let shades = said("shades", spread(spec));
    (panels, format!("Lines: mean over {repeats} repeats{shades}."))
}

fn curves(
    results: Results<'_>,
    analysis: &Analysis,
    spec: &Spec,
    condition: &Condition,
    quantity: Quantity,
    layer: Option<usize>,
    (place, name): (usize, &str),
) -> Vec<Series> {
    let lags: Vec<usize> = spec.lags_of(analysis, quantity).into_iter().flatten().collect();
    let last = condition.last_iteration();
    let mut iterations =
        if spec.at.is_empty() { analysis.settings.report_at.clone() } else { spec.at.clone() };
    if iterations.is_empty() {
        iterations.push(last);
    }
    let count = iterations.len();
    let curve = |(at, &iteration): (usize, &usize)| {
        let points: Vec<Point> = lags
            .iter()
            .filter(|&&lag| lag <= iteration)
            .filter_map(|&lag| {
                let of_lag = results
                    .values(analysis, condition, quantity, [layer, Some(lag)])
                    .remove(&iteration)?;
                let summary = Summary::of(of_lag);
                let band = around(&summary, spread(spec));
                Some(Point { x: lag as f64, y: summary.mean, band, n: Some(summary.n) })
            })
            .collect();
        let when = format!("iteration {iteration}");
        let label = match (name.is_empty(), count) {
            (true, _) => when,
            (false, 1) => name.into(),
            (false, _) => format!("{name}, {when}"),
        };
        Series { label, colour: Hue::Palette(place * count + at), mark: Mark::Line, points }
    };
    iterations.iter().enumerate().map(curve).filter(|series| !series.points.is_empty()).collect()
}
