//! Distributions over draws of random matrices.

use super::draws::{drawn, outline, range};
use super::scale::hues;
use super::{axis_of, draws_stored, label};
use crate::figure::{Axis, Panel};
use crate::quantity::Quantity;
use crate::run::Results;
use crate::spec::{Analysis, Figure as Spec};

const BINS: usize = 50;

/// A panel per quantity with a density per condition.
pub(super) fn panels(
    results: Results<'_>,
    analysis: &Analysis,
    spec: &Spec,
) -> (Vec<Panel>, String) {
    let hue = hues(&analysis.conditions, &spec.by);
    let panel = |&quantity: &Quantity| {
        let mut panel = Panel::new(quantity.info().label, axis_of(quantity), Axis::new("density"));
        for (place, condition) in analysis.conditions.iter().enumerate() {
            let values = drawn(results, analysis, condition, quantity);
            let [low, high] = range(values.iter().copied());
            // A quantity that is the same for all draws has no density.
            if high - low > 1e-6 * high.abs() {
                panel.series.extend(outline(
                    label(condition, &spec.by),
                    hue(place),
                    &values,
                    [low, high],
                    BINS,
                ));
            }
        }
        panel
    };
    let draws = draws_stored(results, analysis);
    (spec.quantities.iter().map(panel).collect(), format!("Densities of {draws} draws."))
}
