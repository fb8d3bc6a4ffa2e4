//! The loss over the plane in which two networks move, and their ways through it.

use super::axis_of;
use crate::condition::{Condition, PlanePair, label};
use crate::figure::{Axis, Cell, Cells, Colours, Hue, Mark, Panel, Point, Series};
use crate::quantity::Quantity;
use crate::run::{JobResult, Results};
use crate::spec::{Analysis, Figure as Spec};
use std::collections::BTreeMap;

/// A panel per condition, of the first repeat.
pub(super) fn panels(results: Results<'_>, analysis: &Analysis, _: &Spec) -> (Vec<Panel>, String) {
    let mut panels = Vec::new();
    for condition in &analysis.conditions {
        let Condition::Plane(plane) = condition else { continue };
        let Some(result) = results.repeats(analysis, condition).into_iter().flatten().next() else {
            continue;
        };
        let values = |quantity| result.records.iter().filter(move |r| r.quantity == quantity);
        let mut losses = vec![None; plane.mesh * plane.mesh];
        for record in values(Quantity::PlaneLoss) {
            if let Some(cell) = losses.get_mut(record.iteration) {
                *cell = record.value;
            }
        }
        let axis = |name: &str, component| {
            let share = values(component)
                .find_map(|r| r.value)
                .map(|share| format!(" ({share:.0} % of variance)"));
            Axis::new(format!("{name}{}", share.unwrap_or_default()))
        };
        let x = axis("component 1", Quantity::Explained);
        let y = axis("component 2", Quantity::ExplainedSecond);
        let first = label(condition, &["rule"]);
        let second = match plane.pair {
            PlanePair::Bp => "BP".into(),
            PlanePair::Wn => format!("{first} with WN"),
        };
        let mut panel = Panel::new(format!("{first} and {second}"), x, y);
        let range = losses
            .iter()
            .flatten()
            .fold([f64::INFINITY, f64::NEG_INFINITY], |[l, h], v| [l.min(*v), h.max(*v)]);
        if range[0] < range[1] {
            // Half a step beyond the outermost points, which are the middles of their cells.
            let step = 2.0 * plane.reach / (plane.mesh - 1) as f64;
            let edges: Vec<f64> =
                (0..=plane.mesh).map(|i| -plane.reach + (i as f64 - 0.5) * step).collect();
            panel.cells = Some(Cells {
                label: axis_of(Quantity::PlaneLoss).label,
                x: edges.clone(),
                y: edges,
                names: None,
                values: losses.into_iter().map(Cell::from).collect(),
                range,
                log: false,
                colours: Colours::Sequential,
                written: false,
            });
        }
        // Colours that stand out from those of the loss, one for every network.
        let other = if plane.pair == PlanePair::Bp { 5 } else { 3 };
        panel.series.extend(way(result, Quantity::PlaneFirst, first, Hue::Palette(1)));
        panel.series.extend(way(result, Quantity::PlaneSecond, second, Hue::Palette(other)));
        panels.push(panel);
    }
    (panels, "Lines: ways of the two networks, each from its disc on. First repeat.".into())
}

/// The way of a network, thinned, and a disc at its start; ascending in nothing, as ways are.
fn way(result: &JobResult, quantity: Quantity, label: String, colour: Hue) -> [Series; 2] {
    let mut places: BTreeMap<usize, [f64; 2]> = BTreeMap::new();
    for record in result.records.iter().filter(|r| r.quantity == quantity) {
        if let (Some(component @ 0..=1), Some(value)) = (record.layer, record.value) {
            places.entry(record.iteration).or_insert([f64::NAN; 2])[component] = value;
        }
    }
    let step = places.len().div_ceil(400).max(1);
    let points = places.into_values().step_by(step).map(|[x, y]| Point::at(x, Some(y)));
    let points: Vec<Point> = points.collect();
    let start = points.first().copied().into_iter().collect();
    [
        Series { label, colour, mark: Mark::Line, points },
        Series { label: String::new(), colour, mark: Mark::Points, points: start },
    ]
}
