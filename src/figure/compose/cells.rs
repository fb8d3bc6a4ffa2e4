//! Means of a composed angle over the two angles it comes from.

use super::draws::composed;
use super::draws_stored;
use crate::figure::{Axis, Cell, Cells, Colours, Panel};
use crate::measure::summary::{Summary, variance};
use crate::run::Results;
use crate::spec::{Analysis, Figure as Spec};

/// For every composed angle its mean and its variance over cells of 5 x 5 degrees.
pub(super) fn panels(
    results: Results<'_>,
    analysis: &Analysis,
    spec: &Spec,
) -> (Vec<Panel>, String) {
    const CELLS: usize = 36;
    let mut panels = Vec::new();
    let mut variances = Vec::new();
    for &quantity in &spec.quantities {
        let mut values = vec![Vec::new(); CELLS * CELLS];
        for condition in &analysis.conditions {
            for [delta, weights, composed] in composed(results, analysis, condition, quantity) {
                let cell = |angle: f64| ((angle / 5.0) as usize).min(CELLS - 1);
                values[cell(weights) * CELLS + cell(delta)].push(composed);
            }
        }
        let means =
            values.iter().map(|v| Summary::of(v.iter().copied().map(Some)).into()).collect();
        let of_cell =
            |v: &Vec<f64>| Cell { n: Some(v.len()), ..(v.len() > 9).then(|| variance(v)).into() };
        let spread: Vec<Cell> = values.iter().map(of_cell).collect();
        let name = quantity.info().label;
        panels.push(grid(
            format!("{name}: mean"),
            "mean (degrees)",
            means,
            [0.0, 180.0],
            Colours::Diverging,
        ));
        let top = spread.iter().filter_map(|cell| cell.value).fold(0.0f64, f64::max);
        variances.push(grid(
            format!("{name}: variance"),
            "variance (degrees²)",
            spread,
            [0.0, top],
            Colours::Sequential,
        ));
    }
    panels.extend(variances);
    let draws = draws_stored(results, analysis);
    (panels, format!("{draws} draws in cells of 5 x 5 degrees."))
}

fn grid(title: String, label: &str, values: Vec<Cell>, range: [f64; 2], colours: Colours) -> Panel {
    let edges: Vec<f64> = (0..=36).map(|i| 5.0 * f64::from(i)).collect();
    let cells = Cells {
        label: label.into(),
        x: edges.clone(),
        y: edges,
        names: None,
        values,
        range,
        log: false,
        colours,
        written: false,
    };
    let (x, y) =
        (Axis::new("angle of the deltas (degrees)"), Axis::new("angle of the weights (degrees)"));
    Panel { cells: Some(cells), ..Panel::new(title, x, y) }
}
