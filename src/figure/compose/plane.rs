//! The loss over the plane in which two networks move, and their ways through it.

use super::{Results, axis_of};
use crate::analysis::{Analysis, Condition, JobResult, Quantity, label};
use crate::figure::{Axis, Cells, Colours, Hue, Mark, Panel, Point, Series};
use std::collections::BTreeMap;

/// A panel per condition, of the first repeat.
pub(super) fn panels(results: Results<'_>, analysis: &Analysis) -> (Vec<Panel>, String) {
    let mut panels = Vec::new();
    for condition in &analysis.conditions {
        let Condition::Plane(plane) = condition else { continue };
        let Some(result) = results.of(analysis, condition).next() else { continue };
        let values = |quantity| result.records.iter().filter(move |r| r.quantity == quantity);
        let mut losses = vec![None; plane.mesh * plane.mesh];
        for record in values(Quantity::PlaneLoss) {
            if let Some(cell) = losses.get_mut(record.iteration) {
                *cell = record.value;
            }
        }
        let axis = |name: &str, component| {
            let share = values(component).find_map(|r| r.value).map(|share| format!(" ({share:.0} % of variance)"));
            Axis::new(format!("{name}{}", share.unwrap_or_default()))
        };
        let x = axis("component 1", Quantity::Explained);
        let y = axis("component 2", Quantity::ExplainedSecond);
        let mut panel = Panel::new(label(condition, &["rule", "pair"]), x, y);
        let range =
            losses.iter().flatten().fold([f64::INFINITY, f64::NEG_INFINITY], |[l, h], v| [l.min(*v), h.max(*v)]);
        if range[0] < range[1] {
            // Half a step beyond the outermost points, which are the middles of their cells.
            let step = 2.0 * plane.reach / (plane.mesh - 1) as f64;
            let edges: Vec<f64> = (0..=plane.mesh).map(|i| -plane.reach + (i as f64 - 0.5) * step).collect();
            let colours = Colours::Sequential;
            panel.cells = Some(Cells { x: edges.clone(), y: edges, values: losses, range, colours, written: false });
        }
        let second = match plane.pair {
            crate::analysis::PlanePair::Bp => "BP",
            crate::analysis::PlanePair::Wn => "the same with WN",
        };
        panel.series.push(way(result, Quantity::PlaneFirst, &label(condition, &["rule"]), Hue::Palette(1)));
        panel.series.push(way(result, Quantity::PlaneSecond, second, Hue::Palette(5)));
        panels.push(panel);
    }
    let unit = axis_of(Quantity::PlaneLoss).label;
    (panels, format!("Colours: {unit}; lines: ways of the two networks from their common start. First repeat."))
}

/// The way of a network, thinned; ascending in nothing, as ways are.
fn way(result: &JobResult, quantity: Quantity, label: &str, colour: Hue) -> Series {
    let mut places: BTreeMap<usize, [f64; 2]> = BTreeMap::new();
    for record in result.records.iter().filter(|r| r.quantity == quantity) {
        if let (Some(component @ 0..=1), Some(value)) = (record.layer, record.value) {
            places.entry(record.iteration).or_insert([f64::NAN; 2])[component] = value;
        }
    }
    let step = places.len().div_ceil(400).max(1);
    let points = places.into_values().step_by(step).map(|[x, y]| Point { x, y: Some(y), band: None }).collect();
    Series { label: label.into(), colour, mark: Mark::Line, points }
}
